"""What `train` prints: the end of a training, as `run` does too, and the outlook of a dry run."""

from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from commit_llm.cli.text.aligned import aligned
from commit_llm.codemix.ratio_schedule import ratio_text
from commit_llm.data.examples import NoExampleReason
from commit_llm.files.provenance import public_name

if TYPE_CHECKING:  # they import jax
    from commit_llm.train.dry_run import Outlook
    from commit_llm.train.loop import TrainingResult

WAITING = 0.05  # share of the time from which waiting for data is worth a line


def training_summary(run: Path, seq_len: int, result: "TrainingResult") -> str:
    """Say how a call of train or run ended."""
    from commit_llm.runs.logs import read_metrics
    from commit_llm.runs.run import TIMING

    if result.first == result.last:
        return f"{run}: finished already, at step {result.last}"
    if result.stopped is not None:
        return f"{run}: stopped by {result.stopped.value} at step {result.last}, all saved; the same command resumes"
    lines = read_metrics(run)
    went_on = f" (resumed from step {result.first})" if result.first else ""
    text = f"trained {run} to step {result.last}{went_on}"
    if lines:  # damaged ones are passed over
        text += f": loss {lines[0]['loss']:.4f} at step {lines[0]['step']}, {lines[-1]['loss']:.4f} at the last"
    if result.left_out:
        text += (
            f"\nleft out {result.left_out:,} of the {result.seen:,} examples seen: longer than a row of "
            f"{seq_len} tokens; --seq-len {result.longest} would keep them, --split-long cuts them"
        )
        text += f"\n{result.tokens_a_word}" if result.tokens_a_word else ""
    text += "".join(f"\n{line}" for line in without_example(result.no_example, result.untrained, result.seen))
    if result.waiting >= WAITING:
        text += (
            f"\nthe steps waited {100 * result.waiting:.0f} % of the time for data ({run / TIMING}: waiting_seconds); "
            "one core makes it: make sure that it has a core of its own"
        )
    return text


def without_example(no_example: Mapping[str, int], untrained: int, seen: int) -> list[str]:
    """Say how many records gave no example and why, the commonest reason first; and how many answers are not trained.

    >>> without_example({"REFUSED": 2, "FAULTY": 1}, 0, 9)
    ['left out 3 of 9 records: refused by the template 2, no conversation 1']
    """
    lines = []
    if number := sum(no_example.values()):
        most_first = sorted(no_example.items(), key=lambda pair: -pair[1])
        reasons = ", ".join(f"{NoExampleReason[name].records} {count:,}" for name, count in most_first)
        lines.append(f"left out {number:,} of {seen:,} records: {reasons}")
    if untrained:
        lines.append(
            f"{untrained:,} answers of conversations are not trained: the template writes them differently from "
            "its own prompt for them, or a token spans their beginning"
        )
    return lines


NAMES = {"share": "share of words", "cmi": "code-mixing index"}


def outlook_report(outlook: "Outlook", run: Path) -> str:
    """Write the whole report; figures with a ~ are estimated."""
    rows = [*_data(outlook), *_mixing(outlook)]
    lines = [line.rstrip() for line in aligned(rows)]
    if outlook.longer:
        kept = f"--seq-len {outlook.longest} keeps them whole"
        longer = (
            f"{outlook.longer:,} of {outlook.looked_at:,} examples are longer than a row of {outlook.seq_len} tokens"
        )
        lines += ["", f"{longer}, and are {outlook.longer_are}; {kept}"]
        if outlook.longer_are == "left out":
            lines[-1] += ", --split-long cuts them"
        lines += [str(outlook.tokens_a_word)] if outlook.tokens_a_word else []
    if lines_without := without_example(outlook.no_example, outlook.untrained, outlook.looked_at):
        lines += ["", *lines_without]
    if outlook.remat_reason:
        lines += ["", f"remat: {outlook.remat} ({outlook.remat_reason})"]
    batches = "1 batch" if outlook.batches == 1 else f"{outlook.batches:,} batches"
    looked = f"looked at the first {batches}, with {outlook.looked_at:,} of the {outlook.examples:,} examples"
    lines += ["", f"{looked}; ~ is estimated from them"]
    if outlook.sources:
        lines.append("an epoch of several sources is over when each has had a whole pass")
    lines.append(f"wrote nothing; without --dry-run {'trains' if outlook.new else 'resumes'} {run}")
    return "\n".join(lines)


def outlook_json(outlook: "Outlook") -> dict[str, Any]:
    """Give the report for a program; shares are from 0 to 1."""
    counts = outlook.words
    sources = [source._asdict() for source in outlook.sources]
    result: dict[str, Any] = asdict(outlook) | {
        "sources": sources,
        "estimated": outlook.estimated,
        "asked": None,
        "words": None,
        "tokens_a_word": outlook.tokens_a_word and outlook.tokens_a_word._asdict(),
    }
    if outlook.asked is not None:
        result["asked"] = dict([outlook.asked])
    if counts is not None:
        result["words"] = {"words": counts.words, "replaceable": counts.hits, **counts._asdict()}
    return result


def _data(outlook: "Outlook") -> list[tuple[str, ...]]:
    about = "~" if outlook.estimated else ""
    guess = ("~", "") if outlook.asked_for_epochs else ("", "~")
    rows: list[tuple[str, ...]] = [("examples an epoch", f"{outlook.examples:,}")]
    for source in outlook.sources:
        passes = f"~{source.passes:.3g} passes over its {source.examples:,}"
        rows.append((f"  {public_name(source.name)}", f"{_percent(source.share)}, {passes}"))
    if outlook.held_out:
        rows.append(("  held out beside them", f"{outlook.held_out:,}"))
    rows += [
        ("tokens an epoch", f"{about}{outlook.tokens_an_epoch:,}"),
        ("rows a step x tokens a row", f"{outlook.batch_size} x {outlook.seq_len}"),
        ("steps", f"{guess[0]}{outlook.steps:,}"),
        ("epochs", f"{guess[1]}{outlook.epochs:.3g}"),
        ("tokens that are trained", _percent(outlook.supervised)),
        ("padding of the rows", _percent(outlook.padding)),
    ]
    return rows


def _mixing(outlook: "Outlook") -> list[tuple[str, ...]]:
    counts = outlook.words
    if counts is None:
        return [("mixing", "none")]
    rows: list[tuple[str, ...]] = []
    if outlook.asked is not None:
        name, value = outlook.asked
        rows.append((f"{NAMES[name]} asked for", _percent(value) if name == "share" else f"{value:g}"))
    rows += [
        ("ratio of mixing", f"{outlook.ratio:.4g}" if isinstance(outlook.ratio, float) else ratio_text(outlook.ratio)),
        *([] if outlook.sentence_ratio is None else [("ratio of sentences", f"{outlook.sentence_ratio:.4g}")]),
        ("  words that can be replaced", _share(counts.hits, counts.words)),
        ("  of these replaced", _share(counts.replaced, counts.hits)),
        ("  words in the other language", _share(counts.changed, counts.words)),
    ]
    at_once = (("phrases", counts.phrases), ("sentences", counts.sentences))
    rows += [(f"  {name} replaced or annotated", f"{number:,}") for name, number in at_once if number]
    return rows


def _share(part: int, whole: int) -> str:
    return _percent(part / whole) if whole else "-"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
