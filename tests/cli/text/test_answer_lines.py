"""What answers are, beside right or wrong, as `eval` prints it."""

import pytest

from commit_llm.cli.text.answer_lines import BY_LETTERS, IDENTIFIED, NO_IDENTIFIER, answer_lines

GREEK = {
    "in_context": 28.0, "exact_match_english": 3.0, "exact_match_english_only": 1.3,
    "answer_language": {"target": 96.0, "latin": 2.0, "mixed": 2.0, "neutral": 0.0, "items": 50},
}  # fmt: skip
SPANISH = {
    "in_context": 30.5, "language_identifier": "py3langid 0.4.0",
    "answer_language": {"target": 40.0, "english": 10.0, "other": 0.0, "unknown": 50.0, "items": 50},
}  # fmt: skip
ENGLISH = SPANISH | {"answer_language": {"target": 50.0, "other": 0.0, "unknown": 50.0, "items": 50}}


def test_a_line_a_task():
    assert answer_lines({"el": GREEK, "es": SPANISH, "en": ENGLISH}) == [
        "",
        "answers:",
        "task  in the language  in English  other  unknown  in the context  right in English  F1 over words",
        "el                96%          2%     2%       0%             28%              3.00              -",
        "es                40%         10%     0%      50%           30.5%                 -              -",
        "en                50%           -     0%      50%           30.5%                 -              -",
        BY_LETTERS,
        IDENTIFIED.format("py3langid 0.4.0"),
        "el: answered in the language 96 %, in English 2 %, right in English only 1.3 %, in the context 28 %: "
        "mixing can help little (docs/choosing.md)",
        "es: answered in the language 40 %, in English 10 %, in the context 30.5 %: mixing can help (docs/choosing.md)",
    ]


def test_entries_without_these_figures_have_no_line():
    assert answer_lines({"el": {"exact_match": 1.0}}) == []
    no_question = {"answer_language": {"items": 0}}
    assert len(answer_lines({"el": {"exact_match": 1.0}, "hi": no_question})) == 4  # a gap, a title, heads, hi


def test_why_no_language_is_known_is_said_once():
    entry = {"in_context": 1.0, "language_identifier": None}
    lines = answer_lines({"es": entry, "de": entry})
    assert lines.count(NO_IDENTIFIER) == 1
    assert lines[-1] == NO_IDENTIFIER


@pytest.mark.parametrize(
    ("shares", "only", "verdict"),
    [
        ((90.1, 9.9, 0.0, 0.0), 9.9, "mixing can help little"),
        ((90.0, 10.0, 0.0, 0.0), 0.0, "mixing can help"),
        ((45.5, 4.5, 0.0, 50.0), 0.0, "mixing can help little"),
        ((45.0, 5.0, 0.0, 50.0), 0.0, "mixing can help"),
        ((100.0, 0.0, 0.0, 0.0), 10.0, "mixing can help"),
        ((0.0, 9.0, 0.0, 91.0), 10.0, "mixing can help"),
        (None, 10.0, "mixing can help"),
        (None, 9.0, "the language of most answers is not known"),
        ((0.0, 9.0, 0.0, 91.0), 9.9, "the language of most answers is not known"),
        ((30.0, 2.0, 68.0, 0.0), 0.0, "few answers are in the language or in English alone"),
        ((25.0, 0.0, 25.0, 50.0), 0.0, "mixing can help little"),
        ((24.0, 0.0, 26.0, 50.0), 0.0, "few answers are in the language or in English alone"),
    ],
)
def test_room(shares, only, verdict):
    entry = {"in_context": 1.0, "exact_match_english_only": only}
    if shares is not None:  # as where py3langid is not installed
        entry["answer_language"] = dict(zip(("target", "english", "other", "unknown"), shares, strict=True)) | {
            "items": 9
        }
    assert answer_lines({"es": entry})[-1].endswith(f": {verdict} (docs/choosing.md)")
