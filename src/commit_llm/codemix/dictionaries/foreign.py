"""Refuse by name what is no two-column text: dictionaries of other programs, archives, tables, pages."""

import re
from codecs import BOM_UTF8
from pathlib import Path
from typing import NamedTuple

from commit_llm.errors import UserError

CONVERTED = 'docs/languages.md, "Files of other formats", has the lines that make a .tsv of it'
EXPORTED = "write its two columns as a .tsv file, or as .csv"


class Format(NamedTuple):
    """Describe a format that is not read.

    name: what a message calls it.
    way_out: what to do.
    suffixes: with which a file's name ends. One under which plain texts go too is not among them.
    begins: bytes with which a file begins.
    """

    name: str
    way_out: str
    suffixes: tuple[str, ...] = ()
    begins: tuple[bytes, ...] = ()


def _archive(name: str, command: str, suffixes: tuple[str, ...], *begins: bytes) -> Format:
    return Format(f"a {name} archive", f"unpack it first: {command}", suffixes, begins)


# What a name or the first bytes tell. The first that fits is taken.
FORMATS = (
    Format("a StarDict dictionary", CONVERTED, (".ifo", ".idx", ".syn"), (b"StarDict's dict ifo file",)),
    Format("a dictd or StarDict dictionary", CONVERTED, (".dict.dz",)),
    Format("a TEI dictionary", CONVERTED, (".tei",)),
    Format("an XDXF dictionary", CONVERTED, (".xdxf",)),
    Format("a Slob dictionary", CONVERTED, (".slob",), (b"!-1SLOB\x1f",)),
    Format("an ABBYY Lingvo dictionary", CONVERTED, (".dsl", ".dsl.dz", ".lsd")),
    Format("an MDict dictionary", CONVERTED, (".mdx", ".mdd")),
    Format("a Babylon dictionary", CONVERTED, (".bgl",), (b"\x124\x00\x01", b"\x124\x00\x02")),
    Format("a spreadsheet", "save it as CSV in UTF-8", (".xlsx", ".xls", ".ods"), (b"\xd0\xcf\x11\xe0",)),
    Format("a Parquet file", EXPORTED, (".parquet",), (b"PAR1",)),
    Format("an Arrow file", EXPORTED, (".arrow", ".feather"), (b"ARROW1",)),
    Format("an SQLite database", EXPORTED, (".sqlite", ".sqlite3"), (b"SQLite format 3\x00",)),
    Format("a PDF document", EXPORTED, (".pdf",), (b"%PDF-",)),
    Format("one JSON value", "write an object a line, with `source` and `target`, as a .jsonl file", (".json",)),
    _archive("zip", "unzip FILE", (".zip",), b"PK\x03\x04"),
    _archive("tar", "tar xf FILE", (".tar", ".tgz", ".tar.xz", ".tar.bz2")),
    _archive("7z", "7z x FILE", (".7z",), b"7z\xbc\xaf\x27\x1c"),
    _archive("RAR", "unrar x FILE", (".rar",), b"Rar!\x1a\x07"),
    _archive("xz", "xz -d FILE", (".xz",), b"\xfd7zXZ\x00"),
    _archive("bzip2", "bzip2 -d FILE", (".bz2",), *(b"BZh%d1AY&SY" % level for level in range(1, 10))),
)
TAR_MARK, TAR_PLACE = b"ustar", 257
DICTD = re.compile(rb"(^|\n)00-?database")  # the headwords that describe a dictionary of dictd
MARKUP = re.compile(rb"<(\?xml|!DOCTYPE|TEI(\.2)?|xdxf|html)\b", re.IGNORECASE)
ROOTS = (
    (re.compile(rb"<TEI(\.2)?[\s>]"), "a TEI dictionary", CONVERTED),
    (re.compile(rb"<xdxf[\s>]"), "an XDXF dictionary", CONVERTED),
    (re.compile(rb"<html[\s>]", re.IGNORECASE), "an HTML page", "take the file that it links to"),
    (re.compile(b""), "an XML file", CONVERTED),
)


def refuse_other_formats(path: Path, head: bytes) -> None:
    """Raise UserError where a file is of a format that is not read, naming it, and what makes a readable file of it.

    head: the beginning of what is in it.
    """
    if kind := _kind(path, head):
        name, way_out = kind
        raise UserError(f"{path}: {name}, which is not read; {way_out}")


def _kind(path: Path, head: bytes) -> tuple[str, str] | None:
    """Give the name of a file's format, and the way out; None where it may be one that is read."""
    name = path.name.lower().removesuffix(".gz").removesuffix(".zst")
    for form in FORMATS:
        if name.endswith(form.suffixes) or head.startswith(form.begins):
            return form.name, form.way_out
    if head.startswith(TAR_MARK, TAR_PLACE):
        return "a tar archive", "unpack it first: tar xf FILE"
    if DICTD.search(head):
        return "a dictd dictionary", CONVERTED
    if name.endswith(".dict") and path.with_suffix(".ifo").exists():
        return "a StarDict dictionary", CONVERTED
    if MARKUP.match(head.removeprefix(BOM_UTF8).lstrip()):
        return next((name, way_out) for root, name, way_out in ROOTS if root.search(head))
    return None
