"""A table of sentences for each way to mix, and for each pair of ways: what a text becomes."""

import hashlib

import numpy as np
import pyarrow as pa
import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
from commit_llm.codemix.ratio_schedule import RatioSchedule
from commit_llm.errors import SettingError
from commit_llm.files.records import read_records

WORDS = BilingualDictionary.from_pairs([("dog", "σκύλος"), ("hot", "ζεστός"), ("barks", "γαβγίζει")], "en-el")
PHRASES = BilingualDictionary.from_pairs(
    [*((w, t[0]) for w, t in WORDS.translations.items()), ("hot dog", "χοτ ντογκ")], "en-el"
)
ONE_PHRASE = BilingualDictionary.from_pairs([("hot dog", "χοτ ντογκ")], "en-el")
SPANISH = BilingualDictionary.from_pairs([("dog", "perro"), ("hot dog", "perrito"), ("cat", "gato")], "en-es")
SENTENCES = SentencePairs.from_pairs([("A dog barks.", "Ένα σκυλί γαβγίζει."), ("No.", "Όχι.")], "en-el")
IN_SPANISH = SentencePairs.from_pairs([("A dog barks.", "Un perro ladra.")], "en-es")
RISING = RatioSchedule.parse(["0@0", "1@1"])
ES, EL = 0, 1  # rows whose examples are drawn to be in these languages

