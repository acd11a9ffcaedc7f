"""The files that dictionaries come in, and what a broken one is answered with."""

# ruff: noqa: E501 (the tables)

import gzip
import json
import tracemalloc

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from commit_llm.codemix import BilingualDictionary
from commit_llm.codemix.dictionaries.formats import LONGEST_LINE, Skipped
from commit_llm.errors import UserError
from commit_llm.files.unpacking import CHUNK
from tests.files.test_unpacking import zstd


@pytest.fixture
def load(tmp_path):
    def write_and_load(name, content, **options):
        path = tmp_path / name
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return BilingualDictionary.load(path, **options)

    return write_and_load


DOG = {"dog": ("σκύλος", "σκυλί"), "ice cream": ("παγωτό",)}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.txt", "dog\tσκύλος\ndog\tσκυλί\nice cream\tπαγωτό\n"),
        ("no-suffix", "dog\tσκύλος\ndog σκυλί\nice cream\tπαγωτό"),
        ("d.tsv", "dog\tσκύλος\n\n dog \t σκυλί \nice cream\tπαγωτό\n"),
        ("D.TSV", "dog\tσκύλος\rdog\tσκυλί\r\nice cream\tπαγωτό\n"),
        ("d.csv", 'Source,Target\ndog,σκύλος\n"dog", "σκυλί"\nice cream,παγωτό\n'),
        ("d.csv", "dog,σκύλος\ndog,σκυλί\n\nice cream,παγωτό"),
        ("d.jsonl", '{"source": "dog", "target": ["σκύλος", "σκυλί"]}\n{"source": "ice cream", "target": "παγωτό"}\n'),
        ("d.jsonl", '{"source": "dog", "target": ["σκύλος", "σκυλί"], "x": 1}\n\n{"target": ["παγωτό"], "source": "ice cream "}'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("change", [lambda text: text, lambda text: "\ufeff" + text.replace("\n", "\r\n")])
def test_every_layout(load, name, content, change):
    """Also with a byte-order mark and the line ends of Windows."""
    dictionary = load(name, change(content))
    assert dictionary.translations == DOG
    assert dictionary.name == name
    assert dictionary.skipped == Skipped(0, "")


def test_the_original_keeps_the_byte_order_mark_and_cuts_tsv_at_spaces(load):
    assert list(load("d.txt", "\ufeffdog\tσκύλος\n", original=True).translations) == ["\ufeffdog"]
    assert load("d.tsv", "dog σκύλος\n", original=True).translations == {"dog": ("σκύλος",)}


def test_quotes_and_commas_of_csv(load):
    dictionary = load("d.csv", '"""so"", he said","έτσι, είπε"\n')
    assert dictionary.translations == {'"so", he said': ("έτσι", "είπε")}


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("d.tsv", "make\tφτιάχνω, κάνω (κάτι)\npolar~bear (zoo)\tπολική~αρκούδα\n"),
        ("d.csv", 'source,target\nmake,"φτιάχνω; κάνω [κάτι]"\npolar~bear,(ζώο) πολική αρκούδα\n'),
        ("d.jsonl", '{"source": "make", "target": ["φτιάχνω", "κάνω {κάτι}"]}\n{"source": "polar bear", "target": "πολική~αρκούδα"}'),
        ("d.jsonl", '{"source": "make", "target": ["φτιάχνω / κάνω"]}\n{"source": "polar bear", "target": "πολική~αρκούδα"}'),
    ],
)  # fmt: skip
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-32"])
def test_lists_and_notes_in_every_layout_and_encoding_packed_or_not(load, name, content, encoding):
    for pack, suffix in (
        (bytes, ""), (gzip.compress, ".gz"), (gzip.compress, ""), (bytes, ".GZ"), (zstd, ".zst"), (zstd, ""),
    ):  # fmt: skip
        dictionary = load(name + suffix, pack(content.encode(encoding)))
        assert dictionary.translations == {"make": ("φτιάχνω", "κάνω"), "polar bear": ("πολική αρκούδα",)}
        assert dictionary.name == name + suffix
        assert dictionary.taken_apart.pairs["tilde"] == 1


def test_muses_layout_and_the_original_take_fields_as_they_stand(load):
    line = "make\tφτιάχνω, κάνω (κάτι) ~\n"
    target = ("φτιάχνω, κάνω (κάτι) ~",)
    for name, options in (("d.txt", {}), ("d", {}), ("d.txt", {"original": True}), ("d.tsv", {"original": True})):
        for pack, suffix in ((bytes, ""), (gzip.compress, ".gz")):
            dictionary = load(name + suffix, pack(line.encode()), **options)
            assert dictionary.translations == {"make": target}
            assert dictionary.taken_apart.pairs == {}
    assert load("d.csv", 'make,"φτιάχνω, κάνω"\n', original=True).translations == {"make": ("φτιάχνω, κάνω",)}
    assert load("d.tsv.gz", gzip.compress("dog σκύλος\n".encode()), original=True).translations == {"dog": ("σκύλος",)}


