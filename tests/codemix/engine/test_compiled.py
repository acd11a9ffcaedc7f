"""Around the kernel: columns of every kind in, mixed ones out."""

import numpy as np
import pyarrow as pa
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.errors import UserError
from tests.codemix.toy import EVERY


def test_columns_of_any_kind():
    texts = ["dog " * 2000, None, "", "no", "dog"] * 1000
    plain = EVERY.mix_columns({"text": pa.array(texts)}, first_row=3)
    expected = [text and text.replace("dog", "σκύλος") for text in texts]
    assert plain[0]["text"].to_pylist() == expected
    kinds = [
        pa.array(texts, pa.large_string()),
        pa.chunked_array([pa.array(["cut"]), pa.array(texts[:7]), pa.array(texts[7:])]).slice(1),
        pa.array(["off", *texts])[1:],
        pa.array(texts).dictionary_encode(),
    ]
    for column in kinds:
        mixed, counts = EVERY.mix_columns({"text": column}, first_row=3)
        assert mixed["text"].to_pylist() == expected
        assert np.array_equal(counts, plain[1])
        mixed["text"].validate(full=True)
    assert EVERY.mix_columns({"text": pa.array([], pa.string())})[0]["text"].to_pylist() == []
    assert EVERY.mix_columns({"text": pa.array([None, None])})[0]["text"].to_pylist() == [None, None]


def test_output_that_grows_beyond_its_room():
    long = CodeMixer(BilingualDictionary.from_pairs([("a", "β" * 500)]), ratio=1.0)
    mixed, _ = long.mix_columns({"x": pa.array(["a a", "b", "a"]), "y": pa.array(["a", "a a a a", ""])})
    assert mixed["x"].to_pylist() == [f"{'β' * 500} {'β' * 500}", "b", "β" * 500]
    assert mixed["y"].to_pylist() == ["β" * 500, " ".join(["β" * 500] * 4), ""]


def test_columns_that_hold_no_text():
    with pytest.raises(UserError, match="column 'n': holds int64, not text"):
        EVERY.mix_columns({"n": pa.array([1])})
    broken = pa.StringArray.from_buffers(1, pa.py_buffer(np.array([0, 2], np.int32)), pa.py_buffer(b"\xc3("))
    with pytest.raises(UserError, match="column 'text', rows 1 to 1: no valid text"):
        EVERY.mix_columns({"text": broken})
