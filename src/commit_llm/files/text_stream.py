"""Read a text file of any size as a stream: unpacked where it is gzip, decoded by its mark, in lines with an end."""

import codecs
import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from commit_llm.errors import UserError

GZIP = b"\x1f\x8b"
CHUNK = 1 << 20  # bytes
HEAD = 4096  # bytes at which a file's kind is looked at
FEWEST_ZEROS = 3  # that make a text UTF-16; a stray one does not
# The longer mark first: that of UTF-32 begins with that of UTF-16.
MARKS = (
    (codecs.BOM_UTF32_LE, "UTF-32LE"),
    (codecs.BOM_UTF32_BE, "UTF-32BE"),
    (codecs.BOM_UTF16_LE, "UTF-16LE"),
    (codecs.BOM_UTF16_BE, "UTF-16BE"),
    (codecs.BOM_UTF8, "UTF-8"),
)
UTF_8 = "UTF-8"


class Encoding(NamedTuple):
    """Hold an encoding's name, and the byte-order mark that told it."""

    name: str
    mark: bytes = b""


@contextmanager
def opened(path: Path) -> Iterator[io.BufferedReader | gzip.GzipFile]:
    """Open a file for reading bytes; one that is packed with gzip, whatever its name, gives what is in it.

    Raises UserError, also while it is read, where the packed file is damaged or cut off.
    """
    with path.open("rb") as file:
        if not file.peek(len(GZIP)).startswith(GZIP):
            yield file
            return
        try:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield unpacked
        except EOFError:
            raise UserError(f"{path}: a gzip file that is cut off; fetch or pack it again") from None
        except (gzip.BadGzipFile, zlib.error):
            raise UserError(f"{path}: a damaged gzip file; fetch or pack it again") from None


def head_of(file: io.BufferedReader | gzip.GzipFile) -> bytes:
    """Give the beginning of an opened file, which is still there to be read."""
    return file.peek(HEAD)[:HEAD]


def encoding_of(head: bytes) -> Encoding:
    """Tell a text's encoding by the byte-order mark at its head; UTF-8 where it has none."""
    return next((Encoding(name, mark) for mark, name in MARKS if head.startswith(mark)), Encoding(UTF_8))


def unmarked_utf_16(head: bytes) -> str | None:
    """Give the name of the UTF-16 in which a text without a byte-order mark seems to be, None where it is another.

    Tabs, line ends and Latin letters have a byte of zeros there, always on the same side.

    >>> unmarked_utf_16("dog\\tσκύλος".encode("utf-16-le")), unmarked_utf_16(b"dog\\t\\0\\0")
    ('UTF-16LE', None)
    """
    sides = head[::2].count(0), head[1::2].count(0)
    if min(sides) or max(sides) < FEWEST_ZEROS or max(sides) * 50 < len(head):
        return None
    return "UTF-16BE" if sides[0] else "UTF-16LE"


def lines_of_text(
    file: io.BufferedReader | gzip.GzipFile, path: Path, longest: int, encoding: Encoding
) -> Iterator[str]:
    """Give the lines of an opened text without their ends: `\\n`, `\\r\\n` or `\\r`.

    path: its name, for messages.
    longest: characters of a line. Of a longer one only the beginning is given, as soon as that much is read.
    encoding: the text's; its mark is no part of the first line.

    Raises UserError where the text is of another encoding.
    """
    decoder = io.IncrementalNewlineDecoder(codecs.getincrementaldecoder(encoding.name)(), translate=True)
    file.read(len(encoding.mark))
    tail, before, too_long = "", len(encoding.mark), False
    while True:
        chunk = file.read(CHUNK)
        begun = len(decoder.getstate()[0])  # bytes of a character that the last chunk ended in
        try:
            text = decoder.decode(chunk, final=not chunk)
        except UnicodeDecodeError as error:
            place = before - begun + error.start
            raise UserError(f"{path}: not {encoding.name} at byte {place}; convert the file to UTF-8") from None
        before += len(chunk)
        if too_long:
            _, ended, text = text.partition("\n")
            too_long = not ended
        # Cut at these only: splitlines() would also cut at U+2028.
        *whole, tail = (tail + text).split("\n")
        yield from whole
        if len(tail) > longest:
            yield tail[: longest + 1]
            tail, too_long = "", True
        if not chunk:
            break
    if tail:
        yield tail
