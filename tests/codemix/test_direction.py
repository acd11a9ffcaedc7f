"""Dictionaries, sentences and texts that do not belong together."""

# ruff: noqa: E501 (the tables)

import pyarrow as pa
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer, Counts
from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
from commit_llm.codemix.direction import complaint, turned

GREEK = BilingualDictionary.from_pairs([("dog", "σκύλος"), ("cat", "γάτα")], "en-el.txt")
TURN = "take the dictionary of the other direction (en-el for English text, el-en for Greek)"
OWN = "its source language must be the data's own (en-el for English text, el-en for Greek)"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("the dog", None),
        ("", None),  # nothing to say of no words
        ("ο σκύλος", f"en-el.txt: has none of the data's words, and turned round 50.0 %; {TURN}"),
        ("der Hund", f"en-el.txt: has none of the data's words, and turned round none; {OWN}"),
        ("dog " + "der " * 24, f"en-el.txt: has 4.0 % of the data's words, and turned round none; {OWN}"),
    ],
)
def test_what_is_wrong(text, message):
    mixer, columns = CodeMixer(GREEK), {"text": pa.array([text])}
    counts = Counts(*mixer.mix_columns(columns)[1].sum(axis=0).tolist())
    assert complaint(mixer, counts, columns) == message


@pytest.mark.parametrize(
    ("text", "skipped", "message"),
    [
        ("the dog", {"cat"}, None),
        ("the dog", {"DOG"}, "en-el.txt: has 50.0 % of the data's words, but --skip-words leaves none; take words off its list"),
        ("cat " + "dog " * 24, {"dog"}, "en-el.txt: has 100.0 % of the data's words, but --skip-words leaves 4.0 %; take words off its list"),
        ("der Hund", {"dog"}, f"en-el.txt: has none of the data's words, and turned round none; {OWN}"),
        ("ο σκύλος", {"dog"}, f"en-el.txt: has none of the data's words, and turned round 50.0 %; {TURN}"),
    ],
)  # fmt: skip
def test_words_that_are_all_skipped(text, skipped, message):
    mixer, columns = CodeMixer(GREEK, skip_words=frozenset(skipped)), {"text": pa.array([text])}
    counts = Counts(*mixer.mix_columns(columns)[1].sum(axis=0).tolist())
    assert complaint(mixer, counts, columns) == message


GERMAN = BilingualDictionary.from_pairs([("the", "der"), ("house", "Haus")], "en-de.txt")
TERMS = BilingualDictionary.from_pairs([("hound", "κυνηγόσκυλο")], "terms.tsv")
WRONG = BilingualDictionary.from_pairs([("σκύλος", "dog"), ("γάτα", "cat")], "el-en.txt")


@pytest.mark.parametrize(
    ("dictionaries", "text", "message"),
    [
        ([GREEK, GERMAN], "the dog", None),
        ([GERMAN, WRONG], "the dog", f"el-en.txt: has none of the data's words, and turned round 50.0 %; {TURN}"),
        ([WRONG, GERMAN], "the dog", f"el-en.txt: has none of the data's words, and turned round 50.0 %; {TURN}"),
        ([GERMAN, TERMS], "the hound " + "the " * 98, None),  # few, but some
        ([GERMAN, TERMS], "the dog", f"terms.tsv: has none of the data's words, and turned round none; {OWN}"),
        (
            [GERMAN, TERMS],
            "ο σκύλος",
            f"en-de.txt: has none of the data's words, and turned round none; {OWN}. "
            f"terms.tsv: has none of the data's words, and turned round none; {OWN}",
        ),
    ],
)
def test_each_of_several_dictionaries_is_judged_by_itself(dictionaries, text, message):
    mixer, columns = CodeMixer(dictionaries, weights=[2.0, 1.0]), {"text": pa.array([text])}
    counts = Counts(*mixer.mix_columns(columns)[1].sum(axis=0).tolist())
    assert complaint(mixer, counts, columns) == message


PAIRS = SentencePairs.from_pairs([("The dog.", "Ο σκύλος."), ("A cat.", "Μια γάτα.")], "en-el.tsv")
HAS_NONE = "en-el.tsv: has no sentence of the data's first 1,000 examples"


@pytest.mark.parametrize(
    ("dictionaries", "texts", "message"),
    [
        ([], ["Well. The  dog. So"], None),
        ([], [None, "Ο σκύλος."], f"{HAS_NONE}, but their translations; take the file of the other direction (en-el for English text, el-en for Greek)"),
        ([], ["The dog"], f"{HAS_NONE}; its sources are to be sentences of the data, one each (en-el for English text, el-en for Greek)"),
        ([GREEK], ["The dog."], None),
        ([GERMAN], ["Stay. The house"], f"{HAS_NONE}; its sources are to be sentences of the data, one each (en-el for English text, el-en for Greek)"),
        # A sentence that is replaced hides no dictionary of the wrong direction.
        ([WRONG], ["The dog. A cat."], f"el-en.txt: has none of the data's words, and turned round 50.0 %; {TURN}"),
    ],
)  # fmt: skip
def test_files_of_sentences_are_judged_by_themselves(dictionaries, texts, message):
    mixer = CodeMixer(dictionaries, sentences=PAIRS, sentence_ratio=1.0)
    columns = {"text": pa.array(texts)}
    counts = Counts(*mixer.mix_columns(columns)[1].sum(axis=0).tolist())
    assert complaint(mixer, counts, columns) == message


def test_turned_round():
    mixer = turned(CodeMixer(GREEK, ratio=1.0, languages="en-el", dictionary_control="random"))
    assert mixer.mix("ο σκύλος").text == "ο dog"
    assert mixer.settings.languages == "el-en"
    assert turned(CodeMixer(GREEK)).settings.languages is None
