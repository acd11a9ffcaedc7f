"""A run's page: how far it has come, its curves, what mixing makes of its data, examples, recipe, provenance."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from commit_llm.codemix.ratio_schedule import ratio_text
from commit_llm.codemix.replacement import Replacement
from commit_llm.codemix.settings import MixingSettings
from commit_llm.data.example_views import ExampleViews
from commit_llm.report.page import page, text
from commit_llm.report.preview.marks import samples
from commit_llm.report.preview.preview import MixingPreview
from commit_llm.report.preview.preview_page import summary
from commit_llm.report.run.curves import curve, curves
from commit_llm.report.run.example_parts import example_parts
from commit_llm.report.run.origin import provenance_tables, recipe_tables
from commit_llm.report.run.run_style import STYLE
from commit_llm.runs.logs import Logs

# Settings that are named where they are not as they are by default.
NAMED = {"choice": "choice", "surface": "surface", "draw_language": "a language drawn for each"}


@dataclass(frozen=True)
class RunPage:
    """Hold what a page says of a run.

    name: of its folder alone.
    recipe: the fields of its config.yaml.
    named: the name of the recipe nearest to it, and the fields of that one.
    looked: its first examples, or the reason why nobody can look at them.
    records: of its data, held-out ones too.
    left_out: how many examples training left out, by the reason; None where nobody knows.
    """

    name: str
    recipe: Mapping[str, Any]
    named: tuple[str, Mapping[str, Any]]
    logs: Logs
    provenance: Mapping[str, Any]
    looked: ExampleViews | str
    records: int = 0
    left_out: Mapping[str, int] | None = None


def run_page(run: RunPage) -> str:
    """Write the page, of plain data: everything in it is escaped."""
    sections = {
        "Curves": curves(run.logs, run.recipe["clip_norm"], run.recipe["held_out_share"] > 0),
        "Mixing": _mixing(run),
        "Examples": _examples(run),
        "Recipe": recipe_tables(run.recipe, *run.named),
        "Provenance": provenance_tables(run.provenance),
    }
    body = "".join(
        f"<section aria-labelledby='{title.lower()}'>\n<h2 id='{title.lower()}'>{title}</h2>\n{html}</section>\n"
        for title, html in sections.items()
    )
    return page(f"Run {run.name}", f"{_heading(run)}<main>\n{body}</main>", STYLE)


def _heading(run: RunPage) -> str:
    step, steps = run.logs.step, run.recipe["steps"]
    state = "finished" if step >= steps else "not finished" if step else "no step is logged yet"
    loss, held_out = curve(run.logs.metrics, "loss"), curve(run.logs.held_out, "loss")
    tokens = curve(run.logs.metrics, "tokens")
    facts = {
        "recipe": run.named[0],
        "state": state,
        "step": f"{step:,} of {steps:,}",
        "tokens seen": f"{tokens.values[-1]:,.0f}" if tokens.values else "–",
        "last loss": f"{loss.values[-1]:.3f}" if loss.values else "–",
    }
    if held_out.values:
        facts["held-out loss"] = f"{held_out.values[-1]:.3f}"
    for reason, count in (run.left_out or {}).items():
        facts[f"left out, {reason}"] = f"{count:,} {'example' if count == 1 else 'examples'}"
    pairs = "".join(f"<div><dt>{name}</dt><dd>{text(value)}</dd></div>\n" for name, value in facts.items())
    return f"<header>\n<h1>Run <bdi>{text(run.name)}</bdi></h1>\n<dl class='facts'>\n{pairs}</dl></header>\n"


def _mixing(run: RunPage) -> str:
    sentences = bool(run.recipe["sentences"]) and run.recipe["sentence_ratio"] > 0
    if run.recipe["ratio"] == 0 and not sentences:
        return "<p>This run mixes nothing: its ratio is 0.</p>\n"
    if isinstance(run.looked, str):
        return _missing(run.looked)
    preview = MixingPreview(run.looked.explained, run.records, {})
    reached = preview.reached()
    facts = {
        "ratio asked": ratio_text(run.recipe["ratio"]),
        **({"of sentences": f"{run.recipe['sentence_ratio']:g}"} if sentences else {}),
        "reached": "no word can be replaced" if reached is None else f"{reached:.3f} of the words that can be replaced",
        "style": run.recipe["style"],
    }
    for setting, name in NAMED.items():
        if (value := run.recipe[setting]) != getattr(MixingSettings, setting):
            facts[name] = value
    pairs = "".join(f"<div><dt>{name}</dt><dd>{text(value)}</dd></div>\n" for name, value in facts.items())
    return (
        f"<dl class='settings'>\n{pairs}</dl>\n"
        f"<p class='quiet note'>{_which(len(run.looked.explained), run.looked)}, as mixed in the first pass over the "
        f"data; {run.records:,} records in all.</p>\n{summary(preview)}"
    )


def _examples(run: RunPage) -> str:
    if isinstance(run.looked, str):
        return _missing(run.looked)
    views = run.looked.decoded
    ways = sorted({way for view in views for way in view.replaced}, key=lambda way: way.place)
    # Where words alone are replaced, the mark says so itself.
    shown = " ".join(samples(ways)) if ways not in ([], [Replacement()]) else "<mark>replaced</mark>"
    legend = (
        f"<p class='legend'><span>{shown} its original where you point at it</span>"
        "<span><bdi class='token'>&lt;s&gt;</bdi> a special token</span></p>\n"
    )
    return (
        f"<p class='quiet note'>{_which(len(views), run.looked)}, decoded from the tokens of the first pass over the "
        f"data.</p>\n{legend}{example_parts(views)}"
    )


def _which(number: int, looked: ExampleViews) -> str:
    """Say which examples are shown; those that are too long are no examples of the training."""
    whole = looked.complete and number == len(looked.explained)
    examples = f"{'All' if whole else 'The first'} {number:,} examples"
    if number == 1:
        examples = "The only example" if whole else "The first example"
    return f"{examples} in the order of training{', those longer than a row left out' if looked.left_out else ''}"


def _missing(reason: str) -> str:
    return f"<p>Not shown: {text(reason)}.</p>\n"
