"""A run for tests of its page: logs with faults, a recipe, examples in several scripts, text that looks like HTML."""

import dataclasses

from commit_llm.codemix.replacement import Replacement
from commit_llm.data.decoding import MaskedPart, Piece
from commit_llm.data.example_views import ExampleView, ExampleViews
from commit_llm.recipes import find_recipe
from commit_llm.report.run.run_page import RunPage
from commit_llm.runs.logs import Logs
from tests.report.preview.example import ROWS

SCRIPT = "<script>alert(1)</script>"
WORDS = Replacement()
LONG = [Piece("long "), Piece("λόγος", original="word")] * 900
SAMPLES = [
    ExampleView(
        8,
        [
            MaskedPart(
                False, 5, (Piece("<s>", special=True), Piece(f"Say {SCRIPT}: "), Piece("σκύλος", original="do'g"))
            ),
            MaskedPart(True, 3, (Piece(" "), Piece("كلب", original="<i>dog</i>"), Piece("</s>", special=True))),
        ],
        {WORDS: 3},
        2,
    ),
    ExampleView(
        0, [MaskedPart(True, 4, (Piece("طبيب يعيش "), Piece("near", original="قرب"), Piece(" البحر")))], {WORDS: 1}, 1
    ),
    ExampleView(1, [MaskedPart(True, 9000, (Piece("<s>", special=True), *LONG))], {WORDS: 900}, 900),
]  # fmt: skip
LOOKED = ExampleViews(SAMPLES, [*ROWS, ROWS[0]], 2, False)
FILE = f"al<paca{'a' * 80}.json"
CHANGES = {
    "steps": 40, "data": f"/home/anna/secret/{FILE}", "dictionary": ("/home/anna/en-el.txt=0.5", "el.txt"),
    "model": "meta/llama", "held_out_share": 0.1,
}  # fmt: skip
PROVENANCE = {
    "id": "abc<b>",
    "commit_llm": "0.1.0",
    "libraries": {"jax": "0.10.2"},
    "model": "/home/anna/llama",
    "files": {
        "data": {
            "path": f"/home/anna/{FILE}",
            "sha256": "f" * 64,
            "bytes": 1234567,
            "licence": "CC-BY-4.0",
            "url": None,
        }
    },
    "documents": {"number": 999, "sha256_64": "0123456789abcdef" * 999},
    "trained_before": [
        {"recipe": "align", "steps": 10, "data": "wikimedia/wikipedia", "run": "runs/home"},
        {"recipe": "commit", "model": "../else/where"},
    ],
}
METRICS = {
    step: {
        "step": step, "loss": 9 / step, "accuracy": 0.1, "learning_rate": 1e-5, "grad_norm": 2.0, "tokens": 100 * step,
    }
    for step in range(1, 31)
}  # fmt: skip
LOGS = Logs(METRICS, {1: {"tokens_per_second": 10.0}, 2: {"tokens_per_second": float("nan")}}, {10: {"loss": 1.25}})


def run_page_of(**changes):
    """A page's contents."""
    recipe = dataclasses.replace(find_recipe("commit"), **CHANGES)
    defaults = dataclasses.asdict(find_recipe("commit"))
    usual = RunPage(
        "my <run>",
        dataclasses.asdict(recipe),
        ("commit", defaults),
        LOGS,
        PROVENANCE,
        LOOKED,
        1807,
        {"longer than a row": 12},
    )
    return dataclasses.replace(usual, **changes)
