"""Signatures: reading undoes writing."""

from hypothesis import given
from hypothesis import strategies as st

from commit_llm.runs.evaluation import read_signature, write_signature

NAMES = st.text(st.characters(exclude_characters="|:"))
VALUES = st.text(st.characters(exclude_characters="|"))


@given(st.dictionaries(NAMES, VALUES, min_size=1))
def test_reading_undoes_writing(parts):
    assert read_signature(write_signature(parts)) == parts


def test_a_signature_keeps_the_order_and_writes_numbers_as_text():
    signature = write_signature({"task": "ogx_xquad_el", "task-version": 1.0, "limit": 5})
    assert signature == "task:ogx_xquad_el|task-version:1.0|limit:5"
    assert read_signature(signature) == {"task": "ogx_xquad_el", "task-version": "1.0", "limit": "5"}
