"""Forms are found by all of their bytes, whatever their length."""

import numpy as np
import pytest

from commit_llm.codemix.engine import tables
from commit_llm.codemix.engine.kernel.lookup import find_form, hash_form

FORMS = [
    "a",
    "b",
    "seventh",
    "eight888",
    "nine99999",
    "sixteen 16 bytes",
    "seventeen 17 byte",
    "é" * 40,
    "zero\0",
    "x" * 5000,
]
TABLE = tables.original_table({form: [form.upper(), "second"] for form in FORMS})


def record(form):
    data = np.frombuffer(form.encode() + b" more", np.uint8)
    end = len(data) - 5
    return find_form(*TABLE[:3], np.uint64(hash_form(data, 0, end)), data, 0, end)


@pytest.mark.parametrize("form", FORMS)
def test_a_form_is_found(form):
    at = 8 * record(form)
    assert at >= 0
    length = TABLE.halves[at // 4 + tables.LENGTH]
    assert bytes(TABLE.octets[at + 8 * tables.KEY_WORDS :][:length]).decode() == form
    for other in (form + "s", form + "\0", "s" + form, form[:-1] + "~"):
        assert record(other) == -1


def test_its_translations_lie_behind_it():
    at = record("nine99999")
    first = at + tables.KEY_WORDS + 2
    assert TABLE.halves[2 * at + tables.TARGETS] == 2
    starts, ends = (
        TABLE.halves[2 * first + half :: 2 * tables.TARGET_WORDS][:2]
        for half in (tables.TARGET_START, tables.TARGET_END)
    )
    translations = [bytes(TABLE.octets[8 * at + start : 8 * at + end]) for start, end in zip(starts, ends, strict=True)]
    assert translations == [b"NINE99999", b"second"]
    assert TABLE.records[first] == 2**52


def test_every_form_of_a_large_table_is_found():
    """Many share their first place in the table."""
    forms = [f"form {n}" for n in range(3000)]
    table = tables.original_table({form: ["x"] for form in forms})
    data = np.frombuffer("".join(forms).encode(), np.uint8)
    ends = np.cumsum([len(form) for form in forms])
    places = {
        find_form(*table[:3], np.uint64(hash_form(data, end - len(form), end)), data, end - len(form), end)
        for form, end in zip(forms, ends.tolist(), strict=True)
    }
    assert len(places) == 3000
    assert -1 not in places
