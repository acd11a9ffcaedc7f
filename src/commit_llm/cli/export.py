"""`commit-llm export`: write a run's model as a Hugging Face folder, or its adapter as PEFT's."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal

import tyro

from commit_llm.cli.lines import say
from commit_llm.cli.parse import parse
from commit_llm.errors import UserError


@dataclass(frozen=True)
class ExportCommand:
    """Write a run's model as a Hugging Face folder for `transformers`, with an adapter merged into its base.

    Every tensor is read back from the file and compared.
    """

    run: Annotated[Path, tyro.conf.Positional]
    """A run directory."""
    out: Path
    """The folder to make."""
    step: int | None = None
    """Checkpoint to export. Default: the newest."""
    dtype: Literal["float32", "float16", "bfloat16"] | None = None
    """Dtype of the weights. Default: as before training (bfloat16 for float32); float16 for -2024.
    With LoRA always as in the base."""
    adapter: bool = False
    """Write only the adapter of a run with --lora-r, in the form that `peft` and vLLM load with the base."""
    overwrite: bool = False
    """Replace an output that exists."""


def run(argv: list[str]) -> None:
    command = parse(ExportCommand, "export", argv)
    if command.adapter:
        if command.dtype is not None:
            raise UserError(f"--dtype {command.dtype}: an adapter is float32, as it was trained; leave it out")
        from commit_llm.train.adapter_export import export_adapter

        base = export_adapter(command.run, command.out, step=command.step, overwrite=command.overwrite)
        say(f"wrote {command.out}, an adapter of {base}; load it with peft.AutoPeftModelForCausalLM.from_pretrained")
        return
    from commit_llm.train.export import export

    dtype = export(command.run, command.out, step=command.step, dtype=command.dtype, overwrite=command.overwrite)
    say(f"wrote {command.out} ({dtype}); load it with transformers.AutoModelForCausalLM.from_pretrained")
