"""What answers are, beside right or wrong: in which language, from their context, with room for mixing or without."""

from collections.abc import Mapping
from typing import Any

from commit_llm.cli.text.aligned import aligned, figure_cell, score_cell
from commit_llm.runs.answer_shares import AnswerShares, answer_shares

SHOWN = ("in_context", "answer_language", "f1_words")  # an entry with one of these has a line in the table
BY_LETTERS = (
    "languages with letters of their own: of questions whose reference has them; Latin letters count as English, "
    "two scripts as other, none as unknown"
)
IDENTIFIED = "languages in Latin letters: by {}; unknown is what has up to three words, or may be of several languages"
NO_IDENTIFIER = "languages in Latin letters: not known, py3langid is not installed: `pip install 'py3langid>=0.4'`"

FEW = 10  # percent: less of it is called little


def answer_lines(own: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """Write a table with a line a task, how its languages are known, and a line on the room for mixing.

    own: entries of results.json that are of our own tasks.
    """
    entries = {task: entry for task, entry in own.items() if set(SHOWN) & set(entry)}
    if not entries:
        return []
    shares = {task: answer_shares(entry) for task, entry in entries.items()}
    heads = ("task", "in the language", "in English", "other", "unknown", "in the context", "right in English")
    rows: list[tuple[str, ...]] = [(*heads, "F1 over words")]
    for task, entry in entries.items():
        of_task = shares[task]
        kinds = [figure_cell(share, "%") for share in (of_task[:4] if of_task else (None,) * 4)]
        in_context = figure_cell(entry.get("in_context"), "%")
        rows.append((task, *kinds, in_context, score_cell(entry, "exact_match_english"), score_cell(entry, "f1_words")))
    lines = ["", "answers:", *aligned(rows)]
    if any(of_task and of_task.by_letters for of_task in shares.values()):
        lines.append(BY_LETTERS)
    identifiers = dict.fromkeys(
        entry["language_identifier"] for entry in entries.values() if "language_identifier" in entry
    )
    lines += [IDENTIFIED.format(name) if name else NO_IDENTIFIER for name in identifiers]
    return lines + [line for task, entry in entries.items() if (line := _room(task, entry, shares[task]))]


def _room(task: str, entry: Mapping[str, Any], shares: AnswerShares | None) -> str | None:
    """Say how much mixing can help, of a task that is not in English and whose answers are known in some way."""
    only_in_english = entry.get("exact_match_english_only")
    if shares.english is None if shares else only_in_english is None:
        return None
    figures = {
        "answered in the language": shares and shares.target,
        "in English": shares and shares.english,
        "right in English only": only_in_english,
        "in the context": entry.get("in_context"),
    }
    parts = [f"{name} {figure:g} %" for name, figure in figures.items() if figure is not None]
    return f"{task}: {', '.join(parts)}: {_verdict(shares, only_in_english or 0.0)} (docs/choosing.md)"


def _verdict(shares: AnswerShares | None, right_in_english_only: float) -> str:
    """Give the verdict. shares: of a task that is not in English; None where nothing tells the languages apart."""
    if right_in_english_only >= FEW:  # whatever language the others are in
        return "mixing can help"
    known = 100 - shares.unknown if shares else 0.0
    if shares is None or known < FEW:
        return "the language of most answers is not known"
    if shares.english is not None and shares.english >= FEW * known / 100:
        return "mixing can help"
    if shares.target < known / 2:
        return "few answers are in the language or in English alone"
    return "mixing can help little"
