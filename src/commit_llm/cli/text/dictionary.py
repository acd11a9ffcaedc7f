"""What `commit-llm dictionary inspect` prints."""

from dataclasses import asdict
from typing import Any

from commit_llm.cli.text.aligned import aligned
from commit_llm.codemix import Outcome
from commit_llm.codemix.inspection import Coverage, Inspection

SHOWN = 3  # examples of each kind of noise
NOT_REPLACEABLE = (Outcome.IDENTITY_ONLY, Outcome.NAME, Outcome.NOT_IN_DICTIONARY)
WIDTH = 100  # characters of a line of missing words


def report(found: Inspection, coverage: Coverage | None) -> str:
    """The whole report."""
    parts = [_title(found), *_size(found), "", *_noise(found)]
    if coverage:
        parts += ["", *_coverage(found, coverage)]
    return "\n".join(parts)


def as_json(found: Inspection, coverage: Coverage | None) -> dict[str, Any]:
    """The report for a program: counts, no shares."""
    languages = found.languages
    result = asdict(found) | {
        "languages": {
            "source": languages.source,
            "target": languages.target,
            "source_scripts": sorted(languages.source_scripts),
            "target_scripts": sorted(languages.target_scripts),
        },
        "skipped": found.skipped._asdict(),
        "noise": [noise._asdict() for noise in found.noise],
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
    return result


def _title(found: Inspection) -> str:
    """The file, and between which languages and scripts it is."""
    languages = found.languages
    source = _side(languages.source, languages.source_scripts)
    return f"{found.name}: {source} -> {_side(languages.target, languages.target_scripts)}"


def _side(language: str | None, scripts: frozenset[str]) -> str:
    written = ", ".join(script.capitalize() for script in sorted(scripts))
    return f"{language or '?'} ({written or 'no letters'})"


def _size(found: Inspection) -> list[str]:
    rows = [("pairs", f"{found.pairs:,}", "")]
    if found.in_script is not None:
        script = " or ".join(name.capitalize() for name in sorted(found.languages.target_scripts))
        rows.append((f"  target in {script}", f"{found.in_script:,}", _share(found.in_script, found.pairs)))
    rows += [
        ("source words", f"{found.sources:,}", ""),
        ("  translated by themselves only", f"{found.identity_only:,}", _share(found.identity_only, found.sources)),
        ("source words after cleaning", f"{found.words:,}", _share(found.words, found.sources)),
        ("  their translations", f"{found.translations:,}", ""),
    ]
    if found.skipped.lines:
        rows.append(("bad lines, left out", f"{found.skipped.lines:,}", ""))
    lines = [line.rstrip() for line in aligned(rows)]
    if found.skipped.lines:
        lines[-1] += f"  {found.skipped.first}"
    return lines


def _noise(found: Inspection) -> list[str]:
    if not found.noise:
        return ["Cleaning finds nothing to do."]
    rows = [("what cleaning finds", "pairs", "")]
    rows += [(f"  {noise.treatment}", f"{noise.pairs:,}", _share(noise.pairs, found.pairs)) for noise in found.noise]
    shown = [", ".join(f"{source} → {target}" for source, target in noise.examples[:SHOWN]) for noise in found.noise]
    return [f"{line}  {examples}".rstrip() for line, examples in zip(aligned(rows), ["", *shown], strict=True)]


def _coverage(found: Inspection, coverage: Coverage) -> list[str]:
    counts, words = coverage.counts, coverage.counts.words
    examples = "1 example" if coverage.examples == 1 else f"{coverage.examples:,} examples"
    rows = [(f"running words of {examples}", f"{words:,}", "")]
    for name, number in (
        ("can be replaced", counts.hits),
        *((outcome.label, counts[outcome]) for outcome in NOT_REPLACEABLE),
    ):
        rows.append((f"  {name}", f"{number:,}", _share(number, words)))
    turned, languages = coverage.turned, found.languages
    direction = f"{languages.target or 'target'} -> {languages.source or 'source'}"
    rows.append((f"found the other way round, {direction}", f"{turned.hits:,}", _share(turned.hits, turned.words)))
    lines = [line.rstrip() for line in aligned(rows)]
    if turned.hits * counts.words > counts.hits * turned.words:
        lines.append("The text looks like the other language: is the dictionary the wrong way round?")
    if coverage.missing:
        lines += ["", "missing most often:"]
        lines += _wrapped([f"{word} {number:,}" for word, number in coverage.missing])
    return lines


def _wrapped(items: list[str]) -> list[str]:
    lines = [""]
    for item in items:
        if lines[-1] and len(lines[-1]) + len(item) + 3 > WIDTH:
            lines.append("")
        lines[-1] += ("   " if lines[-1] else "  ") + item
    return lines


def _share(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
