"""Lines of text files, cut into spans."""

import pytest

from commit_llm.errors import UserError
from commit_llm.files.lines import Span, records_of_lines, spans


def test_spans_end_after_so_many_records_or_bytes(tmp_path):
    path = tmp_path / "a.jsonl"
    path.write_bytes(b'\xef\xbb\xbf{"n": 1}\n\n{"n": 2}\n{"n": 3}')
    assert list(spans(path, 1, 99)) == [(Span(3, 12, 1), 1), (Span(12, 22, 2), 1), (Span(22, 30, 4), 1)]
    assert list(spans(path, 9, 10)) == [(Span(3, 13, 1), 1), (Span(13, 30, 3), 2)]
    assert [record["n"] for span, _ in spans(path, 1, 99) for record in records_of_lines(path, span)] == [1, 2, 3]


def test_a_blank_line_is_a_record_of_plain_text(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\r\n\ntwo")
    ((span, records),) = spans(path, 9, 99)
    assert records == 3
    assert list(records_of_lines(path, span)) == [{"text": "one"}, {"text": ""}, {"text": "two"}]


def test_a_file_that_has_become_shorter(tmp_path):
    path = tmp_path / "a.txt"
    path.write_bytes(b"one\n")
    with pytest.raises(UserError, match="became shorter while it was read"):
        list(records_of_lines(path, Span(0, 9, 1)))
