"""Read a text file of any size as a stream: decoded by the mark at its head, in lines with an end."""

import codecs
import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, NamedTuple

from commit_llm.errors import UserError
from commit_llm.files.encoding_advice import not_utf_8
from commit_llm.files.unpacking import CHUNK, head_of, opened, stream_of

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
    if max(sides) * 4 < len(head) and _is_utf_8(head):  # of Latin letters half of the bytes are zeros
        return None
    return "UTF-16BE" if sides[0] else "UTF-16LE"


def _is_utf_8(head: bytes) -> bool:
    try:
        codecs.getincrementaldecoder(UTF_8)().decode(head)  # the last character may be cut
    except UnicodeDecodeError:
        return False
    return True


@contextmanager
def opened_as_utf_8(path: Path, raw: IO[bytes] | None = None) -> Iterator[io.BufferedReader]:
    """Open a text as bytes of UTF-8 without a mark at its head, unpacked where it is packed.

    raw: as in `opened`.

    Raises UserError as `opened` does, and while it is read where it is not in the encoding that its mark says.
    """
    with opened(path, raw) as file:
        encoding = encoding_of(head_of(file))
        file.read(len(encoding.mark))
        yield file if encoding.name == UTF_8 else stream_of(_recoded(file, path, encoding))


def _recoded(file: io.BufferedReader, path: Path, encoding: Encoding) -> Iterator[bytes]:
    decoder = codecs.getincrementaldecoder(encoding.name)()
    chunk = b"\0"
    while chunk:
        chunk = file.read(CHUNK)
        try:
            yield decoder.decode(chunk, final=not chunk).encode("utf-8")
        except UnicodeError:
            raise UserError(f"{path}: not {encoding.name}, as the mark at its head says; save it as UTF-8") from None


def lines_of_text(file: io.BufferedReader, path: Path, longest: int, encoding: Encoding) -> Iterator[str]:
    """Give the lines of an opened text without their ends: `\\n`, `\\r\\n` or `\\r`.

    path: its name, for messages.
    longest: characters of a line. Of a longer one only the beginning is given, as soon as that much is read.
    encoding: the text's; its mark is not a part of the first line.

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
            where = f"at byte {before - begun + error.start}"
            if encoding.name == UTF_8:
                raise not_utf_8(path, where, error.object, error.start) from None
            raise UserError(f"{path}: not {encoding.name} {where}; save it as UTF-8") from None
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
