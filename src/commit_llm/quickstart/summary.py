"""What the quickstart prints: the three ways of a text, the comparison, some answers, and what to type next."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from commit_llm.files.records import read_records
from commit_llm.quickstart.conclusions import conclusions
from commit_llm.quickstart.example import DICTIONARY_FILE, INSTRUCTIONS
from commit_llm.quickstart.experiment import ARMS, BASE, EXAMPLE
from commit_llm.quickstart.measure import ENGLISH_TASK, GREEK_TASK, ArmScores, predictions
from commit_llm.quickstart.world import greek
from commit_llm.recipes import find_recipe
from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
from commit_llm.report.comparison.output_folder import PAGE, write_comparison
from commit_llm.report.comparison.systems import read_systems
from commit_llm.runs.chain import EVALUATION, EXPORT, RUN
from commit_llm.runs.evaluation import CONTEXTS

SHOWN = (0, 5, 10)  # three people, three relations; fixed, so that nobody picked them
COMPARISON = "comparison"


def three_ways(out: Path, seed: int) -> str:
    """Show one context of the training data in English, as commit mixes it in its first epoch, and in Greek."""
    record = read_records(out / EXAMPLE / INSTRUCTIONS)[0]
    recipe = replace(find_recipe("commit"), dictionary=(str(out / EXAMPLE / DICTIONARY_FILE),), seed=seed)
    mixed = recipe.open_mixer().mix_example(record, row=0).texts
    return f"English  {record['input']}\nmixed    {mixed['input']}\nGreek    {greek(record['input'])}\n"


def finished(stage: str, seconds: float) -> str:
    """Write a line for a finished stage."""
    did = "trained from scratch" if stage == BASE else "tuned, exported and asked"
    return f"{stage:<{width()}}  {did}, {seconds:.0f} s"


def closing(out: Path, arms: Mapping[str, ArmScores], seconds: float) -> str:
    """Write everything that follows the last stage, as plain text."""
    parts = [table(arms), *conclusions(arms), some_answers(out), places(out, seconds)]
    return "\n" + "\n\n".join(parts)


def table(arms: Mapping[str, ArmScores]) -> str:
    """Write a line an arm, in percent of the questions: asked in Greek, and the same asked in English."""
    heads = ("exact match", "either", "in Greek", "in Latin", "exact match", "either", "in Greek")
    rows = []
    for arm, scores in arms.items():
        el, en = scores.greek, scores.english
        values = (el.exact_match, el.either, el.target, el.latin, en.exact_match, en.either, en.target)
        cells = [f"{value:>{len(head)}.1f}" for head, value in zip(heads, values, strict=True)]
        rows.append(f"{arm:<{width()}} | {'  '.join(cells[:4])} | {'  '.join(cells[4:])}")
    left, right = "  ".join(heads[:4]), "  ".join(heads[4:])
    items = next(iter(arms.values())).greek.items
    return "\n".join(
        [
            f"{'':<{width()}} | {'asked in Greek':<{len(left)}} | asked in English",
            f"{'tuned with':<{width()}} | {left} | {right}",
            *rows,
            f"Percent of {items} questions. either: right in Greek or in English; in Greek, in Latin: its letters.",
        ]
    )


def some_answers(out: Path) -> str:
    """Write three questions, Greek beside English, with the answer of each arm."""
    by_arm = {arm: predictions(out / arm / EVALUATION) for arm in ARMS}
    contexts = {
        (row["task"], row["context_id"]): row["context"] for row in read_records(out / ARMS[0] / EVALUATION / CONTEXTS)
    }
    blocks = [f"Some answers (questions {', '.join(str(n + 1) for n in SHOWN)} of the file, whatever they came to):"]
    for number in SHOWN:
        for task in (GREEK_TASK, ENGLISH_TASK):
            rows: dict[str, dict[str, Any]] = {arm: list(by_arm[arm][task].values())[number] for arm in ARMS}
            first = rows[ARMS[0]]
            answers = "; ".join(f"{arm}: {row['prediction']}" for arm, row in rows.items())
            blocks.append(
                f"  {contexts[task, first['context_id']]}\n  {first['question']}  (right: {first['references'][0]})\n"
                f"    {answers}"
            )
    return "\n".join(blocks)


def places(out: Path, seconds: float) -> str:
    """Say where the files are, and what to type next."""
    return (
        f"{seconds:.0f} s in all. In {out}:\n"
        f"  {EXAMPLE}/  all the data: texts, instructions, dictionary, questions\n"
        f"  {BASE}/  the run of the base model\n"
        f"  commit/, as for each arm:  {RUN}/;  {EXPORT}/, for transformers;  {EVALUATION}/, with every answer in "
        "predictions.jsonl\n"
        f"  {COMPARISON}/  the three compared: tables, intervals and tests, charts\n"
        f"Open {out / COMPARISON / PAGE} in a browser: every question with all answers side by side.\n"
        "Next: `commit-llm recipes`, then `commit-llm run commit --help` with your own model, data and dictionary."
    )


def width() -> int:
    """Give the width of the first column."""
    return max(map(len, ARMS))


def compare_arms(out: Path) -> Path:
    """Write `out/comparison`. Give its page, to be opened in a browser."""
    systems = read_systems([f"{arm}={out / arm / EVALUATION}" for arm in ARMS])
    write_comparison(compare_systems(systems, ComparisonSettings()), out / COMPARISON)
    return out / COMPARISON / PAGE