def test_a_file_that_holds_notes_alone_is_empty(load):
    with pytest.raises(UserError, match="the dictionary is empty"):
        load("d.tsv", "dog\t(ζώο)\n")


@pytest.mark.parametrize("original", [False, True])
def test_an_encoding_that_is_not_read_is_named_with_the_way_out(load, original):
    line = "dog\tσκύλος\n"
    with pytest.raises(
        UserError, match=r"d\.txt: UTF-16BE without a byte-order mark; convert it: iconv -f UTF-16BE -t UTF-8"
    ):
        load("d.txt", line.encode("utf-16-be"), original=original)
    if original:
        with pytest.raises(UserError, match=r"d\.txt: UTF-16LE; style original reads UTF-8 alone; convert the file"):
            load("d.txt", b"\xff\xfe" + line.encode("utf-16-le"), original=True)


def test_only_a_first_line_is_a_header(load):
    assert load("d.csv", "a,b\nsource,target\n").translations == {"a": ("b",), "source": ("target",)}
    assert load("d.tsv", "source\ttarget\n").translations == {"source": ("target",)}


BAD = [
    ("d.txt", "a\n", "1 tab-separated field(s) in 'a'"),
    ("d.txt", "a b c\n", "1 tab-separated field(s) in 'a b c'"),
    ("d.txt", "a\tb\tc\td\te\n", "5 tab-separated field(s)"),
    ("d.txt", "\n", "a blank line; a dictionary line is 'source<TAB>target'"),
    ("d.tsv", "dog σκύλος\n", "1 tab-separated field(s) in 'dog σκύλος'"),
    ("d.tsv", "a\tb\tc\td\te\n", "5 tab-separated field(s)"),
    ("d.tsv", "dog\t\n", "an empty field"),
    ("d.csv", "dog\n", "1 comma-separated field(s)"),
    ("d.csv", "a,b,c,d,e\n", "5 comma-separated field(s)"),
    ("d.csv", "dog;σκύλος\n", "1 comma-separated field(s)"),
    ("d.csv", 'dog,"σκύλος\n', "malformed CSV"),
    ("d.csv", "dog,\n", "an empty field"),
    ("d.csv", '"a\tb",c\n', "a tab or a line break within a text"),
    ("d.jsonl", "dog\tσκύλος\n", "malformed JSON (Expecting value)"),
    ("d.jsonl", '["dog", "σκύλος"]\n', "no 'source' and 'target'"),
    ("d.jsonl", '{"source": "dog"}\n', "no 'source' and 'target'"),
    ("d.jsonl", '{"source": "dog", "target": []}\n', "no target"),
    ("d.jsonl", '{"source": "dog", "target": [3]}\n', "3 is not a text"),
    ("d.jsonl", '{"source": "dog", "target": ""}\n', "an empty field"),
    ("d.jsonl", '{"source": "dog", "target": "a\\nb"}\n', "a tab or a line break within a text"),
    ("d.jsonl", '{"source": "dog", "target": "\\ud83d"}\n', "half of a character"),
    ("d.jsonl", "[" * 60_000 + "\n", "malformed JSON"),
    ("d.jsonl", '{"source": "dog", "target": ' + "9" * 60_000 + "}\n", "malformed JSON"),
    ("d.txt", "x" * 70_000 + "\n", f"a line of over 65,536 characters in '{'x' * 57}...'"),
    ("d.txt", "\0" * 70_000 + "\n", "a line of over 65,536 characters in '\\x00\\x00"),
]


@pytest.mark.parametrize(("name", "line", "message"), BAD)
def test_a_bad_line_is_named_or_skipped(load, name, line, message):
    good = {"d.csv": "dog,σκύλος\n", "d.jsonl": json.dumps({"source": "dog", "target": "σκύλος"}) + "\n"}
    around = good.get(name, "dog\tσκύλος\n")
    with pytest.raises(UserError) as error:
        load(name, around + line + around)
    assert f"{name}:2: {message}" in str(error.value)
    assert "; a dictionary line is " in str(error.value)
    assert str(error.value).endswith("; skip_bad_lines skips others")
    assert len(str(error.value).partition(":2: ")[2]) < 250
    assert "\n" not in str(error.value)
    dictionary = load(name, around + line + around, skip_bad_lines=True)
    assert dictionary.translations == {"dog": ("σκύλος", "σκύλος")}
    assert dictionary.skipped.lines == 1
    assert dictionary.skipped.first.startswith(f"line 2: {message.split(';')[0]}")


