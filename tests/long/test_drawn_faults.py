"""Faults drawn at random in a run, an export and an evaluation: every command ends with 0 or with one line and 2."""

import hashlib
import shutil

import pytest

QUESTIONS = 4


@pytest.fixture(scope="module")
def whole(world, training, command_line, tmp_path_factory):
    """A finished run, its export, and two evaluations of it."""
    folder = tmp_path_factory.mktemp("whole")
    assert command_line(*training, "--out", folder / "run") == 0
    assert command_line("export", folder / "run", "--out", folder / "model") == 0
    for name in ("eval", "again"):
        assert command_line(*asking(world, folder), "--out", folder / name) == 0
    return folder


def asking(world, folder):
    questions = ["--tasks", "xquad_instruct_el", "--data-dir", world, "--limit", QUESTIONS]
    return ["eval", folder / "model", *questions]


def commands(world, training, folder, new):
    """What is asked of each folder after the fault: the words, and the output that must be whole or absent."""
    return {
        "run": [
            ([*training, "--out", folder / "run"], None),
            (["export", folder / "run", "--out", new], new),
            (["report", folder / "run", "--out", new / "page.html"], None),
        ],
        "model": [
            ([*asking(world, folder), "--out", new], None),
            ([*training[:2], "--model", folder / "model", *training[4:-1], "--out", new], None),
        ],
        "eval": [
            ([*asking(world, folder), "--out", folder / "eval"], None),
            (["compare", f"a={folder / 'eval'}", f"b={folder / 'again'}", "--out", new], new),
        ],
    }


def break_something(folder, random):
    """Do one fault to one file of a folder; what was done."""
    files = sorted(path for path in folder.rglob("*") if path.is_file())
    path = files[random.integers(len(files))]
    content = path.read_bytes()
    place = int(random.integers(len(content) + 1))
    faults = {
        "removed": lambda: path.unlink(),
        "emptied": lambda: path.write_bytes(b""),
        "cut short": lambda: path.write_bytes(content[:place]),
        "a byte changed": lambda: path.write_bytes(
            content[:place] + bytes([random.integers(256)]) + content[place + 1 :]
        ),
        "bytes put in": lambda: path.write_bytes(content[:place] + random.bytes(7) + content[place:]),
        "written twice": lambda: path.write_bytes(content * 2),
        "a folder in its place": lambda: (path.unlink(), path.mkdir()),
        "another value": lambda: path.write_bytes(
            content.replace(b": ", b": null, ", 1).replace(b"null, ", b"null", 1)
        ),
    }
    name = sorted(faults)[random.integers(len(faults))]
    faults[name]()
    return f"{path.relative_to(folder.parent)}: {name}, at {place}"


def content_of(folder):
    return {
        path.relative_to(folder): hashlib.sha256(path.read_bytes()).digest()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_no_fault_shows_a_traceback_or_leaves_a_half_written_output(
    whole, world, training, command_line, rounds, tmp_path, capsys
):
    for number, random in rounds:
        folder, new = tmp_path / f"{number}", tmp_path / f"new {number}"
        shutil.copytree(whole, folder)
        part = ("run", "model", "eval")[random.integers(3)]
        fault = break_something(folder / part, random)
        choices = commands(world, training, folder, new)[part]
        argv, output = choices[random.integers(len(choices))]
        before = content_of(folder)
        capsys.readouterr()
        status = command_line(*argv)
        errors = capsys.readouterr().err
        case = f"{fault}; {' '.join(map(str, argv))}\n{errors}"
        print(case)
        assert status in (0, 2), case
        if status == 2:
            assert f"commit-llm {argv[0]}: " in errors.splitlines()[-1], case
            assert output is None or not output.exists(), case
            assert argv[0] == "train" or content_of(folder) == before, case
        shutil.rmtree(folder)
        shutil.rmtree(new, ignore_errors=True)
