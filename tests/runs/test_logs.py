"""The logs of a run: read as far as they go, and cut back to a checkpoint."""

import json

import pytest

from commit_llm.errors import UserError
from commit_llm.runs.logs import Logs, cut_back, left_out, read_logs, read_metrics

GOOD = {"step": 2, "loss": 1.5, "accuracy": 0.5, "learning_rate": 1e-5, "grad_norm": 2, "tokens": 90}
# What a disk or a hand makes of a line.
DAMAGED = {
    "no JSON": b"garbage",
    "no object": b"[1]",
    "no step": b'{"loss": 1}',
    "no loss": json.dumps({name: value for name, value in GOOD.items() if name != "loss"}).encode(),
    "a text as step": json.dumps(GOOD | {"step": "2"}).encode(),
    "a truth value as step": json.dumps(GOOD | {"step": True}).encode(),
    "a list as loss": json.dumps(GOOD | {"loss": [1.5]}).encode(),
    "an endless step": json.dumps(GOOD | {"step": 10**400}).encode(),
    "a step below 0": json.dumps(GOOD | {"step": -1}).encode(),
    "too deep": b"[" * 5000,
    "too many digits": b'{"step": 4, "loss": ' + b"1" * 5000 + b"}",
    "no UTF-8": json.dumps(GOOD).encode().replace(b"loss", b"l\xffss"),
    "NUL bytes": b"\0" * 40,
    "a half": json.dumps(GOOD).encode()[:30],
    "two in one": json.dumps(GOOD).encode() * 2,
}


def lines(*values):
    return b"".join((value if isinstance(value, bytes) else json.dumps(value).encode()) + b"\n" for value in values)


def warnings_of(caplog):
    return [record.getMessage() for record in caplog.records]


def test_logs_are_read_as_far_as_they_go(tmp_path, caplog):
    """A line that a kill cut short, one written again, and lines that are none."""
    first, again = GOOD | {"step": 1, "loss": 9}, GOOD | {"loss": 2}
    path = tmp_path / "metrics.jsonl"
    path.write_bytes(lines(GOOD, first, *DAMAGED.values(), again) + b'{"step": 3, "lo\xff')
    logs = read_logs(tmp_path)
    assert logs.step == 2
    assert list(logs.metrics.items()) == [(1, first), (2, again)]
    rest = f"(and {len(DAMAGED) - 1} more) was skipped; the log is read without it"
    assert warnings_of(caplog) == [f"{path}:3: a damaged line {rest}"]
    assert read_metrics(tmp_path) == list(logs.metrics.values())
    assert (logs.timing, logs.held_out, Logs({}, {}, {}).step) == ({}, {}, 0)


def test_left_out(tmp_path):
    def write(step, text):
        folder = tmp_path / "checkpoints" / step / "progress"
        folder.mkdir(parents=True)
        (folder / "metadata").write_text(text)

    assert left_out(tmp_path) is None
    write("20", json.dumps({"data": {"left_out": 3}}))
    write("9", json.dumps({"data": {"left_out": 1}}))
    write("30.tmp", "")
    assert left_out(tmp_path) == {"longer than a row": 3}
    write("40", '{"data": 1}')
    write("42", '{"data": {"left_out": 4, "no_example": {"REFUSED": "<b>"}}}')
    assert left_out(tmp_path) == {"longer than a row": 3}
    write("50", json.dumps({"data": {"left_out": 4, "no_example": {"REFUSED": 2, "<b>": 3}}}))
    assert left_out(tmp_path) == {"longer than a row": 4, "refused by the template": 2}


def test_metrics_are_cut_back_to_the_checkpoint(tmp_path):
    path = tmp_path / "metrics.jsonl"
    steps = [lines(GOOD | {"step": step}) for step in (1, 10, 11, 20)]
    path.write_bytes(b"".join(steps) + b'{"st')
    cut_back(path, 10)
    assert path.read_bytes() == b"".join(steps[:2])
    cut_back(tmp_path / "timing.jsonl", 10)
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.jsonl"]


@pytest.mark.parametrize("damaged", DAMAGED.values(), ids=DAMAGED)
def test_a_damaged_line_takes_no_other_with_it(tmp_path, caplog, damaged):
    path = tmp_path / "metrics.jsonl"
    first, last = lines(GOOD | {"step": 1}), lines(GOOD | {"step": 3})
    path.write_bytes(first + damaged + b"\n" + last)
    cut_back(path, 3)
    assert path.read_bytes() == first + last
    cut_back(path, 3)
    assert warnings_of(caplog) == [f"{path}:2: a damaged line was skipped; it is dropped"]


def test_a_line_that_stands_there_twice_is_kept_once(tmp_path, caplog):
    path = tmp_path / "held_out.jsonl"
    line = lines({"step": 4, "loss": 1.5, "accuracy": 0.5})
    path.write_bytes(line * 2)
    cut_back(path, 4)
    assert path.read_bytes() == line
    assert not caplog.records


def test_a_log_that_is_a_link_is_read_and_not_cut_back(tmp_path):
    others = tmp_path / "others.jsonl"
    others.write_bytes(lines(GOOD))
    (tmp_path / "metrics.jsonl").symlink_to(others)
    assert read_logs(tmp_path).step == 2
    with pytest.raises(UserError, match=r"metrics\.jsonl: is a link to .*others\.jsonl, and nothing is written"):
        cut_back(tmp_path / "metrics.jsonl", 0)
    assert others.read_bytes() == lines(GOOD)
