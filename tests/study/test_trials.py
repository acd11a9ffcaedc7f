"""The trials of a study: what is trained once for all languages, in which order, and what each recipe comes to."""

import dataclasses

import pytest

from commit_llm.errors import UserError
from commit_llm.recipes import find_recipe
from commit_llm.study.study_file import Study
from commit_llm.study.trials import per_context_of, trials_of

ARMS = {
    "untuned": (),
    "alpaca": ({"recipe": "alpaca"},),
    "commit": ({"recipe": "commit", "ratio": 0.5},),
    "both": ({"recipe": "align", "steps": 7}, {"recipe": "commit"}),
}
STUDY = Study(
    model="base",
    languages=("el", "hi"),
    tasks=("xquad_instruct_LANG", "xquad_instruct_en"),
    arms=ARMS,
    seeds={"untuned": (0,), "alpaca": (0, 4), "commit": (3,), "both": (1,)},
    baseline="alpaca",
    data="reading.jsonl",
    text="text.LANG.txt",
    dictionary="en-LANG.txt",
    dictionary_back="LANG-en.txt",
)
NAMES = [
    "reading.jsonl",
    *(name for code in ("el", "hi") for name in (f"text.{code}.txt", f"en-{code}.txt", f"{code}-en.txt")),
]


@pytest.fixture
def root(tmp_path):
    for name in NAMES:
        (tmp_path / name).write_text("")
    return tmp_path


def changed(**changes):
    return dataclasses.replace(STUDY, **changes)


def one_arm(*stages, **changes):
    return changed(arms={"arm": stages}, seeds={"arm": (0,)}, **changes)


def test_the_first_seeds_come_first(root):
    assert list(map(str, trials_of(STUDY, root))) == [
        "untuned", "alpaca, seed 0", "commit in el, seed 3", "commit in hi, seed 3", "both in el, seed 1",
        "both in hi, seed 1", "alpaca, seed 4",
    ]  # fmt: skip


def test_what_depends_on_no_language_is_trained_once_and_asked_in_all(root):
    untuned, alpaca, commit, *_ = trials_of(STUDY, root)
    assert (untuned.stages, str(untuned.folder)) == ((), "untuned/any/seed-0")
    assert alpaca.tasks == ("xquad_instruct_el", "xquad_instruct_en", "xquad_instruct_hi")
    assert commit.tasks == ("xquad_instruct_el", "xquad_instruct_en")
    assert str(commit.folder) == "commit/el/seed-3"


def test_the_recipes_of_stages(root):
    both = next(trial for trial in trials_of(STUDY, root) if trial.arm == "both" and trial.language == "hi")
    align, commit = both.stages
    assert align == dataclasses.replace(
        find_recipe("align"), steps=7, seed=1, data=str(root / "text.hi.txt"), dictionary=(str(root / "hi-en.txt"),)
    )
    assert commit == dataclasses.replace(
        find_recipe("commit"), seed=1, data=str(root / "reading.jsonl"), dictionary=(str(root / "en-hi.txt"),)
    )


def test_fields_of_the_study_and_of_the_stage(root):
    study = one_arm({"recipe": "commit", "seq_len": 64}, fields={"seq_len": 32, "batch_size": 2})
    recipe = trials_of(study, root)[0].stages[0]
    assert (recipe.seq_len, recipe.batch_size) == (64, 2)


def test_columns_of_the_study(root):
    """A stage on other data has its own, or none."""
    study = one_arm({"recipe": "align", "columns": []}, {"recipe": "commit"}, fields={"columns": ["output=answer"]})
    assert [stage.columns for stage in trials_of(study, root)[0].stages] == [(), ("output=answer",)]


def test_names_of_the_study_in_a_stage(root):
    study = one_arm({"recipe": "commit", "data_unmixed": ["TEXT=0.5:text"]})
    assert trials_of(study, root)[1].stages[0].data_unmixed == (f"{root / 'text.hi.txt'}=0.5:text",)
    study = one_arm({"recipe": "align", "ratio": 0.0, "sentences": "SENTENCES"})
    with pytest.raises(UserError, match="arm arm: names SENTENCES, and the study has no sentences"):
        trials_of(study, root)


def test_dictionaries_of_all_languages(root):
    (trial,) = trials_of(one_arm({"recipe": "commit", "all_languages": True}), root)
    assert trial.language == "any"
    assert trial.stages[0].dictionary == (str(root / "en-el.txt"), str(root / "en-hi.txt"))


def test_prompts_and_templates_of_stages_begin_at_the_root(root):
    for name in ("own.jinja", "turns.jinja", "chat"):  # "chat" is not a file to --prompt
        (root / name).write_text("")
    stages = [
        {"recipe": "commit", "prompt": "own.jinja"},
        {"recipe": "commit", "prompt": "chat", "chat_template": "turns.jinja"},
        {"recipe": "commit", "prompt": "chat", "chat_template": "rag"},
    ]
    (trial, _) = trials_of(one_arm(*stages), root)
    own, *chats = trial.stages
    assert own.prompt == str(root / "own.jinja")
    assert [(stage.prompt, stage.chat_template) for stage in chats] == [
        ("chat", str(root / "turns.jinja")), ("chat", "rag"),
    ]  # fmt: skip


def test_a_hub_id_stays_as_it_is(root):
    assert (
        trials_of(one_arm({"recipe": "alpaca"}, data="tatsu-lab/alpaca"), root)[0].stages[0].data == "tatsu-lab/alpaca"
    )


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"languages": ("el", "th")}, "arm commit: language th: no dictionary .*en-th.txt; give the file, or leave"),
        ({"text": "none.LANG.txt"}, "arm both: language el: no data none.el.txt"),
        ({"dictionary": None}, "arm commit: language el: mixes, and the study has no dictionary"),
        ({"arms": ARMS | {"alpaca": ({"recipe": "comit"},)}}, "no recipe 'comit'"),
        ({"arms": ARMS | {"alpaca": ({"recipe": "alpaca", "steps": "x"},)}}, "arm alpaca: language el: steps is 'x'"),
        (
            {"fields": {"columns": ["answer=answer"]}},
            "columns answer=answer: 'answer' is not a field; write output=ans",
        ),
        ({"fields": {"columns": [3]}}, r"arm alpaca: language el: columns is \[3\]"),
        ({"fields": {"stepz": 1}}, "arm alpaca: language el: unknown field 'stepz'"),
    ],
)
def test_what_is_refused(root, change, message):
    with pytest.raises(UserError, match=message):
        trials_of(changed(**change), root)


def test_questions_of_each_context():
    assert per_context_of(changed(per_context={"xquad_instruct_LANG": 2, "": 1})) == {
        "xquad_instruct_el": 2, "xquad_instruct_hi": 2, "xquad_instruct_en": 1,
    }  # fmt: skip
    assert per_context_of(changed(per_context={"xquad_instruct_hi": 2})) == {"xquad_instruct_hi": 2}
    assert per_context_of(STUDY) == {}
    assert per_context_of(changed(per_context={"xquad_instruct_th": 2})) == {}  # the languages may be given anew
    with pytest.raises(UserError, match="per_context: xquad_rnk_LANG: no task of the study, which has xquad_instruct_"):
        per_context_of(changed(per_context={"xquad_rnk_LANG": 2}))
