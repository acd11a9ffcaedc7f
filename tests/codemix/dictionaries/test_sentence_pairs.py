"""Files of sentences with their translations: what is read, what is left out and told, and what is refused."""

# ruff: noqa: E501 (the tables)

import gzip
import pickle

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
from commit_llm.errors import UserError

BARKS = {"The dog barks.": "Ο σκύλος γαβγίζει.", 'He said, "no" (twice)': "Είπε, «όχι» (δις)"}


@pytest.fixture
def load(tmp_path):
    def write_and_load(name, content, **options):
        path = tmp_path / name
        if isinstance(content, dict):
            pq.write_table(pa.table(content), path)
        else:
            path.write_bytes(content if isinstance(content, bytes) else content.encode())
        return SentencePairs.load(path, **options)

    return write_and_load


TSV = 'The dog  barks.\t Ο σκύλος γαβγίζει.\nHe said, "no" (twice)\tΕίπε,  «όχι» (δις)\n'
JSONL = (
    '{"source": "The dog\\nbarks.", "target": "Ο σκύλος\\tγαβγίζει."}\n'.replace("\\n", " ")
    + '{"target": ["Είπε, «όχι» (δις)"], "source": "He said, \\"no\\" (twice)", "x": 1}\n'
)


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("en-el.tsv", TSV),
        ("en-el.txt", TSV.replace("\n", "\r\n\r\n")),
        ("en-el", "\ufeff" + TSV),
        ("en-el.tsv", TSV.encode("utf-16")),
        ("en-el.tsv.gz", gzip.compress(TSV.encode())),
        ("en-el.jsonl", JSONL),
        ("en-el.csv", 'source,target\nThe dog barks.,Ο σκύλος γαβγίζει.\n"He said, ""no"" (twice)","Είπε, «όχι» (δις)"\n'),
        ("en-el.parquet", {"en": [*BARKS], "el": [*BARKS.values()]}),
        ("en-el.parquet", {"id": [1, 2], "target": [*BARKS.values()], "source": [*BARKS]}),
    ],
)  # fmt: skip
def test_every_layout(load, name, content):
    pairs = load(name, content)
    assert pairs.translations == BARKS
    assert (pairs.name, pairs.languages[:2], list(pairs.complaints())) == (name, ("en", "el"), [])
    assert pickle.loads(pickle.dumps(pairs)) == pairs


def test_languages_may_be_given():
    assert SentencePairs.from_pairs([("A dog.", "Ein Hund.")], languages="en-de").languages[:2] == ("en", "de")
    assert SentencePairs.from_pairs([("Τι; Ναι", "a")], "el-en.tsv").translations == {}  # two sentences of Greek
    assert SentencePairs.from_pairs([("Τι; Ναι", "a")], "xx.tsv").translations == {"Τι; Ναι": "a"}


def test_what_is_left_out_is_counted_and_told(load):
    lines = [
        "A dog.\tένα", "A  dog.\tένα", "A dog.\tδύο", "A dog. A cat.\tx", "1. Dogs\tx", "a\t", "\tb", "A dog.\t ", "c\td",
    ]  # fmt: skip
    pairs = load("p.tsv", "\n".join(lines))
    assert pairs.translations == {"A dog.": "ένα", "c": "d"}
    assert list(pairs.complaints()) == [
        "p.tsv: another translation of a sentence in 1 pair(s), such as 'A dog.' ('δύο'); the first is kept",
        "p.tsv: several sentences, which never match as one, in 2 pair(s), such as 'A dog. A cat.' ('x'); translate each separately",
        "p.tsv: an empty side in 3 pair(s), such as 'a' (''); they are left out",
    ]


def test_bad_lines_may_be_left_out(load):
    pairs = load("p.tsv", "one column\nc\td\n\na\tb\tc\n", skip_bad_lines=True)
    assert pairs.translations == {"c": "d"}
    assert list(pairs.complaints()) == [
        "p.tsv: 2 bad lines were skipped; the first is line 1: 1 tab-separated field(s) in 'one column'"
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("p.tsv", "c\td\nA dog.", "p.tsv:2: 1 tab-separated field(s) in 'A dog.'; a pair of sentences is 'source<TAB>target'; skip_bad_lines skips others"),
        ("p.txt", "A dog.\tένα\tδύο", "p.txt:1: 3 tab-separated field(s) in 'A dog.\\tένα\\tδύο'; a pair of sentences is 'source<TAB>target'; skip_bad_lines skips others"),
        ("p.csv", "A dog, a cat,x", "p.csv:1: 3 comma-separated field(s) in 'A dog, a cat,x'; a pair of sentences is 'source,target'; skip_bad_lines skips others"),
        ("p.jsonl", '{"en": "a"}', """p.jsonl:1: no 'source' and 'target' in '{"en": "a"}'; a pair of sentences is '{"source": TEXT, "target": TEXT or [TEXT, ...]}'; skip_bad_lines skips others"""),
        ("p.jsonl", '{"source": "a", "target": 5}', """p.jsonl:1: 5 is not a text in '{"source": "a", "target": 5}'; a pair of sentences is '{"source": TEXT, "target": TEXT or [TEXT, ...]}'; skip_bad_lines skips others"""),
        ("p.tsv", "", "p.tsv: no pair of sentences to use; it needs lines of 'source<TAB>target', or objects or columns `source` and `target`"),
        ("p.tsv", "a\t\nb\t", "p.tsv: no pair of sentences to use; an empty side in 2 pair(s), such as 'a' (''); they are left out"),
        ("p.tsv", "A dog. A cat.\tx", "p.tsv: no pair of sentences to use; several sentences, which never match as one, in 1 pair(s), such as 'A dog. A cat.' ('x'); translate each separately"),
        ("p.tsv", b"\xff\xffa", "p.tsv: not UTF-8 at byte 0; convert it: iconv -f YOUR-ENCODING -t UTF-8 "),
        ("p.xlsx", "a\tb", "p.xlsx: a spreadsheet, which is not read; save it as CSV in UTF-8"),
        ("p.parquet", {"en": ["a"]}, "p.parquet: 1 column(s), 'en'; give two, or name two of them source and target"),
        ("p.parquet", {"en": ["a"], "el": ["b"], "x": ["c"]}, "p.parquet: 3 column(s), 'en', 'el', 'x'; give two, or name two of them source and target"),
        ("p.parquet", {"en": ["a", "b"], "el": ["c", None]}, None),
        ("p.parquet", {"en": ["a"], "el": [5]}, "p.parquet: row 1: 5 is not a text; a pair of sentences is two texts"),
        ("p.parquet", b"PAR2", "p.parquet: not a readable Parquet file"),
    ],
)  # fmt: skip
def test_what_cannot_be_read_is_said_in_a_line(load, tmp_path, name, content, message):
    if message is None:
        assert load(name, content).translations == {"a": "c"}
        return
    with pytest.raises(UserError) as error:
        load(name, content)
    assert str(error.value).removeprefix(f"{tmp_path}/").startswith(message)


@pytest.mark.parametrize("name", ["none.tsv", "none.parquet"])
def test_a_file_that_is_not_there(tmp_path, name):
    with pytest.raises(UserError, match="no such file of sentences; give one with lines of 'source<TAB>target'"):
        SentencePairs.load(tmp_path / name)
    with pytest.raises(UserError, match="is a directory"):
        SentencePairs.load(tmp_path)
