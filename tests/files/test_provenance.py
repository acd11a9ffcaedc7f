"""Where a file comes from, and what it is called where others read it."""

import hashlib
import json

import pytest

from commit_llm.files.provenance import describe, last_part, public_name, sha256, sidecar


def test_a_hash_is_reported_as_it_is_read(tmp_path):
    path = tmp_path / "data"
    path.write_bytes(b"abc" * 2_000_000)
    reported = []
    assert sha256(path, reported.append) == hashlib.sha256(path.read_bytes()).hexdigest()
    assert reported == [1 << 22, 6_000_000]


@pytest.mark.parametrize("output", [False, True])
def test_a_file_is_described_as_its_sidecar_declares(tmp_path, output):
    """Those of `dictionary fetch` describe the file itself, those of `mix` their output."""
    path = tmp_path / "el.txt"
    path.write_bytes(b"abc")
    digest = sha256(path)
    plain = {"path": str(path), "sha256": digest, "bytes": 3, "licence": None, "url": None}
    assert describe(path, digest) == plain
    declared = {"sha256": digest, "licence": "CC0", "url": "https://x.org", "bytes": 99}
    sidecar(path).write_text(json.dumps({"output": declared} if output else declared))
    assert describe(path, digest) == {**plain, "licence": "CC0", "url": "https://x.org"}
    path.write_bytes(b"abd")  # the sidecar is then of another content
    assert describe(path, sha256(path))["licence"] is None


@pytest.mark.parametrize("content", ["", "[1]", '{"output": 3}'])
def test_a_sidecar_that_is_none(tmp_path, content):
    path = tmp_path / "el.txt"
    path.write_bytes(b"abc")
    sidecar(path).write_text(content)
    assert describe(path, sha256(path))["licence"] is None


@pytest.mark.parametrize(
    ("value", "name"),
    [
        ("tatsu-lab/alpaca", "tatsu-lab/alpaca"),
        ("data/alpaca.json", "alpaca.json"),
        ("../alpaca", "alpaca"),
        ("C:\\Users\\anna\\alpaca.json", "alpaca.json"),
        ("data/en-el.txt=0.5", "en-el.txt=0.5"),
        ("a/b/c", "c"),
    ],
)
def test_public_names(value, name):
    assert public_name(value) == name
    assert last_part(value) == value.replace("\\", "/").rpartition("/")[2]


def test_a_folder_that_looks_like_an_id_of_the_hub(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "anna" / "alpaca").mkdir(parents=True)
    assert public_name("anna/alpaca") == "alpaca"
