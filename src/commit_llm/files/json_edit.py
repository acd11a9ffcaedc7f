"""Change one value in the text of a JSON file; every other character stays as it is."""

import json
import re
from pathlib import Path
from typing import Any

from commit_llm.files.json_text import parse_json, utf8_of

SPACE = re.compile(r"[ \t\r\n]*")


def change_value(path: Path, key: str, value: Any) -> None:
    """Set a value of the object that a JSON file holds. The file is one that `read_json_object` reads."""
    path.write_bytes(with_value(utf8_of(path), key, value).encode("utf-8"))


def with_value(text: str, key: str, value: Any) -> str:
    """Set a value of the outermost object. A key that is not there becomes its last one.

    >>> with_value('{"a": 1.50, "b": [ ]}', "b", 2)
    '{"a": 1.50, "b": 2}'
    >>> with_value('{\\n  "a": 1.50\\n}', "b", [2])
    '{\\n  "a": 1.50,\\n  "b": [\\n    2\\n  ]\\n}'
    """
    parse_json(text, key)  # so that what follows need not look at what is malformed
    place = text.index("{") + 1
    lead = SPACE.match(text, place)[0]  # type: ignore[index]  # what stands between the brace and the first key
    end, span = place, None
    decoder = json.JSONDecoder()
    place = _after_space(text, place)
    while text[place] != "}":
        name, place = decoder.raw_decode(text, place)
        start = _after_space(text, _after_space(text, place) + 1)  # over the colon
        _, end = decoder.raw_decode(text, start)
        if name == key:
            span = start, end  # of one that occurs there twice, the last counts
        place = _after_space(text, end)
        if text[place] == ",":
            place = _after_space(text, place + 1)
    written = _dump(value, lead)
    if span is not None:
        return text[: span[0]] + written + text[span[1] :]
    is_first = end == text.index("{") + 1
    comma, space = "" if is_first else ",", lead if is_first or "\n" in lead else " "
    return f"{text[:end]}{comma}{space}{json.dumps(key)}: {written}{text[end:]}"


def _after_space(text: str, place: int) -> int:
    return SPACE.match(text, place).end()  # type: ignore[union-attr]  # it matches everywhere


def _dump(value: Any, lead: str) -> str:
    """Write a value as the file is written: in lines where its keys stand on lines of their own."""
    if "\n" not in lead:
        return json.dumps(value, ensure_ascii=False)
    return json.dumps(value, ensure_ascii=False, indent=2).replace("\n", lead)
