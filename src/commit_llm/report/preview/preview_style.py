"""The style of the preview page: how words of each outcome look, and the layout at each width."""

from commit_llm.codemix.outcome import Outcome
from commit_llm.report.page import colour_rules


def css_name(outcome: Outcome) -> str:
    """Name the CSS class of an outcome's words, which is also the name of its colour.

    >>> css_name(Outcome.NOT_DRAWN)
    'not-drawn'
    """
    return outcome.name.lower().replace("_", "-")


# Every outcome has a colour and a line of its own, so that it can be seen without colours too.
LINES = {
    Outcome.NOT_DRAWN: "underline solid",
    Outcome.NOT_IN_DICTIONARY: "underline dotted",
    Outcome.IDENTITY_ONLY: "underline dashed",
    Outcome.NAME: "underline double",
    Outcome.SKIPPED: "underline wavy",
    Outcome.ANSWER: "overline solid",
    Outcome.REPEATED: "overline dashed",
}

LIGHT = {
    "replaced": "#b98900", "not-drawn": "#1668c7", "not-in-dictionary": "#74777f", "identity-only": "#1d7f4e",
    "name": "#8a3fb4", "skipped": "#b3432b", "answer": "#0f7a85", "repeated": "#9a5b12", "protected": "#5c5f68",
    "was": "#fff3cf",
}  # fmt: skip
DARK = {
    "replaced": "#d8a928", "not-drawn": "#6aaeff", "not-in-dictionary": "#969aa4", "identity-only": "#5cc794",
    "name": "#cf93f2", "skipped": "#f0907a", "answer": "#58c3cf", "repeated": "#d99a52", "protected": "#a3a7b1",
    "was": "#33300f",
}  # fmt: skip

STYLE = (
    colour_rules(LIGHT, DARK)
    + """
.shown { margin: 0; color: var(--quiet); }
.settings { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: .75rem 0 0; }
.settings div { display: flex; gap: .4rem; }
.settings dt { color: var(--quiet); }
.settings dd { margin: 0; overflow-wrap: anywhere; }
.summary { display: grid; gap: 1.5rem 3rem; margin: 1.75rem 0 2.5rem; }
.bar { display: block; width: 100%; height: .75rem; margin-bottom: .75rem; border-radius: 4px; }
.bar rect { stroke: var(--ground); stroke-width: 1px; }
.summary table { width: 100%; font-size: .925rem; }
.summary tr + tr > * { border-top: 1px solid var(--line); }
.summary th { font-weight: 600; white-space: nowrap; }
.measures { display: grid; grid-template-columns: 1fr 1fr; gap: 1rem 1.5rem; align-content: start; margin: 0; }
.measures div { display: flex; flex-direction: column; }
.measures dt { order: 1; font-weight: 600; }
.measures .figure { margin: 0; font-size: 1.7rem; line-height: 1.2; font-variant-numeric: tabular-nums; }
.measures .meaning { order: 2; margin: 0; color: var(--quiet); font-size: .85rem; line-height: 1.4; }
.row { padding: 1rem 0 1.25rem; border-top: 1px solid var(--line); }
.row h2 { font-size: .85rem; font-weight: 600; color: var(--quiet); }
.field { display: grid; gap: .25rem 2rem; margin-top: .75rem; }
.field h3 { margin: 0; font-size: .85rem; font-weight: 600; color: var(--quiet); overflow-wrap: anywhere; }
.side-name { display: block; font-size: .75rem; line-height: 1.4; color: var(--quiet); }
.field > div + div { padding-inline-start: .75rem; border-inline-start: 3px solid var(--mark); }
.text { margin: 0; line-height: 1.75; white-space: pre-wrap; overflow-wrap: anywhere; unicode-bidi: plaintext; }
.heads { display: none; }
.was { background: var(--was); border-radius: 3px; }
mark, .was, span.protected { box-decoration-break: clone; -webkit-box-decoration-break: clone; }
mark.unit-phrase, .was.unit-phrase { text-decoration: underline solid 2px; text-underline-offset: .2em; }
mark.unit-sentence, .was.unit-sentence {
  border-inline: 3px solid currentColor; box-decoration-break: slice; -webkit-box-decoration-break: slice;
}
mark.behind { outline: 1px dashed currentColor; outline-offset: 0; }
mark[data-language]::before {
  content: attr(data-language); margin-inline-end: .25em; font-size: .7em; font-weight: 700; vertical-align: .3em;
  line-height: 1; unicode-bidi: isolate;
}
.marks { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: -1.25rem 0 2rem; font-size: .925rem; }
.summary th.within { padding-inline-start: 2rem; font-weight: 400; }
.text:empty::before { content: "empty"; color: var(--quiet); font-style: italic; }
.word { text-underline-offset: .22em; }
span.protected { outline: 1px solid var(--protected); outline-offset: 1px; border-radius: 2px; }
.swatch { fill: currentColor; }
details { font-size: .875rem; margin-top: .25rem; }
summary { color: var(--quiet); cursor: pointer; width: fit-content; }
details dl { margin: .5rem 0 .25rem; display: grid; grid-template-columns: max-content 1fr; gap: .2rem 1rem; }
details dd { margin: 0; overflow-wrap: anywhere; }
@media (max-width: 30rem) {
  .summary .meaning-cell { grid-column: 1 / -1; font-size: .85rem; line-height: 1.4; }
  .summary .meaning-cell:empty { display: none; }
  .summary th.within ~ .meaning-cell { padding-inline-start: 2rem; }
  .summary tbody { display: block; }
  .summary tr {
    display: grid; grid-template-columns: 1fr auto 4.5rem; padding: .4rem 0; border-top: 1px solid var(--line);
  }
  .summary tr > *, .summary tr + tr > * { border: 0; padding: 0; }
  details dl { grid-template-columns: 1fr; }
  details dd { margin-bottom: .4rem; }
}
@media (min-width: 46rem), print {
  .measures { grid-template-columns: repeat(4, 1fr); }
  .field { grid-template-columns: 1fr 1fr; }
  .field > div + div { padding: 0; border: 0; }
  .field h3, .field details, .kept { grid-column: 1 / -1; }
  .side-name { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
  .heads {
    display: grid; grid-template-columns: 1fr 1fr; gap: 2rem; position: sticky; top: 0; padding: .4rem 0;
    background: var(--ground); border-bottom: 1px solid var(--line); font-weight: 600; font-size: .925rem; z-index: 1;
  }
  .heads + .row { border-top: 0; }
}
@media (min-width: 64rem) {
  .summary { grid-template-columns: 3fr 2fr; }
  .measures { grid-template-columns: 1fr 1fr; }
  .field, .heads { grid-template-columns: 7rem 1fr 1fr; }
  .heads span:first-child { grid-column: 2; }
  .field h3 { grid-column: 1; line-height: 1.75rem; }
  .field details, .kept { grid-column: 2 / -1; }
}
@media print { .heads { position: static; } .row { break-inside: avoid; } }
"""
    + "".join(
        f".word.{css_name(outcome)} {{ text-decoration: {line} 2px var(--{css_name(outcome)}); }}\n"
        for outcome, line in LINES.items()
    )
    + "".join(
        f".bar .{name}, .swatch .{name} {{ fill: var(--{name}); }}\n"
        for name in (css_name(outcome) for outcome in Outcome)
    )
)
