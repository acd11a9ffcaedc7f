"""Files of other formats are refused by name."""

import bz2
import gzip
import io
import lzma
import sqlite3
import tarfile
import zipfile
from contextlib import closing

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commit_llm.codemix import BilingualDictionary
from commit_llm.codemix.dictionaries.foreign import CONVERTED
from commit_llm.errors import UserError

LINES = f"; {CONVERTED}"
TWO_COLUMNS = "; write its two columns as a .tsv file, or as .csv"
JSONL = "; write an object a line, with `source` and `target`, as a .jsonl file"
WORDS = b"dog\tchien\n"


def zipped():
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w") as archive:
        archive.writestr("en-fr.txt", WORDS)
    return content.getvalue()


def tarred():
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w") as archive:
        archive.addfile(tarfile.TarInfo("en-fr.txt"))
    return content.getvalue()


def parquet():
    content = io.BytesIO()
    pq.write_table(pa.table({"source": ["dog"], "target": ["chien"]}), content)
    return content.getvalue()


def sqlite():
    with closing(sqlite3.connect(":memory:")) as database:
        database.execute("CREATE TABLE words (source, target)")
        return database.serialize()


TEI = b'<?xml version="1.0"?>\n<!DOCTYPE TEI SYSTEM "freedict-P5.dtd">\n<TEI xmlns="http://www.tei-c.org/ns/1.0">'
REFUSED = [
    # name and content                              what it is called              the way out
    ("en-fr.ifo", b"StarDict's dict ifo file\n",    "a StarDict dictionary",       LINES),
    ("words", b"StarDict's dict ifo file\n",        "a StarDict dictionary",       LINES),
    ("en-fr.idx", b"dog\0\0\0\0\0\0\0\0\5",         "a StarDict dictionary",       LINES),
    ("en-fr.idx.gz", gzip.compress(b"dog\0"),       "a StarDict dictionary",       LINES),
    ("en-fr.dict.dz", gzip.compress(b"chien"),      "a dictd or StarDict dictionary", LINES),
    ("en-fr.dict", b"\n00-database-info\n  x\n",    "a dictd dictionary",          LINES),
    ("en-fr.index", b"\tA\tB\n00databaseinfo\tB\tb\n", "a dictd dictionary",       LINES),
    ("en-fr.tei", WORDS,                            "a TEI dictionary",            LINES),
    ("en-fr.xml", b"\xef\xbb\xbf\n" + TEI,          "a TEI dictionary",            LINES),
    ("en-fr.txt.gz", gzip.compress(TEI),            "a TEI dictionary",            LINES),
    ("en-fr", b"<TEI.2><teiHeader>",                "a TEI dictionary",            LINES),
    ("en-fr.xml", b"<xdxf lang_from='ENG'>",        "an XDXF dictionary",          LINES),
    ("en-fr.xml", b"<?xml version='1.0'?><tmx>",    "an XML file",                 LINES),
    ("en-fr.txt", b"<!doctype html>\n<html lang>",  "an HTML page",                "; take the file that it links to"),
    ("en-fr.slob", b"!-1SLOB\x1f",                  "a Slob dictionary",           LINES),
    ("en-fr.dsl", '#NAME "x"'.encode("utf-16"),     "an ABBYY Lingvo dictionary",  LINES),
    ("en-fr.mdx", b"\0\0\4\x80<\0D\0",              "an MDict dictionary",         LINES),
    ("words", b"\x12\x34\0\x02",                    "a Babylon dictionary",        LINES),
    ("en-fr.xlsx", zipped(),                        "a spreadsheet",               "; save it as CSV in UTF-8"),
    ("en-fr.txt", parquet(),                        "a Parquet file",              TWO_COLUMNS),
    ("db", sqlite(),                                "an SQLite database",          TWO_COLUMNS),
    ("en-fr.json", b'{"dog": "chien"}',             "one JSON value",              JSONL),
    ("en-fr.txt", zipped(),                         "a zip archive",               "; unpack it first: unzip FILE"),
    ("en-fr.tar.gz", gzip.compress(tarred()),       "a tar archive",               "; unpack it first: tar xf FILE"),
    ("en-fr.gz", gzip.compress(tarred()),           "a tar archive",               "; unpack it first: tar xf FILE"),
    ("en-fr.txt", lzma.compress(WORDS),             "a xz archive",                "; unpack it first: xz -d FILE"),
    ("en-fr.txt", bz2.compress(WORDS),              "a bzip2 archive",             "; unpack it first: bzip2 -d FILE"),
]  # fmt: skip


@pytest.mark.parametrize(
    ("name", "content", "format_name", "way_out"), REFUSED, ids=[f"{row[0]}-{row[2]}" for row in REFUSED]
)
@pytest.mark.parametrize("original", [False, True])
def test_another_format_is_refused_by_its_name(tmp_path, name, content, format_name, way_out, original):
    path = tmp_path / name
    path.write_bytes(content)
    with pytest.raises(UserError) as error:
        BilingualDictionary.load(path, original=original, skip_bad_lines=True)
    assert str(error.value) == f"{path}: {format_name}, which is not read{way_out}"


def test_the_text_of_stardict_is_known_by_what_lies_beside(tmp_path):
    (tmp_path / "en-fr.ifo").touch()
    (tmp_path / "en-fr.dict").write_bytes(b"chienchat")
    with pytest.raises(UserError, match="a StarDict dictionary"):
        BilingualDictionary.load(tmp_path / "en-fr.dict")


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("en-fr.dict", WORDS),
        ("en-fr.index", WORDS),
        ("en-fr.xml", WORDS),
        ("en-fr", b"<s>\t<s>\n"),
        ("en-fr", b"PK\tPAKE\n"),
        ("en-fr.txt", b"BZh\tb\n"),
        ("d", b"my00database\tbase\n"),
    ],
)
def test_plain_words_are_read_under_any_name(tmp_path, name, content):
    (tmp_path / name).write_bytes(content)
    assert len(BilingualDictionary.load(tmp_path / name)) == 1


def test_a_file_that_is_not_there_is_told_before_its_name_is_judged(tmp_path):
    with pytest.raises(UserError, match="no such dictionary file"):
        BilingualDictionary.load(tmp_path / "en-fr.tei")
