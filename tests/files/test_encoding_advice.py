"""The line that mends a text that is not UTF-8: it runs in a shell, and gives the text."""

import gzip
import subprocess

import pytest

from commit_llm.errors import UserError
from commit_llm.files.encoding_advice import likely_encoding
from commit_llm.files.records import read_records

FRENCH = "un caf\u00e9 \u201cnoir\u201d, s'il vous pla\u00eet, et un peu de lait"
GREEK = "\u03ba\u03b1\u03bb\u03b7\u03bc\u03ad\u03c1\u03b1, \u03c0\u03ce\u03c2 \u03b5\u03af\u03c3\u03b1\u03b9"


@pytest.mark.parametrize(
    ("text", "encoding", "likely"),
    [
        (FRENCH, "cp1252", "WINDOWS-1252"),
        (FRENCH, "utf-16", "UTF-16"),
        (GREEK, "cp1253", "YOUR-ENCODING"),
        (
            f"the word {GREEK[:8]} is a greeting, and one says it in the morning and at noon, to anybody" * 2,
            "cp1253",
            "YOUR-ENCODING",
        ),
        ("\u72ac" * 9, "gb18030", "YOUR-ENCODING"),
        (FRENCH + "\u0165", "cp1250", "YOUR-ENCODING"),  # 9d, which no western text has
    ],
)
def test_what_some_bytes_tell(text, encoding, likely):
    assert likely_encoding(text.encode(encoding)) == likely


@pytest.mark.parametrize("name", ["my data.txt", "a.jsonl", "a.json", "a.csv", "a.csv.gz"])
def test_the_line_that_mends_a_text(tmp_path, name):
    path = tmp_path / name
    value = f'"{FRENCH}"'
    content = {
        "my data.txt": FRENCH,
        "a.jsonl": f'{{"text": {value}}}',
        "a.json": f'[{{"text": {value}}}]',
    }.get(name, f"text\n{value}\n".replace("\u201c", "").replace("\u201d", ""))
    encoded = content.encode("cp1252")
    path.write_bytes(gzip.compress(encoded) if name.endswith(".gz") else encoded)
    with pytest.raises(UserError, match=r"not UTF-8 at byte \d+; convert it: ") as error:
        read_records(path)
    line = str(error.value).partition("; convert it: ")[2]
    assert "iconv -f WINDOWS-1252 -t UTF-8" in line
    subprocess.run(line, shell=True, check=True, timeout=60, cwd=tmp_path)
    (mended,) = tmp_path.glob("*.utf-8*")
    expected = FRENCH if "csv" not in name else FRENCH.replace("\u201c", "").replace("\u201d", "")
    assert read_records(mended) == [{"text": expected}]
