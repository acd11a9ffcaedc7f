"""Folders of valid files of several kinds, which belong together."""

import hashlib
from pathlib import Path
from typing import Any

from tests.fuzz import valid_files as valid
from tests.fuzz.valid_files import Files, as_json, as_lines, in_folder


def pair_lines(pairs: Any, separator: str) -> bytes:
    return "".join(f"{one}{separator}{two}\n" for one, two in pairs).encode("utf-8")


def of_mixing() -> Files:
    return {
        "a.jsonl": as_lines(valid.RECORDS),
        "en-el.txt": pair_lines(valid.PAIRS, "\t"),
        "pairs.tsv": pair_lines(valid.SENTENCES, "\t"),
        "skip.txt": b"dog\nAnna\n",
    }


def checkpoint() -> Files:
    from commit_llm.train.manifest import write_manifest

    def write(folder: Path) -> None:
        (folder / "params").mkdir()
        (folder / "params" / "a").write_bytes(b"weights")
        write_manifest(folder)

    return in_folder(write)


def study() -> Files:
    from commit_llm.study.study_file import read_study
    from commit_llm.study.study_folder import begin

    def write(folder: Path) -> None:
        (folder / "study.yaml").write_text(valid.STUDY, encoding="utf-8")
        (folder / "out").mkdir()
        begin(folder / "out", read_study(folder / "study.yaml"))

    return in_folder(write)


def parts() -> Files:
    from commit_llm.files.unfinished import unfinished

    def write(folder: Path) -> None:
        with unfinished(folder / "a.jsonl", {"input": "x"}, overwrite=False) as kept:
            (kept.folder / "000000.1").write_bytes(b"{}\n")
            kept.keep(0, kept.folder / "000000.1", 1, [1, 2])

    return in_folder(write)


def answers() -> Files:
    reply = {"task": "t", "place": 0, "text": "a", "truncated": False, "finish_reason": "stop"}
    return {
        "responses.jsonl": valid.checked({"request": "a", "response": [1.0, True]}),
        "eval/unfinished/what.json": as_json({"model": "a"}),
        "eval/unfinished/answers.jsonl": valid.checked(
            reply, {"task": "t", "place": 1, "log_likelihoods": [-1.0], "truncated": False}
        ),
    }


def dictionary_with_record() -> Files:
    pairs = pair_lines(valid.PAIRS, "\t")
    record = {
        "url": "u",
        "sha256": hashlib.sha256(pairs).hexdigest(),
        "bytes": len(pairs),
        "licence": "l",
        "fetched": "d",
    }
    return {"en-el.txt": pairs, "en-el.txt.provenance.json": as_json(record)}
