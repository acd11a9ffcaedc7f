"""Start commands of commit-llm from a process that has imported all of it, so that each begins at once.

A command is a fork of this process, as whole as one that a shell starts: it has its own signals, output and end.
Requests and answers are lines of JSON. `python -m tests.faults.command_server` starts it; `commands.py` speaks with it.
"""

import importlib
import json
import os
import resource
import select
import signal
import sys
import time
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

from commit_llm.cli.main import COMMANDS, entry
from tests.faults.moments import Moment, Watch

USED = [
    "codemix", "data.fetch_dictionary", "data.mix_file", "cli.progress", "pipeline", "quickstart.summary",
    "report.comparison.output_folder", "report.comparison.systems", "study.conduct", "study.study_report",
    "train.loop", "vocabulary.extend",
]  # fmt: skip
CHUNK_ROWS = 60  # of `mix`, so that a small file has parts
ENDING_SECONDS = 20  # after which a process that a killed command started has ended too


def make_small() -> None:
    """Import everything, and make what takes long small: mixing's chunks, the quickstart, the list of English words."""
    for module in [module for module, _ in COMMANDS.values()] + [f"commit_llm.{name}" for name in USED]:
        importlib.import_module(module)
    from commit_llm.data import mix_file
    from commit_llm.quickstart import example, experiment
    from commit_llm.vocabulary import english

    mix_file.Job = partial(mix_file.Job, chunk_rows=CHUNK_ROWS)  # type: ignore[misc, assignment]
    example.write_example = partial(example.write_example, training_people=20, test_people=4)
    experiment.SETTINGS = replace(
        experiment.SETTINGS, base_steps=4, steps=3, rows=4, base_rows=4, warmup_steps=1, questions_at_a_time=8
    )
    words = english.english_words()[::200]
    english.english_words = lambda: words


class Started:
    """Hold a command that was started: its process and what it writes."""

    def __init__(self, process: int, outputs: list[int]) -> None:
        self.process, self.outputs = process, outputs
        self.written: dict[int, bytes] = dict.fromkeys(outputs, b"")

    def wait(self, seconds: float) -> dict[str, Any]:
        """Give the status of the command and what it wrote; what it left running is ended and counted."""
        end, status, open_outputs = time.monotonic() + seconds, None, list(self.outputs)
        while status is None or open_outputs:
            ready, _, _ = select.select(open_outputs, [], [], 0.05)
            for output in ready:
                if read := os.read(output, 1 << 16):
                    self.written[output] += read
                else:
                    open_outputs.remove(output)
            if status is None:
                process, raw = os.waitpid(self.process, os.WNOHANG)
                if process:
                    status = os.waitstatus_to_exitcode(raw)
                    end = min(end, time.monotonic() + ENDING_SECONDS)
            if time.monotonic() > end:
                break
        late = status is None
        if late or open_outputs:
            os.killpg(self.process, signal.SIGKILL)
        if late:
            os.waitpid(self.process, 0)
        for output in self.outputs:
            os.close(output)
        out, errors = (self.written[output].decode("utf-8", "replace") for output in self.outputs)
        return {"status": status, "out": out, "errors": errors, "left": bool(open_outputs) and not late}


def start(request: dict[str, Any]) -> Started | None:
    """Fork, and give the command in the process that stays; None in the one that becomes the command."""
    pipes = [os.pipe(), os.pipe()]
    process = os.fork()
    if process:
        for _, writes in pipes:
            os.close(writes)
        return Started(process, [reads for reads, _ in pipes])
    os.setsid()
    signal.signal(signal.SIGINT, signal.default_int_handler)  # a shell lets what it starts in the background ignore it
    os.dup2(os.open(os.devnull, os.O_RDONLY), 0)
    for descriptor, (_, writes) in enumerate(pipes, 1):
        os.dup2(writes, descriptor)
    sys.argv = ["commit-llm", *request["words"]]
    watch = Watch(Path(request["folder"]), Moment(*request["moment"]), Path(request["control"]))
    watch.begin()
    try:
        entry()
    finally:
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        watch.end()
    return None


def serve() -> None:
    """Answer requests until there are no more: a command to start, or one to wait for."""
    make_small()
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    started: dict[int, Started] = {}
    print(json.dumps("ready"), file=answers, flush=True)
    while line := sys.stdin.readline():
        request = json.loads(line)
        if "wait" in request:
            answer: Any = started.pop(request["wait"]).wait(request["seconds"])
        else:
            command = start(request)
            if command is None:
                return
            started[command.process] = command
            answer = command.process
        print(json.dumps(answer), file=answers, flush=True)


if __name__ == "__main__":
    serve()