ANNOTATE, EXAMPLE = {"surface": "annotate"}, {"draw_language": "example"}
BOTH, ALL_SENTENCES = [WORDS, SPANISH], [SENTENCES, IN_SPANISH]
# The ways; dictionaries, files of sentences, settings; row, place in the pass; texts, and what they become at ratio 1.
TABLE = [
    ("phrases", PHRASES, [], {}, 0, 0.0, {"input": "Hot dog! A hot  dog barks; a hot, dog."},
     {"input": "Χοτ ντογκ! A χοτ ντογκ γαβγίζει; a ζεστός, σκύλος."}),
    ("sentences", WORDS, SENTENCES, {}, 0, 0.0, {"input": "A  dog\tbarks. A dog barks! No. (No.)"},
     {"input": "Ένα σκυλί γαβγίζει. A σκύλος γαβγίζει! Όχι. (No.)"}),
    ("annotation", WORDS, [], ANNOTATE, 0, 0.0, {"input": "A dog (hot) barks. Dog dog.", "output": "A hot dog"},
     {"input": "A dog (σκύλος) (hot, ζεστός) barks (γαβγίζει). Dog (Σκύλος) dog.", "output": "A ζεστός σκύλος"}),
    ("languages", BOTH, [], EXAMPLE, ES, 0.0, {"input": "A dog barks.", "output": "dog"},
     {"input": "A perro barks.", "output": "perro"}),
    ("languages", BOTH, [], EXAMPLE, EL, 0.0, {"input": "A dog barks.", "output": "dog"},
     {"input": "A σκύλος γαβγίζει.", "output": "σκύλος"}),
    ("answers", WORDS, [], {}, 0, 0.0, {"input": "Two dogs. Hot days", "output": "hot dog"},
     {"input": "Two dogs. Ζεστός days", "output": "ζεστός σκύλος"}),  # it stands nowhere
    ("answers", WORDS, [], {}, 0, 0.0, {"input": "It barks. barks2", "output": "barks. bark"},
     {"input": "It barks. barks2", "output": "barks. bark"}),  # up to the middle of what is not a word
    ("answers", WORDS, [], {}, 0, 0.0, {"input": "Hotdogs: hotdog", "output": "dog"},
     {"input": "Hotdogs: hotdog", "output": "dog"}),  # within a word
    ("answers", WORDS, [], {}, 0, 0.0, {"input": "Hotdogs: a dog", "output": "dog"},
     {"input": "Hotdogs: a σκύλος", "output": "σκύλος"}),  # the place with the same words
    ("a moving ratio", WORDS, [], {"ratio": RISING}, 0, 0.0, {"input": "A hot dog barks."},
     {"input": "A hot dog barks."}),
    ("a moving ratio", WORDS, [], {"ratio": RISING}, 0, 0.999, {"input": "A hot dog barks."},
     {"input": "A ζεστός σκύλος γαβγίζει."}),
    ("phrases, sentences", PHRASES, SENTENCES, {}, 0, 0.0, {"input": "A dog barks. A hot dog barks."},
     {"input": "Ένα σκυλί γαβγίζει. A χοτ ντογκ γαβγίζει."}),
    ("phrases, annotation", PHRASES, [], ANNOTATE, 0, 0.0, {"input": "A hot dog [hot dog] dog dog, hot dog."},
     {"input": "A hot dog (χοτ ντογκ) [hot dog] dog (σκύλος) dog, hot dog (χοτ ντογκ)."}),
    ("phrases, languages", [PHRASES, SPANISH], [], EXAMPLE, ES, 0.0, {"input": "A hot dog. Hot cat."},
     {"input": "A perrito. Hot gato."}),
    ("phrases, answers", PHRASES, [], {}, 0, 0.0, {"input": "The hot dog barks.", "output": "dog"},
     {"input": "The ζεστός σκύλος γαβγίζει.", "output": "σκύλος"}),
    ("phrases, answers", PHRASES, [], {}, 0, 0.0, {"input": "The hot dog barks.", "output": "hot dog"},
     {"input": "The χοτ ντογκ γαβγίζει.", "output": "χοτ ντογκ"}),
    ("phrases, a moving ratio", PHRASES, [], {"ratio": RISING}, 0, 0.999, {"input": "A hot dog."},
     {"input": "A χοτ ντογκ."}),
    ("sentences, annotation", WORDS, SENTENCES, ANNOTATE, 0, 0.0, {"input": "A dog barks. No. No. (Well. No. Yes.)"},
     {"input": "A dog barks. (Ένα σκυλί γαβγίζει.) No. (Όχι.) No. (Well. No., Όχι. Yes.)"}),
    ("sentences, languages", BOTH, ALL_SENTENCES, EXAMPLE, ES, 0.0, {"input": "A dog barks. No. The cat barks."},
     {"input": "Un perro ladra. No. The gato barks."}),
    ("sentences, languages", BOTH, ALL_SENTENCES, EXAMPLE, EL, 0.0, {"input": "A dog barks. No. The cat barks."},
     {"input": "Ένα σκυλί γαβγίζει. Όχι. The cat γαβγίζει."}),
    ("sentences, answers", WORDS, SENTENCES, {}, 0, 0.0, {"input": "A dog barks. No.", "output": "dog"},
     {"input": "A σκύλος γαβγίζει. Όχι.", "output": "σκύλος"}),
    ("sentences, answers", WORDS, SENTENCES, {}, 0, 0.0, {"input": "Well. A dog barks. No.", "output": "A dog barks."},
     {"input": "Well. Ένα σκυλί γαβγίζει. Όχι.", "output": "Ένα σκυλί γαβγίζει."}),
    ("sentences, a moving ratio", WORDS, SENTENCES, {"ratio": RISING}, 0, 0.0, {"input": "No. A hot dog."},
     {"input": "Όχι. A hot dog."}),  # the ratio of words moves, that of sentences does not
    ("annotation, languages", BOTH, [], EXAMPLE | ANNOTATE, EL, 0.0, {"input": "A dog. A cat."},
     {"input": "A dog (σκύλος). A cat."}),
    ("annotation, answers", WORDS, [], ANNOTATE, 0, 0.0, {"input": "The hot dog barks.", "output": "dog"},
     {"input": "The hot (ζεστός) dog (σκύλος) barks (γαβγίζει).", "output": "σκύλος"}),  # it stands in the brackets
    ("annotation, answers", WORDS, [], ANNOTATE, 0, 0.0, {"input": "The hot dog barks.", "output": "hot dog"},
     {"input": "The hot dog barks (γαβγίζει).", "output": "hot dog"}),  # of two words it would not
    ("annotation, answers", PHRASES, [], ANNOTATE, 0, 0.0, {"input": "The hot dog barks.", "output": "hot dog"},
     {"input": "The hot dog (χοτ ντογκ) barks (γαβγίζει).", "output": "χοτ ντογκ"}),
    ("annotation, answers", WORDS, [], ANNOTATE | {"annotate_fields": ("input", "output")}, 0, 0.0,
     {"input": "The hot dog. (The dog)", "output": "hot dog"},
     {"input": "The hot (ζεστός) dog (σκύλος). (The dog, σκύλος)", "output": "hot (ζεστός) dog (σκύλος)"}),
    ("annotation, answers", WORDS, [], ANNOTATE | {"annotate_fields": ("input", "output")}, 0, 0.0,
     {"input": "A dog dog hot barks.", "output": "dog hot"},
     {"input": "A dog dog hot barks (γαβγίζει).", "output": "dog hot"}),  # the second dog would have no brackets
    ("annotation, answers", ONE_PHRASE, [], ANNOTATE | {"annotate_fields": ("input", "output")}, 0, 0.0,
     {"input": "A hot dog hot dog barks.", "output": "hot dog barks"},
     {"input": "A hot dog hot dog barks.", "output": "hot dog barks"}),  # nor the second phrase
    ("annotation, a moving ratio", WORDS, [], ANNOTATE | {"ratio": RISING}, 0, 0.0, {"input": "A dog."},
     {"input": "A dog."}),
    ("languages, answers", [PHRASES, SPANISH], [], EXAMPLE, ES, 0.0, {"input": "A hot dog.", "output": "dog"},
     {"input": "A hot perro.", "output": "perro"}),
    ("languages, a moving ratio", BOTH, [], EXAMPLE | {"ratio": RISING}, ES, 0.999, {"input": "A dog."},
     {"input": "A perro."}),
    ("answers, a moving ratio", PHRASES, [], {"ratio": RISING}, 0, 0.0, {"input": "A hot dog.", "output": "dog"},
     {"input": "A hot dog.", "output": "dog"}),
]  # fmt: skip
IDS = [f"{number} {ways}" for number, (ways, *_) in enumerate(TABLE)]


