"""Counts of tokens: lengths that hold a share of the examples, kinds of tokens, and rows as training makes them."""

from collections import Counter

from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.data.forms.plain_text import PlainTextForm
from commit_llm.data.packing.row_fit import places_of
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.vocabulary.example_texts import ExampleKind, ExampleTexts
from commit_llm.vocabulary.token_counts import LengthCounts, TokenCounts
from tests.data.tokenizer_folders import template, write_bytes_tokenizer, write_pieces


def test_lengths_that_hold_a_share():
    lengths = LengthCounts(Counter({10: 94, 20: 1, 30: 5}))
    assert [lengths.holding(share) for share in (0.5, 0.94, 0.95, 0.96, 1.0)] == [10, 10, 20, 30, 30]
    assert lengths.mean == (940 + 20 + 150) / 100


def of_text(tokenizer, *texts):
    counts = TokenCounts(tokenizer, InstructionForm())
    for row, text in enumerate(texts):
        counts.add(ExampleTexts(ExampleKind.TEXT, row, {"text": text}, {"text": text}))
    return counts


def test_a_text_takes_the_places_that_training_gives_it(tmp_path):
    """With a bos and an eos around it, in the one form that the loop makes by itself."""
    for post_processor in (None, template(number=1)):
        tokenizer = load_tokenizer(write_bytes_tokenizer(tmp_path / "bytes", post_processor))
        record = {"text": "Ο dog"}
        example = PlainTextForm().encode(tokenizer, record, record)
        assert of_text(tokenizer, "Ο dog").rows.numbers == {places_of(example): 1}


def test_parts_of_characters(tmp_path):
    """Bytes of one; a character of one byte is whole."""
    tokenizer = load_tokenizer(write_bytes_tokenizer(tmp_path / "bytes"))
    counts = of_text(tokenizer, "a ού", "b\n")
    assert (counts.tokens, counts.parts, counts.unknown, counts.used) == (8, 4, 0, 8)


def test_unknown_tokens_of_a_sentencepiece_model(tmp_path):
    """One without bytes to fall back on."""
    tokenizer = load_tokenizer(write_pieces(tmp_path / "pieces"))
    counts = of_text(tokenizer, "the Ω dog")
    assert (counts.unknown, counts.parts) == (1, 0)
