"""Say at the end of `commit-llm mix` what became of the words."""

import json
from pathlib import Path

from commit_llm.codemix import Counts, Outcome
from commit_llm.codemix.outcome import Unit
from commit_llm.data.mix_file import MixedFile
from commit_llm.files.provenance import sidecar


def as_text(
    mixed: MixedFile, out: Path, ratio: float, sentence_ratio: float | None = None, request: str | None = None
) -> str:
    """Give rows, words, what became of the words with their shares, what was requested and reached, and the files.

    sentence_ratio: None where no file of sentences is used.
    """
    counts = mixed.counts
    before = f" ({mixed.earlier_rows:,} of them finished before)" if mixed.earlier_rows else ""
    talks = f", {mixed.conversations:,} of them conversations" if mixed.conversations else ""
    lines = [f"{mixed.rows:,} rows{talks}{before}, {counts.words:,} words"]
    if mixed.faulty:
        stay, first = ("it stays", "") if mixed.faulty == 1 else ("they stay", "the first is ")
        lines.append(f"  {mixed.faulty:,} with a fault, {stay} as before: {first}{mixed.fault}")
    for outcome in Outcome:
        number = counts[outcome]
        if number or outcome is Outcome.REPLACED:
            figures = f"  {number:>{len(f'{counts.words:,}')},}  {_percent(number, counts.words):>7}"
            beside = " (not counted as words)" if outcome is Outcome.PROTECTED else ""
            lines.append(f"{figures}  {outcome.label}: {outcome.meaning}{beside}")
        if outcome is Outcome.REPLACED and (at_once := _at_once(counts)):
            lines.append(f"{'':{len(figures)}}  with all words of {at_once}")
    if counts.changed != counts.replaced:
        share = _percent(counts.changed, counts.words)
        lines.append(f"  {counts.changed:,} of the replaced words are another word now, {share} of all words")
    if counts.left_out:
        lines.append(f"  left out of the draw, for an answer or for code: {counts.left_out:,} phrases and sentences")
    if request:
        lines.append(
            f"{request}; in the whole file {_percent(counts.replaced, counts.words)} of the words are replaced"
        )
    else:
        asked = f", {100 * ratio:.1f} % were asked for"
        if sentence_ratio is not None:
            asked = f"; {100 * ratio:.1f} % of words and {100 * sentence_ratio:.1f} % of sentences were asked for"
        reached = f"{_percent(counts.replaced, counts.hits)} of those were{asked}"
        lines.append(f"{_percent(counts.hits, counts.words)} of the words could be replaced; {reached}")
    lines.append(f"wrote {out} and {sidecar(out).name}")
    return "\n".join(lines)


def as_json(mixed: MixedFile, out: Path, ratio: float, sentence_ratio: float | None = None) -> str:
    """Give the same for a program."""
    counts: Counts = mixed.counts
    return json.dumps(
        {
            "rows": mixed.rows,
            "finished_before": mixed.earlier_rows,
            "conversations": mixed.conversations,
            "faulty_conversations": mixed.faulty,
            "words": counts.words,
            "hits": counts.hits,
            **counts._asdict(),
            "ratio": ratio,
            "sentence_ratio": sentence_ratio,
            "ratio_reached": counts.replaced / counts.hits if counts.hits else None,
            "out": str(out),
            "provenance": str(sidecar(out)),
        },
        ensure_ascii=False,
    )


def _at_once(counts: Counts) -> str:
    """Count phrases and sentences; "" where there are none."""
    numbers = ((Unit.PHRASE, counts.phrases), (Unit.SENTENCE, counts.sentences))
    return " and ".join(f"{number:,} {unit}{'' if number == 1 else 's'}" for unit, number in numbers if number)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
