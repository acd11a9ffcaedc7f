"""Read a folder of files, one of them faulty, and hold the reader to what it promises."""

import contextlib
import io
import logging
import os
import re
import resource
import sys
from pathlib import Path
from typing import NoReturn

from commit_llm.cli.lines import notes_shown
from commit_llm.cli.main import one_line
from commit_llm.errors import UserError
from tests.fuzz.readers import Reader
from tests.fuzz.valid_files import Files

CONTROL = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")  # what moves a cursor, but line feed and tab
MOST_MEGABYTES = 400  # that one small file may add to the memory of the process
CLEAR, STATUS, PEAK = Path("/proc/self/clear_refs"), Path("/proc/self/status"), re.compile(r"VmHWM:\s+(\d+) kB")


class BrokenError(AssertionError):
    """Tell what was not as it is promised."""


def require_kept(reader: Reader, name: str, files: Files, around: Path) -> str | None:
    """Write files into a new folder below another, read them, and hold the reader to its promises.

    The promises: a result, or a UserError of one line that names a file of the folder or standard input; no other
    exception; no file outside the folder, nor in it where the reader writes none; no control character printed; little
    memory.

    name: of the faulty file.

    Gives the message of the error, None where there was none. Raises BrokenError.
    """
    folder = around / "folder"
    for path, content in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_bytes(content)
    inside, outside = _names(folder), _names(around) - _names(folder)
    message, printed, before = None, io.StringIO(), _memory_from_now()
    here = Path.cwd()
    os.chdir(around)
    try:
        with contextlib.redirect_stdout(printed), contextlib.redirect_stderr(printed), notes_shown():
            message = _read(reader, folder)
    finally:
        os.chdir(here)
        logging.captureWarnings(False)
    grown = _peak() - before
    if grown > MOST_MEGABYTES:
        _fail(name, f"{grown} MB more of memory")
    text = printed.getvalue()
    if control := CONTROL.search(text):
        _fail(name, f"printed {control[0]!r} in {text[max(0, control.start() - 60) : control.end() + 20]!r}")
    if _names(around) - _names(folder) != outside:
        _fail(name, f"a file outside: {sorted(_names(around) - _names(folder) - outside)}")
    if not reader.writes and _names(folder) != inside:
        _fail(name, f"a file more or less: {sorted(_names(folder) ^ inside)}")
    return message


def _read(reader: Reader, folder: Path) -> str | None:
    try:
        reader.read(folder)
    except UserError as error:
        message = error.for_command()
    except OSError as error:
        if (line := one_line(error)) is None:
            raise
        message = line
    else:
        return None
    if "\n" in message or CONTROL.search(message):
        raise BrokenError(f"a message of several lines, or with control characters: {message!r}")
    places = [folder, *folder.rglob("*")]
    if not any(path.name in message for path in places) and "standard input" not in message:
        raise BrokenError(f"a message that names no file: {message!r}")
    return message


def _names(folder: Path) -> set[Path]:
    return set(folder.rglob("*"))


def _memory_from_now() -> int:
    """Forget what the process took before, and give what it takes now, in megabytes.

    A peak never falls by itself, so a file that takes less than an earlier one would go unnoticed. Linux forgets it;
    elsewhere the peak of the whole life of the process is all that the system tells.
    """
    if CLEAR.exists():
        CLEAR.write_text("5")  # proc(5): set the peak to what is resident
    return _peak()


def _peak() -> int:
    """Give the most memory that the process had at a time, in megabytes."""
    if CLEAR.exists():
        return int(PEAK.search(STATUS.read_text())[1]) // 1024
    unit = 1 if sys.platform == "darwin" else 1024  # of ru_maxrss, in bytes
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit // 2**20


def _fail(name: str, what: str) -> NoReturn:
    raise BrokenError(f"{name}: {what}")
