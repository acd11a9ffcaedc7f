"""`commit-llm report`: a run's page, one self-contained HTML file."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from commit_llm.cli.parse import parse
from commit_llm.errors import UserError

PAGE = "report.html"


@dataclass(frozen=True)
class Report:
    """Write a run's page: curves, recipe, what mixing made of its data, training examples as tokens, provenance.

    A run that is training can be looked at; it is not disturbed.
    """

    run: Annotated[Path, tyro.conf.Positional]
    """A run directory."""
    out: Path | None = None
    """The page, an .html file. Default: report.html in the run, where an earlier one is replaced."""
    rows: int = 8
    """How many training examples to show, from the first."""
    overwrite: bool = False
    """Replace a page that exists."""


def run(argv: list[str]) -> None:
    command = parse(Report, "report", argv)
    import dataclasses

    from commit_llm.data.files import refuse_existing_file, whole_file
    from commit_llm.data.samples import Looked, look
    from commit_llm.report.run_files import CONFIG, left_out, read_logs, read_provenance, require_run
    from commit_llm.report.run_page import RunPage, run_page
    from commit_llm.train.recipes import find_recipe, load_recipe, nearest_recipe
    from commit_llm.train.sources import open_sources

    if command.rows < 1:
        raise UserError(f"--rows {command.rows}: must be at least 1")
    out = command.run / PAGE if command.out is None else command.out
    if out.suffix not in (".html", ".htm"):
        raise UserError(f"--out {out}: the page is an .html file")
    require_run(command.run)
    overwrite = command.overwrite or out.resolve() == (command.run / PAGE).resolve()
    refuse_existing_file(out, overwrite)
    recipe, provenance = load_recipe(command.run / CONFIG), read_provenance(command.run)
    name = nearest_recipe(recipe)
    files = provenance.get("files")
    looked: Looked | str
    records = 0
    try:
        make = open_sources(command.run, recipe, files if isinstance(files, dict) else {})
        looked, records = look(make, command.rows), len(make.records)
    except UserError as error:  # the rest of the page is made all the same
        looked = str(error)
    told = RunPage(
        command.run.resolve().name,
        dataclasses.asdict(recipe),
        (name, dataclasses.asdict(find_recipe(name))),
        read_logs(command.run),
        provenance,
        looked,
        records,
        left_out(command.run),
    )
    with whole_file(out, overwrite) as temporary:
        temporary.write_text(run_page(told), encoding="utf-8")
    print(f"wrote {out}")
