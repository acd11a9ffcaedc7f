"""Dictionaries and texts that do not belong together."""

import pyarrow as pa
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer, Counts
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


def test_turned_round():
    mixer = turned(CodeMixer(GREEK, ratio=1.0, languages="en-el", dictionary_control="random"))
    assert mixer.mix("ο σκύλος").text == "ο dog"
    assert mixer.settings.languages == "el-en"
    assert turned(CodeMixer(GREEK)).settings.languages is None
