"""Mix a file larger than memory: chunk by chunk, by several processes, and on from where it was after a kill."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from commit_llm import __version__
from commit_llm.codemix import CodeMixer, Counts
from commit_llm.data.mix_records import RecordCounts, mix_records
from commit_llm.data.mix_tables import mix_table
from commit_llm.data.mixed_fields import ALL, Fields, text_columns
from commit_llm.errors import UserError
from commit_llm.files.chunks import ROWS, SIZE, Chunk, blocks, chunks, length, table_blocks
from commit_llm.files.data_format import layout_of, require_data_file, require_written_suffix
from commit_llm.files.disk import DiskError, writing
from commit_llm.files.provenance import describe, sha256, sidecar, write_provenance
from commit_llm.files.records import records_of
from commit_llm.files.unfinished import JOINED, FinishedPart, Parts, refuse_existing_output, unfinished
from commit_llm.files.whole import refuse_existing_file
from commit_llm.files.workers import WorkerKilledError, give_back_freed_memory, map_in_order
from commit_llm.files.writing import join_parts, write_part, write_table_part

ROLES = "mix_roles"  # of a recipe: it decides on conversations alone, and is told of those


class Report(Protocol):
    """Show progress: what is going on, how far it is, and how many records this process has mixed."""

    def __call__(self, doing: str, reached: int, total: int, rows: int = 0) -> None: ...


def silent(doing: str, reached: int, total: int, rows: int = 0) -> None:
    """Show no progress."""


# check(counts, columns, more) looks at the first chunk: the counts of its words, its first texts by field, and whether
# more chunks follow. It may give a warning. If then no word of the whole file can be replaced, the warning becomes the
# message of the error. It raises UserError where it makes no sense to go on.
Check = Callable[[Counts, Mapping[str, Any], bool], str | None]


@dataclass(frozen=True)
class Job:
    """Describe one file to mix.

    input: the file.
    out: the mixed file.
    mixer: what mixes it.
    fields: the texts that are mixed.
    dictionaries, sentences: the mixer's files, each with what its provenance says besides (weight, pairs).
    other_files: more files that decide on the output.
    recipe: the settings that decide on the output, by name.
    chunk_rows: the most records of a chunk.
    chunk_bytes: about the most bytes of text of a chunk.
    """

    input: Path
    out: Path
    mixer: CodeMixer
    fields: Fields = ALL
    dictionaries: Sequence[tuple[Path, Mapping[str, Any]]] = ()
    sentences: Sequence[tuple[Path, Mapping[str, Any]]] = ()
    other_files: Sequence[Path] = ()
    recipe: Mapping[str, Any] = field(default_factory=dict)
    chunk_rows: int = ROWS
    chunk_bytes: int = SIZE


class MixedFile(NamedTuple):
    """Count what is in a mixed file.

    rows: its records.
    earlier_rows: those that an earlier, unfinished call had mixed.
    counts: the outcomes of all words.
    conversations: how many records are conversations.
    faulty: how many of those have a fault, and are as they were.
    fault: what the first of these has, and where.
    """

    rows: int
    earlier_rows: int
    counts: Counts
    conversations: int = 0
    faulty: int = 0
    fault: str = ""


def mix_file(
    job: Job,
    *,
    workers: int = 1,
    overwrite: bool = False,
    report: Report = silent,
    check: Check = lambda counts, columns, more: None,
) -> MixedFile:
    """Mix a file into `out`, in the format its suffix names, and write its provenance beside it.

    The bytes are the same for any number of workers, and after any number of kills: finished chunks are kept beside
    `out`, and the same call goes on with them.

    The input is recognised by its hash. Its date would also change where it is only copied, the provenance needs the
    hash anyway, and reading a file once more takes a few percent of the time that mixing it does.

    Raises UserError where input, output or settings are wrong, or where `out` was begun with others (unless
    overwrite). Finished chunks are then removed, but for a refusal, a killed worker or an error of the disk.
    """
    refuse_existing_output(job.out, overwrite)
    require_written_suffix(job.out)
    require_data_file(job.input)
    before = _size_and_date(job.input)
    source = describe(job.input, sha256(job.input, lambda position: report("reading (bytes)", position, before[0])))
    dictionaries, sentences = (
        [{**describe(path, sha256(path)), **more} for path, more in files]
        for files in (job.dictionaries, job.sentences)
    )
    other_files = [describe(path, sha256(path)) for path in job.other_files]
    what = {
        "input": source["sha256"],
        "dictionaries": [dictionary["sha256"] for dictionary in dictionaries],
        "sentences": [file["sha256"] for file in sentences],
        "other files": [file["sha256"] for file in other_files],
        **job.recipe,
        "chunks": [job.chunk_rows, job.chunk_bytes],
        "commit-llm": __version__,
    }
    with writing(job.out), unfinished(job.out, what, overwrite) as parts:
        earlier_rows = sum(part.rows for part in parts.done.values())
        try:
            warning = _mix_chunks(job, parts, workers, report, check)
            if _size_and_date(job.input) != before:
                raise UserError(f"{job.input}: changed while it was mixed; start again when it is finished")
            finished = [parts.done[number] for number in sorted(parts.done)]
            rows, tally = sum(part.rows for part in finished), _tally(finished)
            counts = tally.words
            if tally.faulty == rows:
                raise UserError(f"{job.input}: no record is a conversation that can be mixed; {tally.fault}")
            if warning and not counts.hits:
                raise UserError(warning)
            output = _join(job, parts, rows, report)
        except (WorkerKilledError, DiskError):
            raise
        except UserError:
            parts.remove()  # nothing can go on with them: the input or a setting has to be another one
            raise
        refuse_existing_file(job.out, overwrite)  # something may have come there meanwhile; the parts stay
        write_provenance(
            sidecar(job.out),
            source={**source, "rows": rows},
            dictionaries=dictionaries,
            sentences=sentences,
            others=other_files,
            recipe={name: value for name, value in job.recipe.items() if name != ROLES or tally.conversations},
            languages=job.mixer.count_languages(rows),
            counts={"words": counts.words, "hits": counts.hits, **counts._asdict(), **_conversations(tally)},
            output=output,
        )
        parts.finish(job.out)  # last: the file says that all is done
    return MixedFile(rows, earlier_rows, *tally)


def _tally(parts: Sequence[FinishedPart]) -> RecordCounts:
    """Add up what was counted in parts, which are in order."""
    total = RecordCounts()
    for part in parts:
        *words, conversations, faulty = part.counts
        total = total.plus(RecordCounts(Counts(*words), conversations, faulty, part.note))
    return total


def _conversations(tally: RecordCounts) -> dict[str, int]:
    """Give what provenance says of conversations, where there are any."""
    if not tally.conversations:
        return {}
    return {"conversations": tally.conversations, "faulty_conversations": tally.faulty}


def _size_and_date(path: Path) -> tuple[int, int]:
    status = path.stat()
    return status.st_size, status.st_mtime_ns


def _mix_chunks(job: Job, parts: Parts, workers: int, report: Report, check: Check) -> str | None:
    """Mix the chunks that are missing; gives what the check of the first one says."""
    total, unit = length(job.input)
    doing, rows, warning = f"mixing ({unit})", 0, None
    checked = bool(parts.done)

    def missing() -> Iterator[Chunk]:
        for chunk in chunks(job.input, job.chunk_rows, job.chunk_bytes):
            if chunk.number in parts.done:
                report(doing, chunk.done, total)
            else:
                yield chunk
            del chunk  # while the next one is read

    with closing(map_in_order(partial(_worker, job, parts.folder), missing(), workers)) as results:
        for chunk, (written, tally) in results:
            if not checked and tally.faulty < chunk.rows:
                checked = True
                row, first = next(blocks(job.input, chunk))
                with records_of(job.input):
                    columns = text_columns(first, job.fields, row)
                warning = check(tally.words, columns, chunk.done < total)
            counts = [*tally.words, tally.conversations, tally.faulty]
            parts.keep(chunk.number, written, chunk.rows, counts, tally.fault)
            rows += chunk.rows
            report(doing, chunk.done, total, rows)
            del chunk
    return warning


def _worker(job: Job, folder: Path) -> Callable[[Chunk], tuple[Path, RecordCounts]]:
    give_back_freed_memory()  # of this worker
    return partial(_mix_chunk, job, folder)


def _mix_chunk(job: Job, folder: Path, chunk: Chunk) -> tuple[Path, RecordCounts]:
    """Write a chunk's part under a name of this process's own: only the owner of the folder declares it finished."""
    written = folder / f"{chunk.number:06}.{os.getpid()}"
    tally = RecordCounts()

    def mixed(
        mix: Callable[..., tuple[Any, RecordCounts]], blocks: Iterator[tuple[int, Any]]
    ) -> Iterator[tuple[int, Any]]:
        nonlocal tally
        for row, block in blocks:
            with records_of(job.input):
                mixed_block, of_block = mix(block, job.mixer, job.fields, row)
            tally = tally.plus(of_block)
            yield row, mixed_block

    if layout_of(job.out) == layout_of(job.input) == ".parquet":
        write_table_part((table for _, table in mixed(mix_table, table_blocks(chunk))), written)
    else:
        write_part(mixed(mix_records, blocks(job.input, chunk)), written, job.out)
    return written, tally


def _join(job: Job, parts: Parts, rows: int, report: Report) -> dict[str, Any]:
    """Join the parts into one file in their folder, and describe it."""
    joined = parts.folder / JOINED
    total = rows if layout_of(job.out) == ".parquet" else len(parts.done)
    for reached in join_parts([parts.path(number) for number in sorted(parts.done)], joined, job.out):
        report("joining", reached, total)
    return {"path": str(job.out), "sha256": sha256(joined), "bytes": joined.stat().st_size, "rows": rows}