def test_several_bad_lines(load):
    dictionary = load("d.txt", "a\tb\nc\nd\n", skip_bad_lines=True)
    assert dictionary.skipped == Skipped(2, "line 2: 1 tab-separated field(s) in 'c'")
    with pytest.raises(UserError, match=r"the dictionary is empty without the 2 bad lines \(line 1: .* in 'c'\)"):
        load("d.txt", "c\nd\n", skip_bad_lines=True)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("d.txt", b"", "is empty; it needs lines of 'source<TAB>target'"),
        ("d.tsv", b"\n\n", "is empty"),
        ("d.csv", b"source,target\n", "is empty; it needs lines of 'source,target'"),
        ("d.jsonl", b"", "is empty"),
        ("d.tsv", b"\xef\xbb\xbf", "is empty"),
        ("d.txt", b"dog\t\xff\n", "not UTF-8 at byte 4;"),
        ("d.txt", b"dog\tb\n" + "cat\tγ".encode()[:-1], "not UTF-8 at byte 10;"),
        ("d.txt", b"a\tb\n" * (CHUNK // 4 - 1) + b"a\tb\xce" + b"\xff\n", f"not UTF-8 at byte {CHUNK - 1};"),
        ("d.txt", b"a\tb\n" * CHUNK + b"a\t\xff", f"not UTF-8 at byte {4 * CHUNK + 2};"),
    ],
)
def test_unusable_files(load, name, content, message):
    with pytest.raises(UserError) as error:
        load(name, content, skip_bad_lines=name == "d.jsonl")
    assert f"{name}: " in str(error.value)
    assert message in str(error.value)


def test_missing_file_and_folder(tmp_path):
    with pytest.raises(UserError, match="no such dictionary file"):
        BilingualDictionary.load(tmp_path / "en-el.txt")
    with pytest.raises(UserError, match="is a directory"):
        BilingualDictionary.load(tmp_path)


def test_lines_across_chunks(load):
    pairs = [(f"word{number}", "λέξη" * (number % 7)) for number in range(100_000) if number % 7]
    content = "".join(f"{source}\t{target}\r\n" for source, target in pairs)
    assert len(content.encode()) > 2 * CHUNK
    assert load("d.txt", content).translations == {source: (target,) for source, target in pairs}


@pytest.mark.parametrize("skip", [False, True])
def test_a_file_of_one_line_is_refused_without_holding_it(tmp_path, skip):
    path = tmp_path / "d.txt"
    with path.open("wb") as file:
        for _ in range(50):
            file.write(b"x" * CHUNK)
        if skip:
            file.write(b"\ndog\tdoggie\n")
    tracemalloc.start()
    try:
        if skip:
            dictionary = BilingualDictionary.load(path, skip_bad_lines=True)
            assert dictionary.translations == {"dog": ("doggie",)}
            assert dictionary.skipped.lines == 1
        else:
            with pytest.raises(UserError, match=r"d\.txt:1: a line of over 65,536 characters in 'x{57}\.\.\.'"):
                BilingualDictionary.load(path)
        assert tracemalloc.get_traced_memory()[1] < 10 * CHUNK
    finally:
        tracemalloc.stop()


def test_a_line_may_be_as_long_as_allowed(load):
    longest = "a\t" + "b" * (LONGEST_LINE - 2)
    assert len(load("d.txt", longest + "\n").translations) == 1


@settings(max_examples=50)
@given(
    st.sampled_from(["d.txt", "d.tsv", "d.csv", "d.jsonl", "d.tsv.gz", "d.dict"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "utf-16-be", "utf-32"]),
    st.lists(st.sampled_from(["dog", "σκύλος", "\t", "\n", "\r", ",", '"', "{", '"source": ', "(", "~", "\0", "&#0;"]), max_size=12),
    st.binary(max_size=3),
    st.booleans(),
    st.booleans(),
)  # fmt: skip
def test_whatever_a_file_holds_it_is_read_or_refused_in_one_line(
    tmp_path_factory, name, encoding, texts, end, packed, skip
):
    path = tmp_path_factory.getbasetemp() / name
    content = "".join(texts).encode(encoding)
    path.write_bytes(gzip.compress(content)[: None if not end else -1] + end if packed else content + end)
    try:
        translations = BilingualDictionary.load(path, skip_bad_lines=skip).translations
    except UserError as error:
        translations, message = {}, str(error)
    else:
        message = f"{path}: read"
    assert message.startswith(f"{path}:")
    assert all(source and all(targets) for source, targets in translations.items())
