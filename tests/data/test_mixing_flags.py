"""The flags of mixing: the files they name are read, and the settings they make are those of the engine."""

import dataclasses
import gzip
import logging

import pytest

from commit_llm.codemix import MixingSettings
from commit_llm.codemix.ratio_schedule import RatioSchedule
from commit_llm.data.mixing_flags import MixingFlags, ratio_of_words, read_words
from commit_llm.errors import SettingError, UserError


@pytest.fixture
def dictionary(tmp_path):
    path = tmp_path / "en-el.txt"
    path.write_text("dog\tσκύλος\ncat\tγάτα\n", encoding="utf-8")
    return str(path)


@pytest.mark.parametrize(("style", "word"), [("clean", "dog"), ("original", "\ufeffdog")])
def test_the_settings_of_mixing_say_how_it_is_read(tmp_path, style, word):
    path = tmp_path / "en-el.txt"
    path.write_text("\ufeffdog\tσκύλος\nbad\n", encoding="utf-8")
    mixer = MixingFlags(dictionary=(str(path),), style=style, skip_bad_lines=True).open_mixer()
    assert list(mixer.dictionaries[0].translations) == [word]
    assert mixer.dictionaries[0].skipped.lines == 1
    with pytest.raises(UserError, match="skip_bad_lines"):
        MixingFlags(dictionary=(str(path),), style=style).open_mixer()


def test_the_settings_are_those_of_the_flags(tmp_path, dictionary):
    """Each at another value than its default."""
    (tmp_path / "keep.txt").write_text("\ufeffdog  anna\ncat\n", encoding="utf-8")
    values = {
        "ratio": 0.5, "draw": "occurrence", "choice": "first", "all_capitals": True, "dictionary_control": "random",
        "unmixed_share": 0.25, "segmentation": "longest", "languages": "en-hi", "seed": 7, "sentence_ratio": 0.25,
        "surface": "annotate", "annotate_fields": ("input",), "draw_language": "example",
    }  # fmt: skip
    flags = MixingFlags(
        dictionary=(dictionary, f"{dictionary}=0.5"),
        sentences=(f"{dictionary}=2",),
        skip_words=str(tmp_path / "keep.txt"),
        **values,
    )
    read = {"weights": (1.0, 0.5), "sentence_weights": (2.0,), "skip_words": frozenset({"dog", "anna", "cat"})}
    assert flags.mixing_settings() == MixingSettings(**values, **read)
    others = {"style", "clean_version"}
    assert {field.name for field in dataclasses.fields(MixingSettings)} == {*others, *values, *read}
    assert flags.open_mixer().settings == flags.mixing_settings()
    with pytest.raises(SettingError, match="style original"):
        dataclasses.replace(flags, style="original").mixing_settings()


def test_settings_and_flags_have_the_same_defaults():
    defaults = {field.name: field.default for field in dataclasses.fields(MixingFlags)}
    for field in dataclasses.fields(MixingSettings):
        if field.name not in ("weights", "sentence_weights", "skip_words"):
            assert defaults[field.name] == field.default
    assert MixingFlags().mixing_settings() == MixingSettings(weights=(), sentence_weights=())


def test_a_ratio_that_moves_is_kept_as_it_is_written(dictionary):
    flags = MixingFlags(dictionary=(dictionary,), ratio=ratio_of_words(["0.10@0 0.9@2.0"]))
    assert flags.ratio == ("0.1@0", "0.9@2")
    assert flags.open_mixer().settings.ratio == RatioSchedule([(0.1, 0), (0.9, 2)])
    assert (flags.highest_ratio, flags.mixes, flags.mixes_clean) == (0.9, True, True)
    assert not MixingFlags(ratio=("0@0", "0@2")).mixes
    assert MixingFlags(ratio=("0@0", "0@2"), target_share=0.5).mixes


def test_bad_lines_that_are_left_out_are_told(tmp_path, caplog):
    (tmp_path / "en-el.txt").write_text("dog\tσκύλος\nbad\n", encoding="utf-8")
    with caplog.at_level(logging.WARNING, "commit_llm"):
        MixingFlags((str(tmp_path / "en-el.txt"),), skip_bad_lines=True).open_mixer()
    assert "en-el.txt: 1 bad lines were skipped; the first is line 2:" in caplog.text


def test_files_of_sentences_are_read_and_what_is_left_out_of_them_told(tmp_path, dictionary, caplog):
    (tmp_path / "pairs.tsv").write_text("A dog.\tένα\nA dog.\tδύο\nbad\n", encoding="utf-8")
    flags = MixingFlags(sentences=(f"{tmp_path / 'pairs.tsv'}=2",), skip_bad_lines=True, languages="en-el")
    with caplog.at_level(logging.WARNING, "commit_llm"):
        (pairs,) = flags.open_mixer().vocabulary.sentences
    assert (pairs.translations, pairs.languages[:2]) == ({"A dog.": "ένα"}, ("en", "el"))
    assert "pairs.tsv: 1 bad lines were skipped; the first is line 3" in caplog.text
    assert "pairs.tsv: another translation of a sentence in 1 pair(s), such as 'A dog.' ('δύο')" in caplog.text
    assert flags.mixing_settings().sentence_weights == (2.0,)


