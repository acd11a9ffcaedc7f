"""Batches of a data set: what is refused before the first one, and what is made ahead of time."""

import dataclasses

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.ratio_schedule import RatioSchedule
from commit_llm.data.loader import held_out_batches, open_batches, open_examples, prefetched, training_examples
from commit_llm.errors import UserError
from commit_llm.recipes import find_recipe

RECORD = {"instruction": "Say hi to dog", "input": "", "output": "hi dog"}


def opened(recipe, records, tokenizer, mixer=None):
    return open_batches(recipe, open_examples(recipe, records, tokenizer, mixer))


def test_fields_to_mix(tokenizer):
    """The others stay; a name that is not a field is told."""
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "cat")]), ratio=1.0)
    recipe = dataclasses.replace(find_recipe("commit"), mix_fields=("output",))
    text = tokenizer.decode(open_examples(recipe, [RECORD], tokenizer, mixer)(0, 0).tokens.tolist())
    assert ("hi to dog" in text, "hi cat" in text) == (True, True)
    with pytest.raises(UserError, match="mixed_fields question: no such field is mixed here; there are instruction,"):
        opened(dataclasses.replace(recipe, mix_fields=("question",)), [RECORD], tokenizer, mixer)


def test_a_ratio_that_moves_is_read_at_the_place_in_the_shuffled_order(tokenizer):
    """Not at the batch, and after a restart as before it."""
    words = [chr(97 + number) * 3 for number in range(20)]
    records = [{"instruction": " ".join(words), "output": f"answer {number}"} for number in range(30)]
    dictionary = BilingualDictionary.from_pairs([(word, f"mixed{word}") for word in words])
    recipe = dataclasses.replace(find_recipe("commit"), seq_len=400, batch_size=1, held_out_share=0.2, seed=1)
    mixer = CodeMixer(dictionary, ratio=RatioSchedule([(0.1, 0), (0.9, 2)]), seed=1)
    make = open_examples(recipe, records, tokenizer, mixer)
    examples = training_examples(recipe, make)
    for position in (0, 1, 10, examples.num_records, 2 * examples.num_records + 3):
        epoch, place = divmod(position, examples.num_records)
        ratio = mixer.settings.ratio_at(epoch, place / examples.num_records)
        at_this_ratio = dataclasses.replace(make, mixer=mixer.with_ratio(ratio))
        expected = at_this_ratio(epoch, examples.index(position)).tokens.tolist()
        assert examples[position].tokens.tolist() == expected
    # Held-out examples are mixed as at the end, with the draws of the first pass.
    last = open_examples(recipe, records, tokenizer, mixer.with_ratio(0.9))
    for one, other in zip(held_out_batches(recipe, make), held_out_batches(recipe, last), strict=True):
        assert all((one[name] == other[name]).all() for name in one)


def test_a_hit_in_a_later_record_is_enough(tokenizer):
    mixer = CodeMixer(BilingualDictionary.from_pairs([("dog", "σκύλος")]), ratio=0.5)
    recipe = dataclasses.replace(find_recipe("commit"), seq_len=256)
    assert next(opened(recipe, [{"instruction": "x", "output": "y"}, RECORD], tokenizer, mixer))


def test_a_record_that_lacks_a_field_is_told_before_the_first_batch(tokenizer):
    with pytest.raises(UserError, match="record 3 of the data: no field 'output'"):
        opened(find_recipe("alpaca"), [RECORD, RECORD, {"instruction": "x"}], tokenizer, None)


def test_prefetched_batches_are_the_same_with_the_state_of_the_last_taken(tokenizer):
    recipe = dataclasses.replace(find_recipe("alpaca"), batch_size=1, seq_len=256)
    records = [{"instruction": f"count to {n}", "output": "one " * (n % 9)} for n in range(40)]
    plain = opened(recipe, records, tokenizer, None)
    expected = [(next(plain), plain.get_state()) for _ in range(6)]
    with prefetched(opened(recipe, records, tokenizer, None)) as batches:
        for batch, state in expected:
            taken = next(batches)
            assert all((taken[key] == batch[key]).all() for key in batch)
            assert batches.get_state() == state
