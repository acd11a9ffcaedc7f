"""`commit-llm report`: a run's page, one self-contained HTML file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from commit_llm.cli.lines import say
from commit_llm.cli.parse import parse
from commit_llm.errors import UserError

PAGE = "report.html"


@dataclass(frozen=True)
class ReportCommand:
    """Write a page about a run: curves, recipe, mixed data, training examples as tokens, provenance.

    You may report on a run while it trains; this does not disturb it.
    """

    run: Annotated[Path, tyro.conf.Positional]
    """A run directory, or the output of `run`."""
    out: Path | None = None
    """The page, an .html file. Default: report.html in the run, which replaces an earlier one."""
    rows: int = 8
    """How many training examples to show, from the first."""
    overwrite: bool = False
    """Replace a page that exists."""


def run(argv: list[str]) -> None:
    command = parse(ReportCommand, "report", argv)
    import dataclasses

    from commit_llm.data.example_views import ExampleViews, view_examples
    from commit_llm.files.whole import refuse_existing_file, whole_file
    from commit_llm.recipes import find_recipe, load_recipe, nearest_recipe
    from commit_llm.report.run.run_page import RunPage, run_page
    from commit_llm.runs.chain import RUN, name_of
    from commit_llm.runs.logs import left_out, read_logs
    from commit_llm.runs.run import CONFIG, HUB, find_run, read_provenance
    from commit_llm.runs.sources import open_run_sources

    if command.rows < 1:
        raise UserError(f"--rows {command.rows}: must be at least 1")
    if command.out is not None and command.out.suffix not in (".html", ".htm"):
        raise UserError(f"--out {command.out}: the page is an .html file; name one")
    run = find_run(command.run)
    out = run / PAGE if command.out is None else command.out
    overwrite = command.overwrite or out.resolve() == (run / PAGE).resolve()
    refuse_existing_file(out, overwrite)
    recipe, provenance = load_recipe(run / CONFIG), read_provenance(run)
    name = nearest_recipe(recipe)
    files, hub = (value if isinstance(value, dict) else {} for value in map(provenance.get, ("files", HUB)))
    looked: ExampleViews | str
    records = 0
    try:
        makes = open_run_sources(run, recipe, files, hub)
        looked, records = view_examples(recipe, makes, command.rows), sum(len(make.records) for make in makes)
    except UserError as error:  # the rest of the page is made all the same
        looked = error.for_command()
    content = RunPage(
        name_of(run, RUN),
        dataclasses.asdict(recipe),
        (name, dataclasses.asdict(find_recipe(name).settled())),
        read_logs(run),
        provenance,
        looked,
        records,
        left_out(run),
    )
    with whole_file(out, overwrite) as temporary:
        temporary.write_text(run_page(content), encoding="utf-8")
    say(f"wrote {out}")
