"""Say what `commit-llm dictionary inspect` found out, to a person or a program."""

from dataclasses import asdict
from typing import Any

from commit_llm.cli.text.aligned import aligned
from commit_llm.codemix import Outcome
from commit_llm.codemix.inspection import Coverage, Inspection, Noise
from commit_llm.codemix.precision import Precision, Standing

SHOWN = 3  # examples of each kind of noise
MANY = 0.01  # of the pairs, from which lists are no oddities
LONGEST = 36  # characters of each of their sides
NOT_REPLACEABLE = (Outcome.IDENTITY_ONLY, Outcome.NAME, Outcome.NOT_IN_DICTIONARY)
WIDTH = 100  # characters of a line of missing words


def report(
    inspection: Inspection, coverage: Coverage | None, precision: Precision | None = None, choice: str = "uniform"
) -> str:
    """Give the whole report."""
    parts = [_title(inspection), *_size(inspection), "", *_noise(inspection), *_whole_lists(inspection)]
    if coverage:
        parts += ["", *_coverage(inspection, coverage)]
    if precision:
        parts += ["", *_precision(inspection, precision, choice)]
    return "\n".join(parts)


def as_json(
    inspection: Inspection, coverage: Coverage | None, precision: Precision | None = None, choice: str = "uniform"
) -> dict[str, Any]:
    """Give the report for a program: counts, no shares. Of translations that are drawn they are to be expected."""
    languages = inspection.languages
    result = asdict(inspection) | {
        "languages": {
            "source": languages.source,
            "target": languages.target,
            "source_scripts": sorted(languages.source_scripts),
            "target_scripts": sorted(languages.target_scripts),
        },
        "skipped": inspection.skipped._asdict(),
        "noise": [noise._asdict() for noise in inspection.noise],
    }
    if coverage:
        result["text"] = {
            "examples": coverage.examples,
            "words": coverage.counts.words,
            "replaceable": coverage.counts.hits,
            "counts": coverage.counts._asdict(),
            "turned_round": coverage.turned._asdict(),
            "missing": dict(coverage.missing),
        }
    if precision:
        result["parallel"] = {"choice": choice, **asdict(precision)}
    return result


def _title(inspection: Inspection) -> str:
    """Name the file, and its languages and scripts."""
    languages = inspection.languages
    source = _side(languages.source, languages.source_scripts)
    return f"{inspection.name}: {source} -> {_side(languages.target, languages.target_scripts)}"


def _side(language: str | None, scripts: frozenset[str]) -> str:
    written = ", ".join(script.capitalize() for script in sorted(scripts))
    return f"{language or '?'} ({written or 'no letters'})"


def _size(inspection: Inspection) -> list[str]:
    rows = [("pairs", f"{inspection.pairs:,}", "")]
    if inspection.in_script is not None:
        script = " or ".join(name.capitalize() for name in sorted(inspection.languages.target_scripts))
        rows.append(
            (f"  target in {script}", f"{inspection.in_script:,}", _share(inspection.in_script, inspection.pairs))
        )
    rows += [
        ("source words", f"{inspection.sources:,}", ""),
        (
            "  translated by themselves only",
            f"{inspection.identity_only:,}",
            _share(inspection.identity_only, inspection.sources),
        ),
        ("source words after cleaning", f"{inspection.words:,}", _share(inspection.words, inspection.sources)),
    ]
    translations = "  their translations"
    if inspection.phrases:
        rows.append(
            ("phrases after cleaning", f"{inspection.phrases:,}", _share(inspection.phrases, inspection.sources))
        )
        translations = "  translations of both"
    rows.append((translations, f"{inspection.translations:,}", ""))
    if inspection.skipped.lines:
        rows.append(("bad lines, skipped", f"{inspection.skipped.lines:,}", ""))
    lines = [line.rstrip() for line in aligned(rows)]
    if inspection.skipped.lines:
        lines[-1] += f"  {inspection.skipped.first}"
    return lines


