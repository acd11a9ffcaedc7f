"""Rows of .csv and .tsv: values as RFC 4180 has them, and one line, with its number, for what it does not have."""

import csv
import io
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.errors import UserError
from commit_llm.files import separated_values
from commit_llm.files.records import read_records

TEXTS = st.text(st.characters(exclude_categories=["Cs"], exclude_characters="\0"), max_size=12)


def table(tmp_path, content, name="a.csv"):
    path = tmp_path / name
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return read_records(path)


def test_values_with_separators_quotes_and_line_ends(tmp_path):
    content = '\ufeffid,question,answer\r\n1,"Who, ""he"" or she?","a\nb\r\nc"\r\n\r\n2, x ,\r\n'
    assert table(tmp_path, content) == [
        {"id": "1", "question": 'Who, "he" or she?', "answer": "a\nb\r\nc"},
        {"id": "2", "question": " x ", "answer": ""},
    ]
    assert table(tmp_path, 'a\tb\n1,5\t"x\ty"\n', "a.tsv") == [{"a": "1,5", "b": "x\ty"}]


@pytest.mark.parametrize(("name", "separator"), [("a.csv", ","), ("a.tsv", "\t")])
def test_a_first_line_that_names_the_separator_is_passed_over(tmp_path, name, separator):
    """As Excel does; further down it is a row like others."""
    lines = [f"sep={separator}", f"a{separator}b", f"1{separator}2", f"sep={separator}"]
    records = table(tmp_path, "\r\n".join(lines), name)
    assert records == [{"a": "1", "b": "2"}, {"a": "sep=", "b": ""}]


def test_a_header_of_many_columns_is_read_in_one_pass(tmp_path, monkeypatch):
    """No name is compared with all the others, which took seconds for 10,000."""
    compared = []

    class Name(str):
        __hash__ = str.__hash__

        def __eq__(self, other):
            compared.append(other)
            return str.__eq__(self, other)

    names = [Name(f"column {number}") for number in range(500)]
    lines = separated_values.RowLines(io.BufferedReader(io.BytesIO()), tmp_path / "a.csv")
    assert separated_values._header(lines, names, ",") == names
    assert len(compared) < 2000
    with pytest.raises(UserError, match="names column 'column 7' twice"):
        separated_values._header(lines, [*names, Name("column 7")], ",")


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4), st.sampled_from([",", "\t"]))
def test_what_is_written_is_read(tmp_path_factory, rows, separator):
    text = io.StringIO()
    writer = csv.writer(text, delimiter=separator, quoting=csv.QUOTE_ALL)
    writer.writerows([("a", "b"), *rows])
    name = "a.csv" if separator == "," else "a.tsv"
    records = table(tmp_path_factory.mktemp("table"), text.getvalue(), name)
    assert [tuple(record.values()) for record in records] == rows


@pytest.mark.parametrize(
    ("content", "message"),
    [
        ("a,b\n1,2\n1,2,3\n", r"a\.csv:3: a row of 3 values, and the header names 2 \('a', 'b'\); put quotes around"),
        ('a,b\n"x\ny",2\n1\n', r"a\.csv:4: a row of 1 values, and the header names 2"),
        ('a,b\n1,2\n"x,2\n1,2\n', r"a\.csv:3: a quote that begins in this row never ends; put quotes around a value"),
        ('a,b\n1,2\n"x"y,2\n', r"a\.csv:3: malformed row \(.*\); put quotes around a value that has one in it"),
        ("a,b,a\n1,2,3\n", r"a\.csv:1: the header names column 'a' twice"),
        ("a;b\n1;2\n", r"a\.csv:1: one column, 'a;b': values of a file of this name have a comma .*; save it with com"),
        ("a\tb\n1\t2\n", r"a\.csv:1: one column, 'a\\tb': values of a file .* have a comma .*; name it \.tsv"),
        ("a,b\n", r"a\.csv: holds no record"),
        ("", r"a\.csv: holds no record"),
        ("a,b\r1,2\r", r"a\.csv:1: has a carriage return outside quotes; put quotes .*, and end lines in \\n or \\r"),
        ("a,b\n1,2\nx\ry,z\n", r"a\.csv:3: has a carriage return outside quotes; put quotes around a value that"),
        ("sep=;\na;b\n1;2\n", r"a\.csv:1: 'sep=;': values of a file of this name have a comma .*; save it with com"),
        ("SEP=\t\na\tb\n1\t2\n", r"a\.csv:1: 'SEP=\\t': values of a file .* have a comma .*; name it \.tsv"),
        (b"a,b\n1,\xff\n", r"a\.csv: not UTF-8 at byte 6"),
    ],
)
def test_what_is_no_table(tmp_path, content, message):
    with pytest.raises(UserError, match=message) as error:
        table(tmp_path, content)
    assert "\n" not in str(error.value)


def test_a_value_longer_than_python_s_own_limit(tmp_path):
    (record,) = table(tmp_path, f'a\n"{"x" * 200_000}"\n')
    assert len(record["a"]) == 200_000


@pytest.mark.parametrize("row", ['"' + "x\n" * 500_000, '"x\n",' * 400_000, "x" * 4_000_000])
def test_a_row_without_end_takes_little_memory(tmp_path, monkeypatch, row):
    monkeypatch.setattr(separated_values, "LONGEST", 100_000)
    (tmp_path / "a.csv").write_text(f"a\n1\n{row}")
    tracemalloc.start()
    try:
        with pytest.raises(UserError, match=r"a\.csv:3: a row of over .* MB begins here; a quote in it may never end"):
            read_records(tmp_path / "a.csv")
        assert tracemalloc.get_traced_memory()[1] < 5_000_000
    finally:
        tracemalloc.stop()
