"""Rows for tests of pages: every outcome, several scripts and directions, and text that looks like HTML."""

from commit_llm.codemix.outcome import Annotation, Outcome, Unit, Word
from commit_llm.report.preview.preview import MixingPreview


def words(text, *found):
    """(word, outcome, translation) in the order of the text, as Words."""
    placed, end = [], 0
    for word, outcome, translation in found:
        start = text.index(word, end)
        end = start + len(word)
        placed.append(Word(start, end, outcome, translation))
    return text, placed


R, N, D, I, C, S, A, B, P = Outcome  # noqa: E741
ROWS = [
    {
        "instruction": words(
            "The dog <script>alert(1)</script> of Anna & `cat`.",
            ("The", N, None), ("dog", R, "σκύλος"), ("script", D, None), ("alert", D, None), ("script", D, None),
            ("of", S, None), ("Anna", C, None), ("cat", P, None),
        ),
        "input": ("", []),
        "output": words(
            "dog dog taxi sea no", ("dog", R, "<b>كلب</b>"), ("dog", R, "<b>كلب</b>"), ("taxi", I, None),
            ("sea", A, None), ("no", B, None),
        ),
    },
    {"instruction": words("طبيب يعيش قرب البحر", ("يعيش", R, "lives")), "source": ("<i>kept</i>", None)},
]  # fmt: skip
SETTINGS = {"file": "a<b.jsonl", "dictionary": "en-el.txt", "style": "clean", "ratio": "0.9", "seed": "0"}
PREVIEW = MixingPreview(ROWS, total=1807, settings=SETTINGS)
EXPLAINED = MixingPreview(ROWS, total=1807, settings=SETTINGS, explain=True)

# Sentences, phrases, annotations and two languages.
GREEK, ARABIC = {"language": "el"}, {"language": "ar"}
PHRASE, SENTENCE = {"unit": Unit.PHRASE}, {"unit": Unit.SENTENCE}
ANNOTATED = {"annotation": Annotation.BRACKETS}


def placed(text, *marked):
    """(text, Words) of (words, translation, more of a Word), in the order of the text. Without one: not drawn."""
    found, end = [], 0
    for part, translation, more in marked:
        start = text.index(part, end)
        end = start + len(part)
        found.append(Word(start, end, N if translation is None else R, translation, **more))
    return text, found


WAYS_ROWS = [
    {
        "instruction": placed(
            "A polar bear eats `fish`. Dogs bark! The <b>.",
            ("A", None, {"left_out": 1}), ("polar bear", "πολική <αρκούδα>", {"words": 2} | PHRASE | GREEK),
            ("eats", "يأكل", ARABIC),
            ("Dogs bark!", "Οι σκύλοι γαβγίζουν!", {"words": 2, "protected": 1} | SENTENCE | GREEK), ("The", None, {}),
        ),
        "input": placed(
            "dogs (cats) in time",
            ("dogs", "كلاب", ARABIC | ANNOTATED), ("cats", "γάτες", GREEK | {"annotation": Annotation.COMMA}),
            ("in time", "εγκαίρως", {"words": 2} | PHRASE | GREEK | ANNOTATED),
        ),
    },
]  # fmt: skip
WAYS = MixingPreview(WAYS_ROWS, total=None, settings=SETTINGS, explain=True)