def _noise(inspection: Inspection) -> list[str]:
    if not inspection.noise:
        return ["Cleaning finds nothing to do."]
    rows = [("what cleaning finds", "pairs", "")]
    rows += [
        (f"  {noise.treatment}", f"{noise.pairs:,}", _share(noise.pairs, inspection.pairs))
        for noise in inspection.noise
    ]
    examples = ["", *(_examples(noise) for noise in inspection.noise)]
    return [f"{line}  {shown}".rstrip() for line, shown in zip(aligned(rows), examples, strict=True)]


def _whole_lists(inspection: Inspection) -> list[str]:
    if inspection.whole_lists < MANY * inspection.pairs:
        return []
    return [f"{inspection.whole_lists:,} targets look like lists: name the file .tsv, and each part counts."]


def _examples(noise: Noise) -> str:
    """Write a few pairs in a line; semicolons part them where there are commas in them."""
    pairs = [" → ".join(map(_beginning, pair)) for pair in noise.examples[:SHOWN]]
    return ("; " if "," in "".join(pairs) else ", ").join(pairs)


def _beginning(text: str) -> str:
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 1]}…"


def _coverage(inspection: Inspection, coverage: Coverage) -> list[str]:
    counts, words = coverage.counts, coverage.counts.words
    examples = "1 example" if coverage.examples == 1 else f"{coverage.examples:,} examples"
    rows = [(f"running words of {examples}", f"{words:,}", "")]
    for name, number in (
        ("can be replaced", counts.hits),
        *((outcome.label, counts[outcome]) for outcome in NOT_REPLACEABLE),
    ):
        rows.append((f"  {name}", f"{number:,}", _share(number, words)))
    if counts.phrases:
        rows.insert(2, ("    phrases among these", f"{counts.phrases:,}", ""))
    turned = coverage.turned
    rows.append(_turned_row(inspection, turned.hits, turned.words))
    lines = [line.rstrip() for line in aligned(rows)]
    if turned.hits * counts.words > counts.hits * turned.words:
        lines.append("The text looks like the other language: is the dictionary the wrong way round?")
    if coverage.missing:
        lines += ["", "missing most often:"]
        lines += _wrapped([f"{word} {number:,}" for word, number in coverage.missing])
    return lines


def _precision(inspection: Inspection, precision: Precision, choice: str) -> list[str]:
    pairs = "1 pair of texts" if precision.pairs == 1 else f"{precision.pairs:,} pairs of texts"
    if precision.empty:
        pairs += f" ({precision.empty:,} with an empty side left out)"
    words = "content words" if precision.has_stop_words else "words"
    rows = [
        (f"{words} of {pairs}, each once a pair", f"{precision.content_words:,}", ""),
        ("  in the dictionary", f"{precision.covered:,}", _share(precision.covered, precision.content_words)),
        _turned_row(inspection, precision.turned, precision.words),
    ]
    lines = [line.rstrip() for line in aligned(rows)]
    if precision.looks_turned:
        lines.append("The source looks like the other language: is the dictionary, or --parallel, the wrong way round?")
    standing = [
        (f"drawn translation ({choice})", precision.drawn),
        ("best of several", precision.best),
        ("of a shuffled dictionary", precision.shuffled),
    ]
    heads = ("as a substring",) if precision.by_substring else ("exact", "stem")
    table = [("stands in the other text", *heads)]
    table += [(f"  {name}", *_shares_of(counted, precision)) for name, counted in standing]
    return [*lines, "", *aligned(table)]


def _shares_of(counted: Standing | None, precision: Precision) -> list[str]:
    numbers = [counted.exact, counted.stem] if counted else [0.0, 0.0]
    shares = [_share(number, precision.covered if counted else 0) for number in numbers]
    return shares[:1] if precision.by_substring else shares


def _turned_row(inspection: Inspection, hits: int, words: int) -> tuple[str, str, str]:
    languages = inspection.languages
    direction = f"{languages.target or 'target'} -> {languages.source or 'source'}"
    return f"found the other way round, {direction}", f"{hits:,}", _share(hits, words)


def _wrapped(items: list[str]) -> list[str]:
    lines = [""]
    for item in items:
        if lines[-1] and len(lines[-1]) + len(item) + 3 > WIDTH:
            lines.append("")
        lines[-1] += ("   " if lines[-1] else "  ") + item
    return lines


def _share(part: float, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
