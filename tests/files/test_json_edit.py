"""One value of a JSON file changed: all else, down to its spaces and its way of writing numbers, stays."""

import json

import pytest

from commit_llm.files.json_edit import change_value, with_value

COMPACT = '{"a":1e-05,"b":{"a":[1,2]},"c":"\\u00e9\\"}"}'
INDENTED = '{\n\t"a": 1.0,\n\t"b" : null ,\n\t"c": [ ]\n}\n'


@pytest.mark.parametrize(
    ("text", "key", "value", "expected"),
    [
        (COMPACT, "a", [2, 5], COMPACT.replace("1e-05", "[2, 5]")),
        (COMPACT, "b", "ü", COMPACT.replace('{"a":[1,2]}', '"ü"')),
        (COMPACT, "c", None, '{"a":1e-05,"b":{"a":[1,2]},"c":null}'),
        (COMPACT, "d", 7, COMPACT[:-1] + ', "d": 7}'),
        (INDENTED, "b", False, INDENTED.replace("null", "false")),
        (INDENTED, "c", {"x": 1}, INDENTED.replace("[ ]", '{\n\t  "x": 1\n\t}')),
        (INDENTED, "d", 7, INDENTED.replace("[ ]", '[ ],\n\t"d": 7')),
        ("{}", "d", 7, '{"d": 7}'),
        ('{"a": 1, "a": 2}', "a", 3, '{"a": 1, "a": 3}'),
        (' {\r\n  "a": {"}": "{"}\r\n}', "a", 1, ' {\r\n  "a": 1\r\n}'),
    ],
)
def test_a_value_is_set_and_nothing_else(text, key, value, expected):
    assert with_value(text, key, value) == expected
    assert json.loads(expected) == json.loads(text) | {key: value}


def test_a_file_keeps_its_line_ends(tmp_path):
    path = tmp_path / "any.json"
    path.write_bytes('{\r\n "ä": 1,\r\n "b": 2\r\n}\r\n'.encode())
    change_value(path, "b", 3)
    assert path.read_bytes() == '{\r\n "ä": 1,\r\n "b": 3\r\n}\r\n'.encode()
