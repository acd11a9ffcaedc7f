"""Answers to a user's prompts as rows of JSON, in the order of the prompts: as they come, or into a file.

A file goes on after a kill: finished batches are kept beside it, and the same call comes to the same file.
"""

import hashlib
import json
import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from commit_llm import __version__
from commit_llm.data.request_forms import RequestForm
from commit_llm.data.requests import Request, RequestError
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.evaluate.answer_text import Answer
from commit_llm.evaluate.answers import Answerer, answer
from commit_llm.evaluate.encoded_prompts import EncodedPrompt
from commit_llm.evaluate.endings import Ending
from commit_llm.evaluate.token_choice import TokenChoice
from commit_llm.files.disk import writing
from commit_llm.files.records import Record
from commit_llm.files.unfinished import JOINED, Parts, refuse_existing_output, unfinished
from commit_llm.files.whole import refuse_existing_file
from commit_llm.runs.evaluation import write_lines

ANSWER, REASON = "answer", "finish_reason"  # what a row has beside the fields of its record
ROWS = ".jsonl"
Progress = Callable[[int, int], None]  # of (answers that are there, all prompts)


@dataclass(frozen=True)
class Answering:
    """Say what is asked, of which model, and how.

    records: what was read, each with what it asks.
    prompts: the same, encoded (`encode_requests`).
    answer_field: the name that the answer gets in its row.
    longest: tokens that a prompt may have.
    """

    model: Answerer
    form: RequestForm
    records: Sequence[tuple[Record, Request]]
    prompts: Sequence[EncodedPrompt]
    choice: TokenChoice
    batch_size: int
    max_new_tokens: int
    longest: int
    answer_field: str = ANSWER

    def batches(self, answered: Mapping[int, Answer]) -> Iterator[dict[int, Answer]]:
        """Answer the prompts, batch by batch, but for the batches that are answered already."""
        return answer(
            self.model,
            self.prompts,
            self.batch_size,
            ending=Ending(self.model.stops, until=()),
            longest=self.longest,
            answered=answered,
            max_new_tokens=self.max_new_tokens,
            choice=self.choice,
        )

    def row(self, place: int, given: Answer) -> dict[str, Any]:
        """Give the row of an answer: the fields of its record, the answer, and why it ended."""
        return {**self.records[place][0], self.answer_field: given.text, REASON: given.finish_reason}

    def what(self) -> dict[str, Any]:
        """Give all that decides on the answers, by name: a file that was begun with another of them is another one."""
        model = self.model
        return {
            "model": model.fingerprint,
            "prompts": self._hash(),
            "tokenizer": model.tokenizer.fingerprint(),
            "bos": list(model.tokenizer.bos),
            "prompt": self.form.describe(),
            "stops": list(model.stops),
            "dtype": np.dtype(model.dtype).name,
            "batch size": self.batch_size,
            "max new tokens": self.max_new_tokens,
            "temperature": self.choice.temperature,
            "top-p": self.choice.top_p,
            "seed": self.choice.seed,
            "answer field": self.answer_field,
            "commit-llm": __version__,
        }

    def _hash(self) -> str:
        digest = hashlib.sha256()
        for (record, _), prompt in zip(self.records, self.prompts, strict=True):
            line = json.dumps([record, prompt.ids], ensure_ascii=False)
            digest.update(line.encode("utf-8", "surrogatepass") + b"\n")
        return digest.hexdigest()


def require_writable(records: Sequence[tuple[Record, Request]], source: str, answer_field: str = ANSWER) -> None:
    """Raise UserError naming the first record whose row could not be written. It takes no model.

    source: where they come from.
    """
    for number, (record, _) in enumerate(records, 1):
        where = f"{source}: record {number}"
        if answer_field in record:
            raise UserError(f"{where}: it has a field {answer_field!r} already; name another with --answer-field")
        if REASON in record or answer_field == REASON:
            raise UserError(f"{where}: it has a field {REASON!r}, which says why an answer ended; rename it")
        try:
            json.dumps(record)
        except TypeError as error:
            raise UserError(f"{where}: a value has no JSON form ({error}); leave that field out") from None


def encode_requests(
    form: RequestForm,
    tokenizer: Tokenizer,
    records: Sequence[tuple[Record, Request]],
    source: str,
    longest: int,
    max_new_tokens: int,
) -> list[EncodedPrompt]:
    """Encode all prompts, which takes no weights. Raises UserError naming the first record that cannot be asked.

    source: where they come from.
    longest: tokens that a prompt may have beside so many new ones.
    """
    prompts = []
    for number, (_, request) in enumerate(records, 1):
        where = f"{source}: record {number}"
        try:
            ids = form.encode(tokenizer, request)
        except RequestError as error:
            raise UserError(f"{where}: {error}") from None
        if len(ids) > longest:
            raise UserError(
                f"{where}: it has {len(ids):,} tokens, and the model has room for {longest:,} beside an answer of "
                f"--max-new-tokens {max_new_tokens:,}; shorten it, or take fewer new tokens"
            )
        prompts.append(EncodedPrompt(ids, False))
    return prompts


def answer_rows(job: Answering, progress: Progress = lambda done, total: None) -> Iterator[dict[str, Any]]:
    """Give the rows in the order of the prompts, each as soon as those before it are there too."""
    waiting: dict[int, Answer] = {}
    done = given = 0
    progress(0, len(job.prompts))
    for batch in job.batches({}):
        waiting |= batch
        done += len(batch)
        progress(done, len(job.prompts))
        while given in waiting:
            yield job.row(given, waiting.pop(given))
            given += 1


def write_answers(
    job: Answering, out: Path, overwrite: bool = False, progress: Progress = lambda done, total: None
) -> int:
    """Write the rows into a .jsonl file, and give the number of answers that an earlier, unfinished call had kept.

    Raises UserError where there is a finished file, or one was begun with something else, unless overwrite is set.
    """
    require_rows_file(out, overwrite)
    prompts = job.prompts
    with writing(out), unfinished(out, job.what(), overwrite) as parts:
        answers = dict(_kept(parts))
        earlier = len(answers)
        progress(earlier, len(prompts))
        for batch in job.batches(answers):
            _keep(parts, batch)
            answers |= batch
            progress(len(answers), len(prompts))
        write_lines(parts.folder / JOINED, (job.row(place, answers[place]) for place in range(len(prompts))))
        refuse_existing_file(out, overwrite)  # something may have come there meanwhile
        parts.finish(out)
    return earlier


def require_rows_file(out: Path, overwrite: bool) -> None:
    """Raise UserError where answers cannot be written to a file of this name."""
    if out.suffix != ROWS:
        raise UserError(f"--out {out}: answers are JSON lines; name a {ROWS} file")
    refuse_existing_output(out, overwrite)


def _keep(parts: Parts, batch: Mapping[int, Answer]) -> None:
    """Keep the answers of a batch as a part, which has the number of its first prompt."""
    number = min(batch)
    written = parts.folder / f"{number:06}.{os.getpid()}"
    write_lines(written, ({"place": place, **given._asdict()} for place, given in batch.items()))
    parts.keep(number, written, len(batch), [])


def _kept(parts: Parts) -> Iterator[tuple[int, Answer]]:
    for number in parts.done:
        # Line by line of the file: splitlines() would also cut at U+2028 and others, which an answer may hold.
        with parts.path(number).open(encoding="utf-8", errors="surrogatepass", newline="\n") as file:
            for line in file:
                row = json.loads(line)
                yield row.pop("place"), Answer(**row)
