"""Settings of mixing: each is refused by its name in Python, and by its flag on the command line."""

import dataclasses
import pickle

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.finding.segmentation import resolve_method
from commit_llm.codemix.fit import amount
from commit_llm.codemix.settings import MixingSettings
from commit_llm.errors import SettingError, SettingName, flag

DICTIONARY = BilingualDictionary.from_pairs([("dog", "σκύλος"), ("house", "σπίτι")])
ALIKE = BilingualDictionary.from_pairs([("dog", "σκύλος"), ("hound", "σκύλος")])


def load_bad_lines(folder):
    (folder / "en-el.txt").write_text("dog\n")
    return BilingualDictionary.load(folder / "en-el.txt")


# (settings that are named, what is refused, how the message begins or what is in it)
REFUSED = [
    (["ratio"], {"ratio": -0.1}, "ratio -0.1: the probability of a replacement is between 0 and 1"),
    (["ratio"], {"ratio": 1.01}, "ratio 1.01: the probability"),
    (["ratio"], {"ratio": float("nan")}, "ratio nan: the probability"),
    (["unmixed_share"], {"unmixed_share": 2}, "unmixed_share 2: a share of the examples is between 0 and 1"),
    (["style"], {"style": ""}, "style '': choose one of clean, original"),
    (["style"], {"style": None}, "style None: choose one of clean, original"),
    (["clean_version"], {"clean_version": 0}, "clean_version 0: this commit-llm mixes as version 2"),
    (["draw"], {"draw": "word"}, "draw 'word': choose one of type, occurrence"),
    (["choice"], {"choice": "last"}, "choice 'last': choose one of uniform, first, frequent"),
    (["dictionary_control"], {"dictionary_control": "foo"}, "dictionary_control 'foo': choose one of none, shuffled"),
    (["segmentation"], {"segmentation": "words"}, "segmentation 'words': choose one of auto, icu, longest"),
    (["languages"], {"languages": "english"}, "languages 'english': give the codes of source and target"),
    (["weights"], {"weights": [0]}, "weights 0: a weight is a number above 0"),
    (["weights"], {"weights": [1, 2]}, "weights [1, 2]: 2 for 1 dictionaries; give one to each"),
    *(
        ([name, "style"], {"style": "original", name: value}, f"{name}: style original mixes as the original does")
        for name, value in {
            "draw": "type",
            "choice": "frequent",
            "all_capitals": True,
            "dictionary_control": "random",
            "skip_words": frozenset({"dog"}),
            "surface": "annotate",
            "draw_language": "example",
        }.items()
    ),
    (["dictionaries"], lambda _: CodeMixer([]), "no dictionary; name one with dictionaries"),
    (
        ["dictionaries", "style"],
        lambda _: CodeMixer([DICTIONARY, DICTIONARY], style="original"),
        "dictionaries: style original mixes as the original does; style clean has it",
    ),
    (
        ["mixed_fields"],
        lambda _: CodeMixer(DICTIONARY).mix_example({"a": "dog"}, row=0, mixed_fields=["c"]),
        "mixed_fields c: no such field is mixed here; there are a",
    ),
    (
        ["dictionary_control"],
        lambda _: CodeMixer(ALIKE, dictionary_control="shuffled").mix("dog"),
        "dictionary_control shuffled: the dictionary has too few different translations",
    ),
    (["sentence_ratio"], {"sentence_ratio": 2.0}, "sentence_ratio 2.0: the probability that a sentence is replaced is"),
    (["sentence_weights"], {"sentence_weights": (1.0,)}, "sentence_weights [1.0]: 1 for 0 files; give one to each"),
    (["surface"], {"surface": "colour"}, "surface 'colour': choose one of replace, annotate"),
    (["annotate_fields", "surface"], {"annotate_fields": ("input",)}, "annotate_fields: needs surface annotate"),
    (["draw_language"], {"draw_language": "text"}, "draw_language 'text': choose one of word, example"),
    (["skip_bad_lines"], load_bad_lines, "en-el.txt:1: 1 tab-separated field(s) in 'dog'"),
    (["target_share"], lambda _: amount(2, None), "target_share 2: the share of words to replace is above 0"),
    (["target_cmi"], lambda _: amount(None, 60), "target_cmi 60: the mean code-mixing index is above 0"),
    (["target_share", "target_cmi"], lambda _: amount(0.5, 5), "target_share and target_cmi: ask for one of the two"),
]  # fmt: skip


@pytest.mark.parametrize(("settings", "refused", "message"), REFUSED, ids=[message[:40] for _, _, message in REFUSED])
def test_a_setting_is_named_as_its_user_knows_it(settings, refused, message, tmp_path):
    """Also where the error comes from another process, as a worker's does."""
    with pytest.raises(SettingError) as caught:
        CodeMixer(DICTIONARY, **refused) if isinstance(refused, dict) else refused(tmp_path)
    for error in (caught.value, pickle.loads(pickle.dumps(caught.value))):
        assert message in str(error)
        assert "--" not in str(error)
        assert [str(part) for part in error.parts if isinstance(part, SettingName)] == settings
        assert all(flag(setting) in error.for_command() for setting in settings)
        named = error.for_command()
        for setting in settings:
            named = named.replace(flag(setting), setting, 1)
        assert named == str(error)


def test_every_setting_that_can_be_wrong_is_in_the_table():
    names = {name for settings, _, _ in REFUSED for name in settings}
    assert {field.name for field in dataclasses.fields(MixingSettings)} - names == {"seed"}


def test_icu_that_is_not_installed(monkeypatch):
    monkeypatch.setattr("commit_llm.codemix.finding.segmentation.find_spec", lambda name: None)
    with pytest.raises(SettingError, match=r"^segmentation icu: ICU is not installed") as caught:
        resolve_method("icu")
    assert caught.value.for_command().startswith("--segmentation icu: ICU")


def test_another_version_of_clean_is_refused_where_it_decides_on_words():
    with pytest.raises(SettingError, match=r"clean_version 0: .* use the commit-llm that it was made with"):
        MixingSettings(clean_version=0)
    with pytest.raises(
        SettingError, match=r"clean_version 1: .* use commit-llm 0\.1\.0 of the .* history; otherwise start again"
    ):
        MixingSettings(clean_version=1)
    assert MixingSettings(clean_version=0, ratio=0.0).ratio == 0.0
    with pytest.raises(SettingError, match="clean_version 0"):
        MixingSettings(clean_version=0, ratio=0.0, sentence_weights=(1.0,))
    assert MixingSettings(clean_version=0, ratio=0.0, sentence_weights=(1.0,), sentence_ratio=0.0).ratio == 0.0
    assert MixingSettings(clean_version=0, style="original").style == "original"


def test_answers_are_replaced_where_other_fields_are_annotated():
    fields = ["instruction", "output", "user 1", "assistant 1", "assistant 12", "assistant"]
    annotated = MixingSettings(surface="annotate")
    assert [annotated.annotates(field) for field in fields] == [True, False, True, False, False, True]
    assert MixingSettings(surface="annotate", annotate_fields=("assistant 1",)).annotates("assistant 1")
