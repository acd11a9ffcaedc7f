"""The style of a run's page, added to the style of the preview, whose shares and measures it shows."""

from commit_llm.report.preview.preview_style import STYLE as OF_PREVIEW

STYLE = (
    OF_PREVIEW
    + """
main > section { margin-top: 2.5rem; }
main > section > h2 { font-size: 1.2rem; margin-bottom: .75rem; }
.listing h3, section > h3 { font-size: .95rem; margin: 1.25rem 0 .25rem; }
.facts { display: flex; flex-wrap: wrap; gap: .75rem 2rem; margin: 1rem 0 0; }
.facts div { display: flex; flex-direction: column; }
.facts dt { color: var(--quiet); font-size: .85rem; }
.facts dd { margin: 0; font-size: 1.25rem; line-height: 1.3; font-variant-numeric: tabular-nums; }
.note { margin: .25rem 0; font-size: .9rem; }
.curves { display: grid; grid-template-columns: repeat(auto-fill, minmax(min(100%, 20rem), 1fr)); gap: 1rem 1.5rem; }
.curves figure { margin: 0; }
.curves img { display: block; width: 100%; max-width: 30rem; height: auto; }
main .summary { margin: 1rem 0 0; }
.settings { margin: 0 0 .75rem; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.5rem; margin: 0 0 .5rem; font-size: .9rem; }
.sample { padding: 1rem 0 .5rem; border-top: 1px solid var(--line); }
.sample h3 { margin: 0 0 .5rem; font-size: .95rem; }
.sample h3 .quiet { font-weight: 400; font-size: .875rem; }
.part { margin: .5rem 0; padding-inline-start: .9rem; border-inline-start: 4px solid; }
.part.trained { border-inline-start-color: var(--good); border-inline-start-style: solid; }
.part.untrained { border-inline-start-color: var(--quiet); border-inline-start-style: dotted; }
.untrained .text { color: var(--quiet); }
.label { margin: 0; font-size: .8rem; line-height: 1.5; color: var(--quiet); }
.trained .label { color: var(--good); font-weight: 600; }
.token {
  padding: 0 .25em; border: 1px solid var(--quiet); border-radius: 4px; color: var(--quiet);
  font: .85em/1.3 ui-monospace, "DejaVu Sans Mono", monospace; white-space: nowrap;
}
.cut { margin: .5rem 0; color: var(--quiet); font-style: italic; font-size: .9rem; }
.listing { width: 100%; font-size: .925rem; margin-bottom: 1rem; }
.listing tr + tr > *, .listing tbody tr:first-child > * { border-top: 1px solid var(--line); }
.listing th { font-weight: 600; }
.listing thead th { color: var(--quiet); font-size: .85rem; font-weight: 600; border: 0; }
.listing td, .listing th { overflow-wrap: anywhere; }
.listing tbody th { min-width: 7rem; }
code { font: .85em/1.4 ui-monospace, "DejaVu Sans Mono", monospace; overflow-wrap: anywhere; }
.inner { display: flex; flex-wrap: wrap; gap: 0 1.25rem; margin: 0; }
.inner dt, .inner dd { display: inline; margin: 0; }
.inner dt { color: var(--quiet); }
@media (max-width: 46rem) {
  .listing thead { display: none; }
  .listing, .listing tbody, .listing tr, .listing th, .listing td { display: block; }
  .listing tr { padding: .4rem 0; border-top: 1px solid var(--line); }
  .listing tr > *, .listing tr + tr > *, .listing tbody tr:first-child > * { border: 0; padding: 0; }
  .listing td[data-head]:not([data-head=""])::before { content: attr(data-head) ": "; color: var(--quiet); }
}
"""
)
