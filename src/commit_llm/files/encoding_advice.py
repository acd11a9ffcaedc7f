"""Say of a text that is not UTF-8 which line mends it, with its encoding where that can be told."""

import shlex
from codecs import BOM_UTF16_BE, BOM_UTF16_LE
from itertools import pairwise
from pathlib import Path

from commit_llm.errors import UserError
from commit_llm.files.unpacking import PACKED

WESTERN, UNKNOWN = "WINDOWS-1252", "YOUR-ENCODING"
NOT_WESTERN = frozenset(b"\x81\x8d\x8f\x90\x9d")  # bytes that stand for no character there
LEAST_ASCII = 0.9  # share of bytes: a western text has few others, each between letters of ASCII
AROUND = 500  # bytes on each side of the fault that are looked at


def not_utf_8(path: Path, where: str, text: bytes, fault: int) -> UserError:
    """Make the error for a text that is not UTF-8.

    where: it is not, such as `at byte 7`.
    text: some of the file, with the fault at this place.
    """
    sample = text[max(0, fault - AROUND) : fault + AROUND]
    return UserError(f"{path}: not UTF-8 {where}; convert it: {iconv_line(path, likely_encoding(sample))}")


def likely_encoding(sample: bytes) -> str:
    """Tell the encoding of a text that is not UTF-8 by some of its bytes, as far as they do.

    >>> likely_encoding("un caf\u00e9 \u201cnoir\u201d, s'il vous pla\u00eet, et un peu de lait".encode("cp1252"))
    'WINDOWS-1252'
    >>> likely_encoding("\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1".encode("iso8859-7"))
    'YOUR-ENCODING'
    """
    if sample.startswith((BOM_UTF16_LE, BOM_UTF16_BE)):
        return "UTF-16"
    high = [place for place, byte in enumerate(sample) if byte > 127]
    is_alone = all(later - place > 1 for place, later in pairwise(high))
    if is_alone and len(high) <= (1 - LEAST_ASCII) * len(sample) and not NOT_WESTERN & set(sample):
        return WESTERN
    return UNKNOWN


def iconv_line(path: Path, encoding: str) -> str:
    """Write the line of a shell that makes a file in UTF-8 of one in another encoding.

    >>> iconv_line(Path("a/my data.csv.gz"), "WINDOWS-1252")
    "gzip -dc 'a/my data.csv.gz' | iconv -f WINDOWS-1252 -t UTF-8 > 'my data.utf-8.csv'"
    """
    unpack = PACKED.get(path.suffix.lower())
    text = path.with_suffix("") if unpack else path
    new = shlex.quote(f"{text.stem}.utf-8{text.suffix}")  # in the current folder: a message has an end
    if unpack:
        return f"{unpack} {shlex.quote(str(path))} | iconv -f {encoding} -t UTF-8 > {new}"
    return f"iconv -f {encoding} -t UTF-8 {shlex.quote(str(path))} > {new}"
