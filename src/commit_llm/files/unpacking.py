"""Open a file as a stream of bytes: unpacked where gzip or Zstandard has packed it, and never without end."""

import gzip
import io
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO

from commit_llm.errors import UserError

GZIP, ZSTD = b"\x1f\x8b", b"\x28\xb5\x2f\xfd"  # with which such files begin
PACKED = {".gz": "gzip -dc", ".zst": "zstd -dc"}  # suffixes, with the command that unpacks
CHUNK = 1 << 20  # bytes
HEAD = 4096  # bytes at which a file's kind is looked at
# A file is not unpacked to more than so many times its size, once that is so many bytes. Text is packed to a tenth.
MOST_TIMES, FREE = 100, 100 << 20


class ByteChunks(io.RawIOBase):
    """Give the bytes of chunks to whoever reads a file."""

    def __init__(self, chunks: Iterator[bytes]) -> None:
        super().__init__()
        self.chunks, self._rest = chunks, memoryview(b"")

    def readable(self) -> bool:
        """Say that it can be read."""
        return True

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]
        """Put bytes into a buffer, and give their number; none at the end."""
        while not self._rest:
            chunk = next(self.chunks, None)
            if chunk is None:
                return 0
            self._rest = memoryview(chunk)
        number = min(len(buffer), len(self._rest))
        buffer[:number], self._rest = self._rest[:number], self._rest[number:]
        return number


def stream_of(chunks: Iterator[bytes]) -> io.BufferedReader:
    """Give the bytes of chunks as a file that is opened for reading."""
    return io.BufferedReader(ByteChunks(chunks), CHUNK)


def is_packed(path: Path) -> bool:
    """Say whether a file's content is packed, whatever its name."""
    with path.open("rb") as file:
        return file.read(len(ZSTD)).startswith((GZIP, ZSTD))


@contextmanager
def opened(path: Path, raw: IO[bytes] | None = None) -> Iterator[io.BufferedReader]:
    """Open a file for reading bytes; a packed one, whatever its name, gives what is in it.

    raw: the file, opened by somebody who wants to know how far it is read. It stays open.

    Raises UserError, also while it is read, where the packed file is damaged, cut off, or unpacks to over a hundred
    times its size.
    """
    if raw is not None:
        yield _unpacked(path, raw)
        return
    with path.open("rb") as file:
        yield _unpacked(path, file)


def _unpacked(path: Path, file: IO[bytes]) -> io.BufferedReader:
    begin = file.read(len(ZSTD))
    file.seek(0)
    if begin.startswith(GZIP):
        return stream_of(_bounded(path, _gzip_chunks(path, file)))
    if begin == ZSTD:
        return stream_of(_bounded(path, _zstd_chunks(path, file)))
    return file if isinstance(file, io.BufferedReader) else io.BufferedReader(file)  # type: ignore[arg-type]


def _gzip_chunks(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    try:
        with gzip.GzipFile(fileobj=file) as unpacked:
            while chunk := unpacked.read(CHUNK):
                yield chunk
    except EOFError:
        raise UserError(f"{path}: a gzip file that is cut off; fetch or pack it again") from None
    except (gzip.BadGzipFile, zlib.error):
        raise UserError(f"{path}: a damaged gzip file; fetch or pack it again") from None


def _zstd_chunks(path: Path, file: IO[bytes]) -> Iterator[bytes]:
    import pyarrow as pa

    try:
        # Arrow closes what it is given, and the file is another's.
        unpacked = pa.CompressedInputStream(stream_of(iter(lambda: file.read(CHUNK), b"")), "zstd")
        while chunk := unpacked.read(CHUNK):
            yield chunk
    except OSError as error:
        if error.errno is not None:  # of the disk
            raise
        if "Truncated" in str(error):
            raise UserError(f"{path}: a zst file that is cut off; fetch or pack it again") from None
        if "too much memory" in str(error):
            raise UserError(
                f"{path}: a zst file packed with a window of over 128 MB; unpack it (zstd -d --long=31)"
            ) from None
        raise UserError(f"{path}: a damaged zst file; fetch or pack it again") from None


def _bounded(path: Path, chunks: Iterator[bytes]) -> Iterator[bytes]:
    """Give chunks until they are out of all proportion to the file. Raises UserError there."""
    most, size = max(FREE, MOST_TIMES * path.stat().st_size), 0
    for chunk in chunks:
        size += len(chunk)
        if size > most:
            raise UserError(
                f"{path}: unpacks to over {MOST_TIMES} times its size, as no text does; if you trust it, unpack it "
                "yourself and name what comes out"
            )
        yield chunk


def unpacked_bytes(path: Path, most: int) -> int:
    """Count the bytes of what is in a file, up to a few more than `most`: the size of a packed one says little.

    Raises UserError as `opened` does.
    """
    size = 0
    with opened(path) as file:
        while size <= most and (chunk := file.read(CHUNK)):
            size += len(chunk)
    return size


def head_of(file: io.BufferedReader) -> bytes:
    """Give the beginning of an opened file, which is still there to be read."""
    return file.peek(HEAD)[:HEAD]
