"""What `commit-llm train --dry-run` prints."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

from commit_llm.cli.text.aligned import aligned
from commit_llm.train.dry_run import Outlook

NAMES = {"share": "share of words", "cmi": "code-mixing index"}


def report(found: Outlook, run: Path) -> str:
    """The whole report; figures with a ~ are estimated."""
    rows = [*_data(found), *_mixing(found)]
    lines = [line.rstrip() for line in aligned(rows)]
    if found.longer:
        kept = f"--seq-len {found.longest} keeps them whole"
        told = f"{found.longer:,} of {found.looked_at:,} examples are longer than a row of {found.seq_len} tokens"
        lines += ["", f"{told}, and are {found.longer_are}; {kept}"]
        if found.longer_are == "left out":
            lines[-1] += ", --split-long cuts them"
    batches = "1 batch" if found.batches == 1 else f"{found.batches:,} batches"
    looked = f"looked at the first {batches}, with {found.looked_at:,} of the {found.examples:,} examples"
    lines += ["", f"{looked}; ~ is estimated from them"]
    lines.append(f"wrote nothing; without --dry-run {'trains' if found.new else 'goes on with'} {run}")
    return "\n".join(lines)


def as_json(found: Outlook) -> dict[str, Any]:
    """The report for a program; shares are from 0 to 1."""
    counts = found.words
    result: dict[str, Any] = asdict(found) | {"estimated": found.estimated, "asked": None, "words": None}
    if found.asked is not None:
        result["asked"] = dict([found.asked])
    if counts is not None:
        result["words"] = {"words": counts.words, "replaceable": counts.hits, **counts._asdict()}
    return result


def _data(found: Outlook) -> list[tuple[str, ...]]:
    about = "~" if found.estimated else ""
    guess = ("~", "") if found.asked_for_epochs else ("", "~")
    rows: list[tuple[str, ...]] = [("examples an epoch", f"{found.examples:,}")]
    if found.held_out:
        rows.append(("  held out beside them", f"{found.held_out:,}"))
    rows += [
        ("tokens an epoch", f"{about}{found.tokens_an_epoch:,}"),
        ("rows a step x tokens a row", f"{found.batch_size} x {found.seq_len}"),
        ("steps", f"{guess[0]}{found.steps:,}"),
        ("epochs", f"{guess[1]}{found.epochs:.3g}"),
        ("tokens that are trained", _percent(found.supervised)),
        ("padding of the rows", _percent(found.padding)),
    ]
    return rows


def _mixing(found: Outlook) -> list[tuple[str, ...]]:
    counts = found.words
    if counts is None:
        return [("mixing", "none")]
    rows: list[tuple[str, ...]] = []
    if found.asked is not None:
        name, value = found.asked
        rows.append((f"{NAMES[name]} asked for", _percent(value) if name == "share" else f"{value:g}"))
    rows += [
        ("ratio of mixing", f"{found.ratio:.4g}"),
        ("  words that can be replaced", _share(counts.hits, counts.words)),
        ("  of these replaced", _share(counts.replaced, counts.hits)),
        ("  words in the other language", _share(counts.changed, counts.words)),
    ]
    return rows


def _share(part: int, whole: int) -> str:
    return _percent(part / whole) if whole else "-"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