def mixer_of(dictionaries, sentences, settings):
    return CodeMixer(dictionaries, sentences=sentences, **{"ratio": 1.0, "sentence_ratio": 1.0} | settings)


@pytest.mark.parametrize(
    ("ways", "dictionaries", "sentences", "settings", "row", "place", "texts", "mixed"), TABLE, ids=IDS
)
def test_a_text_becomes(ways, dictionaries, sentences, settings, row, place, texts, mixed):
    mixer = mixer_of(dictionaries, sentences, settings)
    assert mixer.mix_example(texts, row=row, place=place).texts == mixed
    explained = mixer.explain(texts, row=row, place=place)
    for name, words in explained.items():
        for word in words:
            assert word.written(texts[name]) in mixed[name]


@pytest.mark.parametrize(
    ("ways", "dictionaries", "sentences", "settings", "row", "place", "texts", "mixed"), TABLE, ids=IDS
)
def test_with_rows_that_are_named(ways, dictionaries, sentences, settings, row, place, texts, mixed):
    """In any order: each example has what it has by itself."""
    mixer, rows = mixer_of(dictionaries, sentences, settings | {"unmixed_share": 0.3}), np.array([9, row, 4, 7])
    columns = {name: pa.array([text] * 4) for name, text in texts.items()}
    of_rows, counts = mixer.mix_columns(columns, rows=rows, place=place)
    for number, each in enumerate(rows.tolist()):
        alone = mixer.mix_example(texts, row=each, place=place)
        assert ({name: of_rows[name][number].as_py() for name in texts}, tuple(counts[number])) == alone


