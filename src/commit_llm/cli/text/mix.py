"""What `commit-llm mix` prints at its end: where the words went."""

import json
from pathlib import Path

from commit_llm.codemix import Counts
from commit_llm.data.mix_file import Done
from commit_llm.files.provenance import sidecar

LABELS = {
    "replaced": "replaced",
    "not_drawn": "not drawn (the ratio)",
    "not_in_dictionary": "not in the dictionary",
    "identity_only": "translated by themselves",
    "name": "names and acronyms",
    "skipped": "in --skip-words",
    "protected": "protected: code, addresses, digits (not counted as words)",
}


def as_text(done: Done, out: Path, ratio: float, request: str | None = None) -> str:
    """Rows, words, where the words went with their shares, what was requested and reached, and the files."""
    counts = done.counts
    kept = f" ({done.kept:,} of them finished before)" if done.kept else ""
    lines = [f"{done.rows:,} rows{kept}, {counts.words:,} words"]
    for name, label in LABELS.items():
        number = getattr(counts, name)
        if number or name == "replaced":
            lines.append(f"  {number:>{len(f'{counts.words:,}')},}  {_percent(number, counts.words):>7}  {label}")
    if counts.changed != counts.replaced:
        lines.append(f"  {counts.changed:,} of the replaced words are another word now")
    if request:
        lines.append(
            f"{request}; in the whole file {_percent(counts.replaced, counts.words)} of the words are replaced"
        )
    else:
        reached = f"{_percent(counts.replaced, counts.hits)} of those were, {100 * ratio:.1f} % were asked for"
        lines.append(f"{_percent(counts.hits, counts.words)} of the words could be replaced; {reached}")
    lines.append(f"wrote {out} and {sidecar(out).name}")
    return "\n".join(lines)


def as_json(done: Done, out: Path, ratio: float) -> str:
    """The same for a program."""
    counts: Counts = done.counts
    return json.dumps(
        {
            "rows": done.rows,
            "finished_before": done.kept,
            "words": counts.words,
            "hits": counts.hits,
            **counts._asdict(),
            "ratio": ratio,
            "ratio_reached": counts.replaced / counts.hits if counts.hits else None,
            "out": str(out),
            "provenance": str(sidecar(out)),
        },
        ensure_ascii=False,
    )


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