def test_translations_are_counted_in_the_text_of_their_language(tmp_path, dictionary):
    """Each dictionary in its own."""
    for name, text in (("el.txt", "γάτα γάτα"), ("es.txt", "perro"), ("en-es.txt", "dog\tperro\ndog\tcan\n")):
        (tmp_path / name).write_text(text, encoding="utf-8")
    flags = MixingFlags(
        dictionary=(dictionary, f"{tmp_path / 'en-es.txt'}=3"),
        choice="frequent",
        target_text=(str(tmp_path / "el.txt"), str(tmp_path / "es.txt")),
    )
    mixer = flags.open_mixer()
    assert [one.frequencies for one in mixer.dictionaries] == [{"σκύλος": 0, "γάτα": 2}, {"perro": 1, "can": 0}]
    assert mixer.vocabulary.lexicon.find("dog").entry.chances == pytest.approx([1 / 4, 3 / 4 * 2 / 3, 3 / 4 / 3])


def test_what_mixes():
    none, some = MixingFlags(ratio=0.0), MixingFlags(ratio=0.0, sentences=("a.tsv",))
    assert (none.mixes, none.mixes_clean, none.mixes_sentences) == (False, False, False)
    assert (some.mixes, some.mixes_clean, some.mixes_sentences) == (True, True, True)
    assert not dataclasses.replace(some, sentence_ratio=0.0).mixes


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"sentences": ("{}=much",)}, "--sentences {}=much: 'much' is not a number; write FILE or FILE=WEIGHT"),
        ({"sentences": ("{}=-1",)}, "--sentences FILE=WEIGHT -1.0: a weight is a number above 0"),
        (
            {"sentences": ("{}",), "sentence_ratio": 1.5},
            "--sentence-ratio 1.5: the probability that a sentence is replaced is between 0 and 1",
        ),
        (
            {"sentences": ("{}",), "style": "original"},
            "--sentences: style original mixes as the original does; --style clean has it",
        ),
        (
            {"dictionary": (), "sentences": ("{}",), "target_share": 0.5},
            "--target-share 0.5: asks for a ratio of words; name a dictionary with --dictionary",
        ),
        ({"dictionary": ("{}=much",)}, "--dictionary {}=much: 'much' is not a number; write FILE or FILE=WEIGHT"),
        ({"dictionary": ("{}=-1",)}, "--dictionary FILE=WEIGHT -1.0: a weight is a number above 0"),
        ({"dictionary": ()}, "no dictionary; name one with --dictionary"),
        (
            {"mix_roles": ("user", "system")},
            "--mix-roles 'system': contents of this role are never mixed; choose among user assistant",
        ),
        ({"mix_roles": ()}, "--mix-roles: names no role; choose among user assistant"),
        ({"skip_words": "none.txt"}, "--skip-words none.txt: no such file; name a file of words"),
        ({"skip_words": "."}, "--skip-words .: is a folder; name a file of words"),
        (
            {"skip_words": "latin.txt"},
            "--skip-words latin.txt: not UTF-8 at byte 3; convert it: iconv -f YOUR-ENCODING -t UTF-8 latin.txt > "
            "latin.utf-8.txt",
        ),
        (
            {"choice": "frequent"},
            "--choice frequent: needs text in which translations are counted; name it with --target-text",
        ),
        ({"target_text": ("a.txt",)}, "--target-text a.txt: has no use without --choice frequent"),
        (
            {"choice": "first", "target_text": ("a.txt",)},
            "--target-text a.txt: has no use without --choice frequent",
        ),
        (
            {"choice": "frequent", "target_text": ("a.txt", "b.txt")},
            "--target-text a.txt b.txt: 2 for 1 dictionary; give one to each, in their order, with --dictionary",
        ),
        (
            {"choice": "frequent", "target_text": ("a.txt",), "dictionary": (), "sentences": ("{}",)},
            "--target-text a.txt: 1 for 0 dictionaries; give one to each, in their order, with --dictionary",
        ),
        (
            {"choice": "frequent", "target_text": ("a.txt",), "style": "original"},
            "--choice: style original mixes as the original does; --style clean has it",
        ),
        ({"ratio": ("0.5@0",)}, "--ratio 0.5@0: a changing ratio has two points or more, such as 0.1@0 0.9@2"),
        (
            {"ratio": ("0.1@0", "0.9@2"), "target_cmi": 5.0},
            "--target-cmi 5.0: asks for one ratio, and 0.1@0 0.9@2 changes; leave out one of them",
        ),
        ({"target_share": 2.0}, "--target-share 2.0: the share of words to replace is above 0 and at most 1"),
        ({"target_share": 0.5, "target_cmi": 5.0}, "--target-share and --target-cmi: ask for one of the two"),
    ],
)
def test_what_cannot_be_used_is_told_by_its_flag(tmp_path, monkeypatch, dictionary, change, message):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "latin.txt").write_bytes(b"caf\xe9\n")
    change = {
        name: tuple(text.format(dictionary) for text in value) if isinstance(value, tuple) else value
        for name, value in change.items()
    }
    with pytest.raises(SettingError) as caught:
        MixingFlags(**{"dictionary": (dictionary,), **change}).open_mixer()
    assert caught.value.for_command() == message.format(dictionary)


@pytest.mark.parametrize(
    "content", ["cat\tdog\n γάτα".encode("utf-16"), gzip.compress("cat dog\r\nγάτα\n".encode())], ids=["UTF-16", "gzip"]
)
def test_words_in_a_file_as_dictionaries_may_be(tmp_path, content):
    (tmp_path / "words").write_bytes(content)
    assert read_words(tmp_path / "words") == {"cat", "dog", "γάτα"}
