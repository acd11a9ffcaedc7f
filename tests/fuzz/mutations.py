"""Faults drawn for a valid file: of its bytes, and of the values of a JSON or YAML text."""

import gzip
import json
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

import numpy as np

Draw = np.random.Generator

# What nobody expects where a value stands.
VALUES: tuple[Any, ...] = (
    None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**30, 10**400, 0.5, -0.0, 1e308, float("nan"), float("inf"),
    "", " ", "\0", "a\0b", "\x1b[2J\x1b]0;title\x07", "\x9b31m", "\ud800", "\udc00x", "\u202e", "\ufeff", "\u2028", "é",
    "../../outside", "/outside", "..", "~/outside", "a" * 5000, "1", "1e5", "nan", "٣", "9" * 5000, "{{ 1/0 }}",
    "%s{0}",
    [], {}, [[]], [None], {"": None}, {"a": {"a": {}}}, ["a", "a"], [1, "a", None],
)  # fmt: skip
# Bytes that mean something to a reader.
PIECES = (
    b"\0", b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff", b"\x1f\x8b", b"\x28\xb5\x2f\xfd", b"\x1b[2J", b"\r", b"\n",
    b"\r\n",
    b"\t", b'"', b"'", b",", b"\\", b"\\ud800", b"\\u0000", b"NaN", b"1e999", b"9" * 5000, b"[" * 100_000,
    b'{"a":' * 5000,
    b"../../outside", b"\xed\xa0\x80", b"\xc3", b"\xf0\x9f", b"\xe2\x80\xa8", b"{%", b"{{", b"&a [*a, *a]", b"!!int ''",
    b"!!timestamp x", b"!!bool x", b"!!python/object/apply:os.system [x]", b"<<: ", b"---\n", b"\xff" * 8, b"\0" * 64,
    b"a" * 70_000,
)  # fmt: skip
DEPTHS = (20, 2000, 100_000)  # of lists in lists


class Fault(NamedTuple):
    """Name a fault and hold what it makes of a file; None where it does not apply."""

    name: str
    content: bytes | None


def of_bytes(content: bytes, draw: Draw) -> Fault:
    """Do one drawn fault to the bytes of a file."""
    place, end = sorted(int(draw.integers(len(content) + 1)) for _ in range(2))
    faults: dict[str, Callable[[], bytes]] = {
        "a bit flipped": lambda: _flipped(content, draw),
        "a byte changed": lambda: content[:place] + bytes([int(draw.integers(256))]) + content[place + 1 :],
        "cut": lambda: content[:place],
        "head cut": lambda: content[place:],
        "a part left out": lambda: content[:place] + content[end:],
        "a part twice": lambda: content[:end] + content[place:end] + content[end:],
        "a part zeros": lambda: content[:place] + bytes(end - place) + content[end:],
        "twice": lambda: content * 2,
        "emptied": lambda: b"",
        "random bytes": lambda: draw.bytes(int(draw.integers(1, 300))),
        "bytes put in": lambda: content[:place] + draw.bytes(int(draw.integers(1, 20))) + content[place:],
        "a piece put in": lambda: content[:place] + _one(PIECES, draw) + content[place:],
        "a piece instead": lambda: content[:place] + _one(PIECES, draw) + content[end:],
        "a number changed": lambda: _number(content, draw),
        "UTF-16": lambda: content.decode("utf-8", "replace").encode("utf-16"),
        "latin-1": lambda: content.decode("utf-8", "replace").encode("latin-1", "replace"),
        "packed": lambda: gzip.compress(content, mtime=0),
        "lines shuffled": lambda: b"".join(draw.permutation(np.array(content.splitlines(True), dtype=object)).tolist()),
    }
    name = sorted(faults)[int(draw.integers(len(faults)))]
    return Fault(name, faults[name]())


def of_values(content: bytes, draw: Draw) -> Fault:
    """Put an unexpected value into a JSON text, or into one of its lines; or a key in the place of another."""
    lines = content.splitlines()
    number = int(draw.integers(len(lines))) if lines else 0
    for text, before, behind in (
        (content, [], []),
        (b"".join(lines[number : number + 1]), lines[:number], lines[number + 1 :]),
    ):
        try:
            value = json.loads(text)
        except ValueError:
            continue
        changed, what = _changed(value, draw)
        return Fault(
            f"{what}, line {number + 1}" if before or behind else what, b"\n".join([*before, dumped(changed), *behind])
        )
    return Fault("no JSON", None)


def dumped(value: Any) -> bytes:
    """Write JSON, with whatever Python takes: NaN, half characters, numbers without end."""
    if isinstance(value, int) and abs(value) >= 10**300:
        return b"1" + b"0" * 5000
    return json.dumps(value, ensure_ascii=bool(isinstance(value, str))).encode("utf-8", "surrogatepass")


def _changed(value: Any, draw: Draw) -> tuple[Any, str]:
    """Give a value with one of its parts changed, and say how."""
    places = list(_places(value, ()))
    place = places[int(draw.integers(len(places)))]
    if draw.random() < 0.05:
        depth = DEPTHS[int(draw.integers(2))]
        new: Any = json.loads("[" * min(depth, 500) + "]" * min(depth, 500))
    else:
        new = _one(VALUES, draw)
    if not place:
        return new, f"all is {new!r:.60}"
    *folders, last = place
    holder = value
    for name in folders:
        holder = holder[name]
    kind = draw.random()
    if kind < 0.1 and isinstance(holder, dict):
        del holder[last]
        return value, f"{place} left out"
    if kind < 0.2 and isinstance(holder, dict):
        holder[new if isinstance(new, str) else repr(new)[:50]] = holder.pop(last)
        return value, f"{place} is called {new!r:.60}"
    holder[last] = new
    return value, f"{place} is {new!r:.60}"


def _places(value: Any, place: tuple[Any, ...]) -> Iterator[tuple[Any, ...]]:
    yield place
    if len(place) < 6:
        items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
        for name, item in items:
            yield from _places(item, (*place, name))


def _flipped(content: bytes, draw: Draw) -> bytes:
    if not content:
        return b"\1"
    place, bit = int(draw.integers(len(content))), int(draw.integers(8))
    return content[:place] + bytes([content[place] ^ (1 << bit)]) + content[place + 1 :]


def _number(content: bytes, draw: Draw) -> bytes:
    """Put a huge or a negative number in the place of four or eight bytes, as binary formats have them."""
    size = int(_one((4, 8), draw))
    number = int(_one((0, 1, 2**31 - 1, 2**31, 2**32 - 1, 2**62), draw)) & ((1 << 8 * size) - 1)
    place = int(draw.integers(max(1, len(content) - size)))
    order = _one(("little", "big"), draw)
    return content[:place] + number.to_bytes(size, order) + content[place + size :]


def _one(values: Any, draw: Draw) -> Any:
    return values[int(draw.integers(len(values)))]
