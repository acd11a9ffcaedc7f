"""`commit-llm export`: write a run's model as a Hugging Face folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from commit_llm.cli.lines import say
from commit_llm.cli.parse import parse


@dataclass(frozen=True)
class ExportCommand:
    """Write a run's model as a Hugging Face folder, which `transformers` loads.

    Every tensor is read back from the file and compared.
    """

    run: Annotated[Path, tyro.conf.Positional]
    """A run directory."""
    out: Path
    """The folder to make."""
    step: int | None = None
    """Checkpoint to export. Default: the newest."""
    dtype: Literal["float32", "float16", "bfloat16"] | None = None
    """Of the weights. Default: that of the weights training began with (bfloat16 for float32); float16 for -2024."""
    overwrite: bool = False
    """Replace an output that exists."""


def run(argv: list[str]) -> None:
    command = parse(ExportCommand, "export", argv)
    from commit_llm.train.export import export

    dtype = export(command.run, command.out, step=command.step, dtype=command.dtype, overwrite=command.overwrite)
    say(f"wrote {command.out} ({dtype}); load it with transformers.AutoModelForCausalLM.from_pretrained")
