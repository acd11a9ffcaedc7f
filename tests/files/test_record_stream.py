"""Records of every format in every packing and encoding: the same ones, by every way of reading them."""

import codecs
import csv
import gzip
import io
import json
import tracemalloc

import pytest

from commit_llm.errors import UserError
from commit_llm.files import line_records, record_stream
from commit_llm.files.chunks import blocks, chunks, length
from commit_llm.files.line_records import open_records
from commit_llm.files.record_stream import stream_records
from commit_llm.files.records import read_records
from tests.files.test_unpacking import zstd

ROWS = [{"text": f"{n} \u2028 é 𐍈\t" * (n % 7) + "x", "n": str(n)} for n in range(100)]


def written(rows, layout):
    if layout == ".json":
        return json.dumps(rows, ensure_ascii=False)
    if layout in (".jsonl", "lines.json"):
        return "".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    if layout == ".txt":
        return "".join(f"{row['text']}\n" for row in rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, list(rows[0]), delimiter="," if layout == ".csv" else "\t")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


PACKINGS = {"": bytes, ".gz": gzip.compress, ".zst": zstd}
ENCODINGS = {"utf-8": b"", "utf-8-sig": b"", "utf-16-le": codecs.BOM_UTF16_LE, "utf-16-be": codecs.BOM_UTF16_BE}


@pytest.mark.parametrize(
    ("packing", "encoding"),
    [
        *(("", name) for name in ENCODINGS),
        (".gz", "utf-8"),
        (".zst", "utf-8-sig"),
        (".gz", "utf-16-le"),
        (".zst", "utf-16-be"),
    ],
)
@pytest.mark.parametrize("layout", [".json", ".jsonl", "lines.json", ".txt", ".csv", ".TSV"])
def test_every_format_packing_and_encoding_by_every_way(tmp_path, monkeypatch, layout, packing, encoding):
    path = tmp_path / f"a{layout}{packing.upper()}"
    content = ENCODINGS[encoding] + written(ROWS, layout.lower()).encode(encoding)
    path.write_bytes(PACKINGS[packing](content))
    rows = ROWS if layout != ".txt" else [{"text": row["text"]} for row in ROWS]
    assert read_records(path) == rows
    cut = list(chunks(path, rows=30))
    assert [chunk.rows for chunk in cut] == [30, 30, 30, 10]
    assert [record for chunk in cut for _, block in blocks(path, chunk) for record in block] == rows
    assert cut[-1].done == length(path)[0] == path.stat().st_size
    for in_memory in (0, 1 << 20):
        monkeypatch.setattr(line_records, "IN_MEMORY", in_memory)
        seen = []
        records = open_records(path, lambda record, row, seen=seen: seen.append(record))
        assert list(records) == rows == seen
        assert records[57] == rows[57]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl.gz", '{"a": 1}\n\n{"a": \n', r"a\.jsonl\.gz:3: malformed JSON"),
        ("a.jsonl.gz", "[1]\n", r"a\.jsonl\.gz:1: holds \[1\], not an object"),
        (
            "a.jsonl.gz",
            b'{"a": "\xff"}',
            r"a\.jsonl\.gz: not UTF-8 at byte 7; convert it: gzip -dc .* \| iconv -f YOUR",
        ),
        ("a.jsonl.gz", "\n \n", r"a\.jsonl\.gz: holds no record"),
        ("a.json.gz", '[{"a": 1},\n{"a": }]', r"a\.json\.gz: item 1: malformed JSON: .*; it must be one list of"),
        ("a.json.gz", '{"a": 1}', r"a\.json\.gz: item 0: malformed JSON: begins with '{'; .*; put \[ and \] around"),
        ("a.json.gz", '[{"a": 1}, 5]', r"a\.json\.gz: item 1: malformed JSON: holds 5, not an object"),
        ("a.json.gz", "[" * 100_000, r"a\.json\.gz: item 0: malformed JSON: nested too deeply"),
        ("a.json.gz", b'[{"a": 1},\n{"a": "\xff"}]', r"a\.json\.gz: not UTF-8 after item 0; convert it: gzip -dc "),
        ("a.json.gz", '[{"a": "\\ud800"}]', r"a\.json\.gz: item 0: malformed JSON: .*surrogates not allowed"),
        ("a.csv.gz", "a,b\n1\n", r"a\.csv\.gz:2: a row of 1 values"),
        ("a.txt.gz", "", r"a\.txt\.gz: holds no record"),
    ],
)
def test_faults_in_packed_files(tmp_path, name, content, message):
    path = tmp_path / name
    path.write_bytes(gzip.compress(content if isinstance(content, bytes) else content.encode()))
    for read in (read_records, lambda path: list(chunks(path)), open_records):
        with pytest.raises(UserError, match=message) as error:
            read(path)
        assert "\n" not in str(error.value)


def test_half_a_character_of_utf_16(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(codecs.BOM_UTF16_LE + b"a\0\n\0\x00\xd8a\0")
    with pytest.raises(UserError, match=r"a\.txt: not UTF-16LE, as the mark at its head says; save it as UTF-8"):
        read_records(path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl.gz", b'{"a": "' + b"x" * 8_000_000, r"a\.jsonl\.gz:1: a line of over .* MB, which is not a record"),
        ("a.txt.gz", b"x\n" + b"x" * 8_000_000, r"a\.txt\.gz:2: a line of over .* MB, which is not a record"),
        (
            "a.json.gz",
            b'[{"a": "' + b"x" * 8_000_000,
            r"a\.json\.gz: item 0: .*: over 100,000 characters without an end",
        ),
    ],
)
def test_a_record_without_end_takes_little_memory(tmp_path, monkeypatch, name, content, message):
    monkeypatch.setattr(record_stream, "LONGEST", 100_000)
    monkeypatch.setattr("commit_llm.files.json_list.READ", 50_000)
    path = tmp_path / name
    path.write_bytes(gzip.compress(content))
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=message):
            list(stream_records(path))
        assert tracemalloc.get_traced_memory()[1] < 7_000_000
    finally:
        tracemalloc.stop()


def test_texts_of_a_packed_file_are_not_kept_in_memory(tmp_path, monkeypatch):
    """Nor those of one that is packed to a hundredth: its own size says little."""
    monkeypatch.setattr(line_records, "CONVERTED", 1 << 18)
    monkeypatch.setattr(line_records, "IN_MEMORY", 1 << 20)
    path = tmp_path / "a.csv.gz"
    path.write_bytes(gzip.compress(b"text\n" + b"".join(b"%d " % n * 1000 + b"\n" for n in range(2000))))
    tracemalloc.start()
    try:
        records = open_records(path)
        kept, most = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert len(records) == 2000
    assert kept < 1_000_000
    assert most < 8_000_000  # of 10
