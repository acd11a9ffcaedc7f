"""Examples decoded for people: all of the tokens, the right parts, and replaced words where they are."""

import numpy as np
import pytest

from commit_llm.data.decoding import Piece, Stretch, decode_parts
from commit_llm.data.examples import Example


def text_of(parts):
    return "".join(piece.text for part in parts for piece in part.pieces if not piece.special)


def example_of(tokens, trained_from=0):
    loss_mask = np.arange(len(tokens)) >= trained_from
    return Example(np.array(tokens, np.int32), loss_mask.astype(np.float32))


def test_a_character_that_the_mask_cuts_through(llama):
    tokens = llama.encode("a 狗 b")
    (place,) = [n for n in range(len(tokens) - 2) if tokens[n] == llama.encode("狗")[1]]
    for cut, first, second in ((place, "a ", "狗 b"), (place + 1, "a ", "狗 b"), (place + 3, "a 狗", " b")):
        parts, _ = decode_parts(example_of(tokens, cut), llama)
        assert [text_of([part]) for part in parts] == [first, second]
        assert [part.tokens for part in parts] == [cut, len(tokens) - cut]


def test_half_a_character(llama):
    """Tokens that decode to no character at all are counted, and break nothing."""
    tokens = llama.encode("狗")[:3]
    ((part,), _) = decode_parts(example_of(tokens), llama)
    assert part.tokens == 3
    assert decode_parts(example_of([]), llama) == ([], 0)


@pytest.mark.parametrize("cut", [0, 2, 5])
def test_a_replaced_word_is_marked_once_where_the_mask_cuts_it(llama, cut):
    written = [[Stretch("the "), Stretch("σκύλος", "dog"), Stretch(" barks")]]
    tokens = [llama.bos_id, *llama.encode("the σκύλος barks"), llama.eos_id]
    parts, placed = decode_parts(example_of(tokens, cut), llama, written)
    pieces = [piece for part in parts for piece in part.pieces]
    assert placed == 1
    assert "".join(piece.text for piece in pieces if piece.original == "dog") == "σκύλος"
    assert [piece for piece in pieces if piece.special] == [Piece("<s>", special=True), Piece("</s>", special=True)]
    assert text_of(parts) == "the σκύλος barks"


def test_a_text_that_is_not_the_one_that_was_written(llama):
    """What stands around a word says where it is; without it nothing is marked."""
    tokens = llama.encode("a very long text with a σκύλος in the middle of it")
    for before, after, placed in ((" with a ", " in the mi", 1), ("elsewhere a ", " of another kind", 0)):
        written = [[Stretch(before), Stretch("σκύλος", "dog"), Stretch(after)]]
        assert decode_parts(example_of(tokens), llama, written).placed == placed
