"""The text of --target-text: what is read, and what is refused."""

import gzip
import json
import logging

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from commit_llm.codemix import BilingualDictionary
from commit_llm.data.target_text import with_frequencies
from commit_llm.errors import UserError

DICTIONARY = BilingualDictionary.from_pairs([("dog", "σκύλος"), ("dog", "σκυλί"), ("cat", "γάτα")], "en-el.txt")
TEXTS = ["Ο σκύλος κι η γάτα.", "σκύλος"]
COUNTS = {"σκύλος": 2, "σκυλί": 0, "γάτα": 1}


def jsonl(records):
    return "".join(json.dumps(record) + "\n" for record in records).encode()


FILES = {
    "a.txt": "\n".join(TEXTS).encode(),
    "a.txt.gz": gzip.compress("\n\n".join(TEXTS).encode("utf-16")),
    "a.jsonl": jsonl([*({"text": text} for text in TEXTS), {"text": None}]),
    "a.json": json.dumps([{"text": text} for text in TEXTS]).encode(),
    "instructions.jsonl": jsonl([{"instruction": TEXTS[0], "input": "", "output": TEXTS[1]}]),
    "a.csv": ("text\n" + "\n".join(TEXTS)).encode(),
}


@pytest.mark.parametrize("name", FILES)
def test_any_data_file(tmp_path, name):
    (tmp_path / name).write_bytes(FILES[name])
    assert with_frequencies(DICTIONARY, tmp_path / name, None).frequencies == COUNTS


def test_parquet(tmp_path):
    pq.write_table(pa.table({"source": ["x", "y"], "text": TEXTS}), tmp_path / "a.parquet")
    counted = with_frequencies(DICTIONARY, tmp_path / "a.parquet", None)
    assert counted.frequencies == COUNTS
    assert (counted.translations, DICTIONARY.frequencies) == (DICTIONARY.translations, None)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.txt", b"the dog\n", r"has none of the translations of en-el\.txt in its 2 words; give text in"),
        ("a.txt", b"", r"a\.txt: holds no record"),
        ("a.txt", b"\xff", r"a\.txt: not UTF-8"),
        ("a.pdf", b"x", r"a\.pdf: unknown suffix"),
        ("none.txt", None, r"none\.txt: no such data file"),
        ("a.jsonl", jsonl([{"body": "x"}]), r"a\.jsonl: record 1 has no column 'text' or 'instruction', only 'body'"),
        ("a.jsonl", jsonl([{"text": 3}]), r"a\.jsonl: record 1 of the data: field 'text' holds int 3, not a text"),
    ],
)
def test_a_mistake_is_one_line(tmp_path, name, content, message):
    if content is not None:
        (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        with_frequencies(DICTIONARY, tmp_path / name, None)


def test_text_that_seems_to_be_in_another_language_is_told(tmp_path, caplog):
    (tmp_path / "a.txt").write_text("σκύλος " + "perro " * 40, encoding="utf-8")
    with caplog.at_level(logging.WARNING, "commit_llm"):
        with_frequencies(DICTIONARY, tmp_path / "a.txt", None)
    assert "a.txt: 2.4 % of its words are translations of en-el.txt; is it in the dictionary's" in caplog.text
