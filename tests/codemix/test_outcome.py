"""Outcomes of words: each has its own words, and its place in the counts."""

import pickle

from commit_llm.codemix.outcome import Counts, Outcome, Word


def test_an_outcome_is_called_one_thing():
    assert len({outcome.label for outcome in Outcome}) == len({outcome.meaning for outcome in Outcome}) == len(Outcome)
    # A line of a terminal with 80 columns: label, number, share, meaning.
    assert max(len(outcome.label) for outcome in Outcome) + max(len(outcome.meaning) for outcome in Outcome) <= 62


def test_an_outcome_is_its_number():
    assert [int(outcome) for outcome in Outcome] == list(range(7))
    assert [outcome.name.lower() for outcome in Outcome] == list(Counts._fields[:7])
    for outcome in Outcome:
        assert pickle.loads(pickle.dumps(outcome)) is Outcome(int(outcome)) is outcome


def test_counts_of_a_text():
    words = [Word(0, 3, Outcome.REPLACED, "σκύλος"), Word(4, 7, Outcome.REPLACED, "cat"), Word(8, 9, Outcome.PROTECTED)]
    counts = Counts.of("dog cat 2", words)
    assert counts == Counts(replaced=2, protected=1, changed=1)
    assert (counts.words, counts.hits) == (2, 2)
    assert counts.plus(counts) == Counts(replaced=4, protected=2, changed=2)
