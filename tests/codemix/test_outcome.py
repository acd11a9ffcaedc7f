"""Outcomes of words: each has its own words, and its place in the counts."""

import pickle

from commit_llm.codemix.outcome import Annotation, Counts, Outcome, Unit, Word


def test_an_outcome_is_called_one_thing():
    assert len({outcome.label for outcome in Outcome}) == len({outcome.meaning for outcome in Outcome}) == len(Outcome)
    # A line of a terminal with 80 columns: label, number, share, meaning.
    assert max(len(outcome.label) for outcome in Outcome) + max(len(outcome.meaning) for outcome in Outcome) <= 62


def test_an_outcome_is_its_number():
    assert [int(outcome) for outcome in Outcome] == list(range(9))
    assert [outcome.name.lower() for outcome in Outcome] == list(Counts._fields[:9])
    for outcome in Outcome:
        assert pickle.loads(pickle.dumps(outcome)) is Outcome(int(outcome)) is outcome


def test_counts_of_a_text():
    words = [Word(0, 3, Outcome.REPLACED, "σκύλος"), Word(4, 7, Outcome.REPLACED, "cat"), Word(8, 9, Outcome.PROTECTED)]
    counts = Counts.of("dog cat 2", words)
    assert counts == Counts(replaced=2, protected=1, changed=1)
    assert (counts.words, counts.hits) == (2, 2)
    assert counts.plus(counts) == Counts(replaced=4, protected=2, changed=2)


def test_counts_of_units():
    """A sentence of four words and a phrase of two: their words are replaced; what stands in place of itself is not."""
    text = "I eat hot dogs {now}. No no. Hot dog"
    words = [
        Word(0, 21, Outcome.REPLACED, "Τρώω {now}.", Unit.SENTENCE, words=4, protected=1),
        Word(22, 24, Outcome.REPLACED, "Όχι", annotation=Annotation.BRACKETS, left_out=1),
        Word(25, 27, Outcome.REPEATED),
        Word(29, 36, Outcome.REPLACED, "Hot dog", Unit.PHRASE, words=2),
    ]
    assert Counts.of(text, words) == Counts(
        replaced=7, repeated=1, protected=1, changed=5, phrases=1, sentences=1, left_out=1
    )
    assert [word.written(text) for word in words] == ["Τρώω {now}.", "No (Όχι)", "no", "Hot dog"]
    assert words[1]._replace(annotation=Annotation.COMMA).written(text) == "No, Όχι"
