"""Rows for tests of pages: every outcome, several scripts and directions, and text that looks like HTML."""

from commit_llm.codemix.outcome import Outcome, Word
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
