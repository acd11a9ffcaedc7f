"""Lines with a checksum each: a damaged one is passed over, and no other with it."""

from commit_llm.files.checked_lines import add_lines, read_lines

ROWS = [{"place": 0, "text": "Αθήνα\u2028"}, {"place": 1, "text": "\ud800"}, {"place": 2, "text": ""}]


def test_rows_come_back(tmp_path):
    path = tmp_path / "lines.jsonl"
    assert read_lines(path, "") == []
    add_lines(path, ROWS[:2])
    add_lines(path, ROWS[2:])
    assert read_lines(path, "") == ROWS


def test_a_line_that_a_kill_cut_off_is_removed(tmp_path, caplog):
    path = tmp_path / "lines.jsonl"
    add_lines(path, ROWS)
    whole = path.read_bytes()
    path.write_bytes(whole + b'{"place": 3, "te')
    assert read_lines(path, "") == ROWS
    assert path.read_bytes() == whole
    assert not caplog.records


def test_any_changed_bit_is_noticed_and_told_once(tmp_path, caplog):
    path = tmp_path / "lines.jsonl"
    add_lines(path, ROWS)
    whole = path.read_bytes()
    first = whole.index(b"\n") + 1
    second = whole.index(b"\n", first)
    for place in range(first, second):
        for bit in range(8):
            path.write_bytes(whole[:place] + bytes([whole[place] ^ 1 << bit]) + whole[place + 1 :])
            caplog.clear()
            assert read_lines(path, "it is asked again") == [ROWS[0], ROWS[2]]
            (record,) = caplog.records
            more = " (and 1 more)" if path.read_bytes()[place] == ord("\n") else ""
            message = f"{path}:2: a damaged line{more} was skipped; it is asked again"
            assert record.getMessage() == message


def test_other_lines_are_passed_over(tmp_path):
    path = tmp_path / "lines.jsonl"
    add_lines(path, ROWS[:1])
    for line in (b"", b"\0" * 30, b'{"place": 1, "text": "a"}', b"\xff\xfe", b'{"a": 1, "crc32": 99999999999}'):
        with path.open("ab") as file:
            file.write(line + b"\n")
    add_lines(path, ROWS[2:])
    assert read_lines(path, "") == [ROWS[0], ROWS[2]]