@pytest.mark.parametrize(
    ("ways", "dictionaries", "sentences", "settings", "row", "place", "texts", "mixed"), TABLE, ids=IDS
)
def test_in_another_source(ways, dictionaries, sentences, settings, row, place, texts, mixed):
    """Whose mixer is the same with another seed."""
    settings = settings | {"unmixed_share": 0.5, "sentence_ratio": 0.5}
    other = mixer_of(dictionaries, sentences, settings).with_seed(17)
    own = mixer_of(dictionaries, sentences, settings | {"seed": 17})
    for each in range(8):
        assert other.mix_example(texts, row=each, place=place) == own.mix_example(texts, row=each, place=place)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"surface": "annotate"}, "surface: style original"),
        ({"draw_language": "example"}, "draw_language: style original"),
        ({"sentences": SENTENCES}, "sentences: style original"),
    ],
)
def test_style_original_has_none_of_them(changes, message):
    with pytest.raises(SettingError, match=message):
        CodeMixer(WORDS, style="original", **changes)


def test_phrases_are_not_those_of_style_original():
    text = {"input": "A hot dog."}
    original = CodeMixer(PHRASES, ratio=1.0, style="original").mix_example(text, row=0)
    assert original.texts == CodeMixer(WORDS, ratio=1.0, style="original").mix_example(text, row=0).texts


def test_each_language_has_its_share_and_is_counted():
    mixer = CodeMixer(BOTH, weights=(3.0, 1.0), draw_language="example", unmixed_share=0.25, ratio=1.0)
    counts = mixer.count_languages(20_000, epoch=2)
    assert counts == pytest.approx({"el": 11_250, "es": 3_750}, rel=0.03)
    mixed, _ = mixer.mix_columns({"text": pa.array(["A dog."] * 20_000)}, epoch=2)
    texts = mixed["text"].to_pylist()
    assert {"el": texts.count("A σκύλος."), "es": texts.count("A perro.")} == counts
    assert CodeMixer(BOTH).count_languages(9) == {}


def test_words_and_sentences_of_a_language_that_is_not_known_are_not_parted():
    nameless = SentencePairs.from_pairs([("A dog barks.", "Un perro ladra.")], "pairs.tsv")
    with pytest.raises(SettingError, match=r"draw_language example: pairs\.tsv: its language is not known"):
        CodeMixer(WORDS, sentences=nameless, draw_language="example").mix("A dog barks.")
    assert CodeMixer(WORDS, sentences=nameless, draw_language="word", ratio=1.0).mix("A dog.").text == "A σκύλος."
    alone = CodeMixer((), sentences=[nameless, SENTENCES], draw_language="example")
    assert [*alone.count_languages(9)] == ["pairs.tsv", "el"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("settings", "expected"),
    [({}, "5c9be0ff45ec2278c5245f00"), ({"draw": "occurrence"}, "46052eaeffda1df0ece82878")],
)
def test_without_new_ways_the_bytes_are_those_of_before_them(shared, alpaca_999, settings, expected):
    """Of Alpaca with MUSE's en-el at 0.9, mixed at the commit before phrases (1dfba4b)."""
    records = [*read_records(shared.data("alpaca/alpaca_1807.jsonl")), *alpaca_999]
    names = ("instruction", "input", "output")
    columns = {name: pa.array([record.get(name) for record in records], pa.large_string()) for name in names}
    mixer = CodeMixer(BilingualDictionary.load(shared.data("muse/en-el.txt")), ratio=0.9, **settings)
    hashed = hashlib.sha256()
    for column in mixer.mix_columns(columns)[0].values():
        for text in column.to_pylist():
            hashed.update(text.encode() + b"\x1e")
    assert hashed.hexdigest()[:24] == expected
