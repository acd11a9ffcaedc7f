"""The logs of a run: read as far as they go, and cut back to a checkpoint."""

import json

from commit_llm.runs.logs import Logs, cut_back, left_out, read_logs, read_metrics


def lines(*values):
    return "".join(f"{value if isinstance(value, str) else json.dumps(value)}\n" for value in values)


def test_logs_are_read_as_far_as_they_go(tmp_path):
    """A line that a kill cut short, one written again, and lines that are none."""
    good = {"step": 2, "loss": 1.5}
    text = lines(
        good, {"step": 1, "loss": 9}, "garbage", [1], {"step": "x"}, {"loss": 1}, "[" * 5000, good | {"loss": 2},
        {"step": 10**400}, {"step": -1}, '{"step": 4, "loss": ' + "1" * 5000 + "}",
    )  # fmt: skip
    (tmp_path / "metrics.jsonl").write_bytes(text.encode() + b'{"step": 3, "lo\xff')
    logs = read_logs(tmp_path)
    assert logs.step == 2
    assert list(logs.metrics.items()) == [(1, {"step": 1, "loss": 9}), (2, {"step": 2, "loss": 2})]
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
    assert left_out(tmp_path) == 3
    write("40", '{"data": 1}')
    assert left_out(tmp_path) == 3


def test_metrics_are_cut_back_to_the_checkpoint(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step":  10}\n{"step": 11}\n{"step": 20}\n{"st')
    cut_back(path, 10)
    assert path.read_text() == '{"step": 1}\n{"step":  10}\n'
    cut_back(tmp_path / "none.jsonl", 10)
    assert [file.name for file in tmp_path.iterdir()] == ["metrics.jsonl"]
