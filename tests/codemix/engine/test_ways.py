"""Phrases, sentences, annotation, languages and answers together: the kernel gives what plain Python gives."""

import random

import pyarrow as pa
import pytest

from commit_llm.codemix import Counts
from commit_llm.codemix.engine.clean import replace
from tests.codemix.engine.ways import random_example, random_mixer


def fuzz(seed, examples):
    """Counts of what was replaced; how many outputs stand in another field, and in how many they stand no longer."""
    rng = random.Random(seed)
    mixer = random_mixer(rng)
    texts = [random_example(rng) for _ in range(examples)]
    mixed_fields = rng.choice([None, None, None, ["input", "output"], ["instruction"]])
    columns = {name: pa.array([example[name] for example in texts]) for name in texts[0]}
    mixed, counts = mixer.mix_columns(columns, first_row=seed, epoch=1, mixed_fields=mixed_fields)
    standing = lost = 0
    for number, example in enumerate(texts):
        explained = mixer.explain(example, row=seed + number, epoch=1, mixed_fields=mixed_fields)
        expected = {name: replace(text, explained.get(name, []), False) for name, text in example.items()}
        of_words = Counts()
        for name, words in explained.items():
            of_words = of_words.plus(Counts.of(example[name], words))
        assert {name: mixed[name][number].as_py() for name in example} == expected, (seed, number)
        assert Counts(*counts[number].tolist()) == of_words, (seed, number)
        if mixer.settings.by_type and mixed_fields is None and example["output"].strip():
            for name in ("instruction", "input"):
                if example["output"] in example[name]:
                    standing += 1
                    lost += expected["output"] not in expected[name]
    return Counts(*counts.sum(axis=0).tolist()), standing, lost


def fuzz_all(seeds, examples):
    counts, standing, lost = Counts(), 0, 0
    for seed in seeds:
        of_seed, *answers = fuzz(seed, examples)
        counts, standing, lost = counts.plus(of_seed), standing + answers[0], lost + answers[1]
    print(f"{counts}; {standing} outputs in other fields, {lost} of them lost")
    assert all(number for name, number in counts._asdict().items() if name != "identity_only")  # each kind occurs
    assert (standing > 0, lost) == (True, 0)


def test_a_hundred_examples():
    fuzz_all(range(25), 4)


@pytest.mark.slow
@pytest.mark.long
def test_twenty_thousand_examples():
    fuzz_all(range(100, 300), 100)
