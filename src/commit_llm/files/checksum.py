"""A checksum that tells whether a file is as it was written: XXH3 of 128 bits, seven times as quick as SHA-256.

It notices what disks, memory and networks do to bytes. It does not notice what somebody changes on purpose.
"""

from pathlib import Path

import xxhash

NAME = "xxh3-128"
DIGITS = 32  # hexadecimal ones
BLOCK = 1 << 20  # bytes read at a time
NOTHING_BLANK = slice(0, 0)


def checksum(path: Path, blank: slice = NOTHING_BLANK) -> str:
    """Give the hexadecimal digits of a file's checksum.

    blank: the bytes that count as zeros ("0"), whatever stands there; so a file can hold its own checksum.
    """
    digest, position = xxhash.xxh3_128(), 0
    with path.open("rb", buffering=0) as file:
        while block := file.read(BLOCK):
            first, last = (min(max(edge - position, 0), len(block)) for edge in (blank.start, blank.stop))
            digest.update(block[:first] + b"0" * (last - first) + block[last:] if first < last else block)
            position += len(block)
    return digest.hexdigest()
