"""`commit-llm generate`: answers to a file of prompts or conversations."""

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from commit_llm.cli.answering import USUAL, AnsweringFlags, answerer, opened
from commit_llm.cli.lines import say, say_json
from commit_llm.cli.parse import parse
from commit_llm.errors import UserError

MAX_NEW_TOKENS = 256  # as in an evaluation


@dataclass(frozen=True)
class Generate:
    """Answer a file of prompts or conversations, as JSON lines: each record's own fields, `answer`, and
    `finish_reason`: `stop` if the model ended the answer, `length` if --max-new-tokens did."""

    model: Annotated[str, tyro.conf.Positional]
    """Model folder, PEFT adapter folder, hub id, or run directory."""
    prompts: str
    """A data file of records with `prompt`, with `instruction` and `input`, or with `messages`; a .txt with a prompt a
    line; or - for standard input, with JSON (lines or a list) or a prompt a line."""
    columns: tuple[str, ...] = ()
    """Columns under other names, FIELD=COLUMN each: prompt=question; or instruction=question input=context; or
    messages=turns."""
    out: Path | None = None
    """A .jsonl file for the answers. After a kill the same command resumes it. Default: standard output."""
    batch_size: int = 8
    """Prompts of full length to answer at a time; more of short ones, in the same memory."""
    answer_field: str = "answer"
    """Field for the answer; choose another name if the records already have this field."""
    answering: AnsweringFlags = USUAL
    overwrite: bool = False
    """Replace an output that exists."""


def run(argv: list[str]) -> None:
    command = parse(Generate, "generate", argv)
    from commit_llm.cli.progress import bars
    from commit_llm.data.column_names import column_names
    from commit_llm.data.requests import STANDARD_INPUT, read_requests
    from commit_llm.generate.answer_rows import (
        Answering,
        answer_rows,
        encode_requests,
        require_rows_file,
        require_writable,
        write_answers,
    )

    if command.batch_size < 1:
        raise UserError(f"--batch-size {command.batch_size}: must be at least 1")
    if command.out is None and command.overwrite:
        raise UserError("--overwrite: there is no --out; leave it out, or name a file")
    if command.out is not None:
        require_rows_file(command.out, command.overwrite)
    is_stream = command.prompts == "-"
    if is_stream and sys.stdin.isatty():
        say("a prompt a line, or JSON lines; Ctrl-D ends them", to_stderr=True)
    records = read_requests(sys.stdin.buffer if is_stream else Path(command.prompts), column_names(command.columns))
    name = STANDARD_INPUT if is_stream else command.prompts
    require_writable(records, name, command.answer_field)
    source, form, choice, new_tokens, longest = opened(command.model, command.answering, MAX_NEW_TOKENS)
    prompts = encode_requests(form, source.tokenizer, records, name, longest, new_tokens)
    model = answerer(source, command.answering)
    job = Answering(
        model, form, records, prompts, choice, command.batch_size, new_tokens, longest, command.answer_field
    )
    if command.out is None:
        stdout = sys.stdout  # a bar on standard error would take lines that are printed meanwhile for its own
        with bars(quiet=stdout.isatty()) as bar:
            for row in answer_rows(job, lambda done, total: bar("answering", done, total, unit="prompt")):
                say_json(row, indent=None, file=stdout)
        return
    with bars() as bar:
        earlier = write_answers(
            job, command.out, command.overwrite, lambda done, total: bar("answering", done, total, unit="prompt")
        )
    kept = f", {earlier:,} of them from before" if earlier else ""
    say(f"wrote {len(records):,} answers to {command.out}{kept}")
