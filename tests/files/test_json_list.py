"""A .json list, read object by object: the same objects as when it is read whole, and the same faults."""

import json

import pytest

from commit_llm.errors import UserError
from commit_llm.files import json_list
from commit_llm.files.json_list import list_items, read_list

OBJECTS = [{"a": "x" * n, "b": [1, {"c": ']}",\\'}], "é": -1.5e3} for n in range(30)]


@pytest.mark.parametrize("characters", [1, 7, 64, 10_000])
@pytest.mark.parametrize("indent", [None, 1])
def test_every_object_wherever_the_reading_is_cut(tmp_path, monkeypatch, characters, indent):
    monkeypatch.setattr(json_list, "READ", characters)
    path = tmp_path / "a.json"
    path.write_text(" \n" + json.dumps(OBJECTS, indent=indent, ensure_ascii=False) + "\n ", encoding="utf-8-sig")
    items = list(list_items(path))
    assert [value for value, _ in items] == read_list(path) == OBJECTS
    assert items[-1][1] == path.stat().st_size


def test_an_empty_list(tmp_path):
    (tmp_path / "a.json").write_text(" [ ] ")
    assert list(list_items(tmp_path / "a.json")) == []


@pytest.mark.parametrize("characters", [1, 10_000])
@pytest.mark.parametrize(
    "text",
    [
        b"", b"[", b"[{}", b"[{},]", b"[{} {}]", b"[{}]]", b'[{"a": }]', b'{"a": 1}', b"[1]", b"[12",
        b'[{},\n{"a": nul}]', b'[{"a": "\xff"}]', b'[{"a": "\\ud800"}]', b'[{"a": "\\uD800"}]',
        b'[{"n": ' + b"1" * 4301 + b"}]",
        b"[" * 100_000, b'[{"a": 1}] x',
    ],
)  # fmt: skip
def test_a_fault_is_that_of_the_whole_file(tmp_path, monkeypatch, characters, text):
    monkeypatch.setattr(json_list, "READ", characters)
    path = tmp_path / "a.json"
    path.write_bytes(text)
    messages = []
    for read in (read_list, lambda path: list(list_items(path))):
        with pytest.raises(UserError) as error:
            read(path)
        messages.append(str(error.value))
    assert messages[0] == messages[1]
