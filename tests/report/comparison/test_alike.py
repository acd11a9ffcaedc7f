"""Only what was asked and scored alike is compared."""

import pytest

from commit_llm.errors import UserError
from commit_llm.report.comparison.alike import require_alike
from commit_llm.report.comparison.systems import read_systems
from tests.report.comparison.evaluations import change, compare, evaluation


@pytest.mark.parametrize("name", ["suite", "language"])
def test_all_say_the_same_of_a_task(pair, name):
    change(pair[1], lambda held: held["tasks"]["ogx_xquad_el"].update({name: "de"}))
    with pytest.raises(UserError, match=f"cannot be compared: {name} .* and de;"):
        compare(*pair)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"limit": 36}, "limit none and 36"),
        ({"per_context": 2}, "number of questions a context none and 2"),
        ({"task_version": 2.0}, "task version 1.0 and 2.0"),
        ({"prompts_sha256": "0" * 64}, "and 00000000"),
    ],
)
def test_only_like_is_compared(pair, tmp_path, changes, message):
    other = evaluation(tmp_path / "other", 0.6, 2, **changes)
    with pytest.raises(UserError) as error:
        compare(pair[0], other)
    assert f"ogx_xquad_el: {pair[0]} and {other} cannot be compared: " in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize("part", ["labels:el", "bos:no", "normaliser:squad-1.1", "decoding:greedy-256"])
def test_signatures_are_held_to_each_other(pair, part):
    def other(held):
        entry = held["tasks"]["ogx_xquad_el"]
        entry["signature"] = entry["signature"].replace(part, f"{part.split(':')[0]}:other")

    change(pair[1], other)
    with pytest.raises(UserError, match=f"{part.replace(':', ' ')} and other"):
        compare(*pair)


def instruct(folder, seed, parts, suite="xquad_instruct", labels="alpaca"):
    """An evaluation of tasks that ask as the model was tuned, with these parts in its signatures."""
    evaluation(folder, seed=seed, suite=suite)

    def sign(content):
        for name, entry in content["tasks"].items():
            language = name.rpartition("_")[2]
            entry["signature"] = entry["signature"].replace(f"labels:{language}|bos:no", f"labels:{labels}|{parts}")

    change(folder, sign)
    return folder


def test_the_bos_of_tasks_that_ask_as_the_model_was_tuned_is_the_models(tmp_path):
    one = instruct(tmp_path / "one", 1, "bos:yes|tokenizer:sentencepiece")
    two = instruct(tmp_path / "two", 2, "bos:no|tokenizer:tokenizers")
    notes = compare(one, two).notes
    assert "Not all alike: bos before the prompt: no (two) and yes (one)." in notes
    assert "Not all alike: tokenizers: sentencepiece (one) and tokenizers (two)." in notes
    assert not [
        note
        for note in compare(one, instruct(tmp_path / "x", 3, "bos:yes|tokenizer:sentencepiece")).notes
        if "Not all" in note
    ]


def test_chat_tasks_are_alike_across_templates(tmp_path):
    one, two, other = (
        instruct(tmp_path / name, seed, f"template:{template}|{length}x:0", "xquad_chat", "chat")
        for seed, (name, template, length) in enumerate(
            [("one", "0f" * 8, "max-length:4096|"), ("two", "1e" * 8, ""), ("other", "1e" * 8, "max-length:3000|")]
        )
    )
    tasks = ["xquad_chat_el", "xquad_chat_th"]
    require_alike(read_systems([str(one), str(two)]), tasks)
    with pytest.raises(UserError, match="cannot be compared: max-length 4096 and 3000;"):
        require_alike(read_systems([str(one), str(other)]), tasks)
    change(two, lambda held: held["tasks"]["xquad_chat_el"].update(prompts_sha256="0" * 64))
    with pytest.raises(UserError, match=f"xquad_chat_el: {one} and {two} cannot be compared: prompts .* and 00000000"):
        require_alike(read_systems([str(one), str(two)]), tasks)


def test_a_greatest_length_is_held_where_both_were_given_one(tmp_path):
    chosen, default, other = (
        instruct(tmp_path / name, seed, f"bos:yes|{part}stops:2")
        for seed, (name, part) in enumerate({"a": "max-length:4096|", "b": "", "c": "max-length:3000|"}.items())
    )
    assert "Not all alike: tokens of prompt and answer: 4096 (a) and as many as the model has positions (b)." in (
        compare(chosen, default).notes
    )
    with pytest.raises(
        UserError, match=f"xquad_instruct_el: {chosen} and {other} cannot be compared: max-length 4096 and"
    ):
        compare(chosen, default, other)


def test_what_no_two_share(tmp_path):
    one, two = evaluation(tmp_path / "one", languages=("el",)), evaluation(tmp_path / "two", languages=("th",))
    with pytest.raises(UserError, match=r"no task was evaluated in all of them: .*one has ogx_xquad_el; .*two has"):
        compare(one, two)
    both = evaluation(tmp_path / "both", languages=("el", "th"))
    found = compare(both, two)
    assert [suite.columns for suite in found.suites] == [["th"]]
    assert "Not compared, since not all systems have answers to them here: ogx_xquad_el." in found.notes
