"""The kernel gives what the two styles in plain Python give, byte for byte."""

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.codemix import CodeMixer, Outcome
from commit_llm.codemix.engine.clean import replace
from tests.codemix.toy import DICTIONARY, TEXTS

MIXERS = [
    CodeMixer(DICTIONARY, ratio=0.5, style="original"),
    CodeMixer(DICTIONARY, ratio=0.5),
    CodeMixer(
        DICTIONARY, ratio=0.5, all_capitals=True, draw="occurrence", unmixed_share=0.3, skip_words=frozenset({"us"})
    ),
]


@pytest.mark.parametrize("mixer", MIXERS, ids=["original", "clean", "clean with options"])
@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4))
def test_the_kernel_gives_what_python_gives(mixer, examples):
    """Bytes and counts, for columns, for single examples, and with one field only looked at."""
    for mixed_fields in (None, ["b"]):
        columns = {"a": pa.array([a for a, _ in examples]), "b": pa.array([b for _, b in examples])}
        mixed, counts = mixer.mix_columns(columns, first_row=7, epoch=2, mixed_fields=mixed_fields)
        for row, (a, b) in enumerate(examples):
            texts = {"a": a, "b": b}
            explained = mixer.explain(texts, row=7 + row, epoch=2, mixed_fields=mixed_fields)
            expected = {name: replace(text, explained.get(name, []), False) for name, text in texts.items()}
            assert {name: mixed[name][row].as_py() for name in texts} == expected
            example = mixer.mix_example(texts, row=7 + row, epoch=2, mixed_fields=mixed_fields)
            assert example.texts == expected
            assert tuple(example.counts) == tuple(counts[row])
            outcomes = [word.outcome for words in explained.values() for word in words]
            assert counts[row, : len(Outcome)].tolist() == [outcomes.count(outcome) for outcome in Outcome]
