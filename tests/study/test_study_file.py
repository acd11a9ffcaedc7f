"""A study file is read whole, or refused in one line that names the key."""

import pytest

from commit_llm.errors import UserError
from commit_llm.study.study_file import Amount, read_study

SMALL = """
model: base
languages: [el, hi]
tasks: [xquad_rank_LANG]
arms:
  untuned: []
  alpaca: alpaca
  commit: {recipe: commit, ratio: 0.5}
  both: [align, {recipe: commit}]
"""


def study(folder, text, name="study.yaml", **given):
    (folder / name).write_text(text, encoding="utf-8")
    return read_study(folder / name, given)


def test_what_a_file_says(tmp_path):
    read = study(tmp_path, SMALL + "equal: {tokens: 500}\nseeds: {both: 1, alpaca: [0, 4], untuned: [0, 1]}\n")
    assert (read.model, read.languages, read.tasks) == ("base", ("el", "hi"), ("xquad_rank_LANG",))
    assert read.arms == {
        "untuned": (),
        "alpaca": ({"recipe": "alpaca"},),
        "commit": ({"recipe": "commit", "ratio": 0.5},),
        "both": ({"recipe": "align"}, {"recipe": "commit"}),
    }
    assert read.equal == Amount("tokens", 500)
    assert list(read.seeds.items()) == [("untuned", (0,)), ("alpaca", (0, 4)), ("both", (1,))]
    assert read.baseline == "untuned"


def test_a_sample_goes_with_an_amount_of_tokens(tmp_path):
    assert study(tmp_path, SMALL + "equal: {tokens: 5}\nfields: {max_train_samples: 9}").fields == {
        "max_train_samples": 9
    }


def test_what_is_given_replaces_what_is_written(tmp_path):
    read = study(tmp_path, SMALL, languages=["th"], model="other", data=None)
    assert (read.languages, read.model, read.data) == (("th",), "other", None)


def test_a_file_like_another(tmp_path):
    study(tmp_path, SMALL + "fields: {seq_len: 64, batch_size: 2}\nseeds: [0, 1]\n", "first.yaml")
    read = study(
        tmp_path, "like: first.yaml\nlanguages: es\nfields: {batch_size: 1}\narms: {more: commit}\nseeds: {more: 3}\n"
    )
    assert read.fields == {"seq_len": 64, "batch_size": 1}
    assert list(read.arms) == ["untuned", "alpaca", "commit", "both", "more"]
    assert (read.languages, read.seeds) == (("es",), {"more": (3,)})


def test_a_file_like_itself(tmp_path):
    (tmp_path / "a.yaml").write_text("like: b.yaml\n")
    with pytest.raises(UserError, match=r"b\.yaml: is like itself, by way of a\.yaml"):
        study(tmp_path, "like: a.yaml\n", "b.yaml")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("[1]", "holds no mapping; a study has model, "),
        ("modle: a", "'modle': no such key; a study has model"),
        ("model: a", "languages: is missing"),
        (SMALL + "data: 3", "data: is 3, and no text"),
        (SMALL.replace("[el, hi]", "[el, el]"), r'languages: is \["el", "el"\]; list codes such as el, each once'),
        (SMALL.replace("[el, hi]", "[../x]"), "languages: is "),
        (SMALL.replace("[xquad_rank_LANG]", "[3]"), r"tasks: is \[3\]; list names of tasks"),
        (SMALL + "fields: 3", "fields: is not a mapping"),
        (SMALL + "equal: {steps: 3}", "equal: is .*; give one of examples, tokens, supervised_tokens with a number"),
        (SMALL + "equal: {tokens: 0}", "equal: tokens is 0; give a whole number above 0"),
        (SMALL + "equal: {tokens: 9}\nfields: {epochs: 1}", "equal: arm alpaca has epochs in its last stage too"),
        (SMALL + "baseline: comit", "baseline: is 'comit'; the arms are untuned, alpaca, commit, both"),
        (SMALL + "seeds: {comit: 1}", "seeds: 'comit' is not an arm"),
        (SMALL + "seeds: [1, 1]", r"seeds: untuned has \[1, 1\]; list whole numbers, each once"),
        (SMALL + "seeds: [-1]", "seeds: untuned has "),
        (SMALL + "seeds: {}", "seeds: no arm has one"),
        (SMALL + "limit: 0", "limit: is 0"),
        (SMALL + "per_context: {a: 0}", "per_context: is "),
        (SMALL.replace("[el, hi]", "[zh-CN, zh-cn]"), "languages: is .*; list codes such as el, each once"),
        (SMALL.replace("[el, hi]", "[EL]"), "languages: is .*; list codes such as el, each once"),
        (SMALL + "fields: {seed: 5}", "fields: sets seed; see the key seeds"),
        (SMALL + "fields: {model: other}", "fields: sets model; see the key model"),
        (SMALL + "equal: {examples: 5}\nfields: {max_train_samples: 9}", "equal: arm alpaca has max_train_samples in"),
        (SMALL + "  Alpaca: alpaca", "arms: alpaca: two arms have this name, letters' case aside"),
        (SMALL + "  alpaca: commit", r"study\.yaml:10: has 'alpaca' twice"),
        (SMALL + "  ../out: commit", r"arms: '\.\./out' is not a name"),
        (SMALL + "  more: 3", "arms: more: a stage is the name of a recipe, or a mapping with `recipe`"),
        (SMALL + "  more: {recipe: commit, seed: 3}", "arms: more: sets seed, .* see the key seeds"),
        ("like: 3", "like: is 3, and no name of a file"),
        ("model: [", "not readable YAML"),
    ],
)
def test_what_is_refused(tmp_path, text, message):
    with pytest.raises(UserError, match=message) as error:
        study(tmp_path, text)
    assert str(error.value).startswith(f"{tmp_path}")
    assert "\n" not in str(error.value)


def test_no_file_and_no_text(tmp_path):
    with pytest.raises(UserError, match="no such study file"):
        read_study(tmp_path / "none.yaml")
    (tmp_path / "bytes.yaml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="is not UTF-8"):
        read_study(tmp_path / "bytes.yaml")
