"""The English words that stay as they are, and a dictionary from English."""

import pytest

from commit_llm.errors import UserError
from commit_llm.vocabulary.english import english_texts, english_words, read_word_pairs
from tests.conftest import ROOT


def test_the_number_of_words_is_the_one_that_is_told():
    words = english_words()
    assert len(words) == len(set(words)) == 23_957
    assert all(word.isascii() and word.isalpha() for word in words)
    for file in ("src/commit_llm/cli/tokenizer_extend.py", "docs/vocabulary.md"):
        assert "23,957 English words" in (ROOT / file).read_text(encoding="utf-8")


def test_texts_have_each_word_with_a_space_before_it_and_without():
    with_spaces, without = english_texts()
    assert " house " in with_spaces
    assert "\nhouse\n" in without


def test_pairs_are_cleaned_as_for_mixing(tmp_path):
    (tmp_path / "en-el.txt").write_text("house\tσπίτι\nhouse\thouse\nwater\tνερό\n", encoding="utf-8")
    assert read_word_pairs(tmp_path / "en-el.txt") == [("house", "σπίτι"), ("water", "νερό")]


def test_a_dictionary_into_english_is_refused(tmp_path):
    (tmp_path / "el-en.txt").write_text("σπίτι\thouse\nνερό\twater\n", encoding="utf-8")
    with pytest.raises(UserError, match=r"el-en\.txt: is into English \(2 of its 2 translations"):
        read_word_pairs(tmp_path / "el-en.txt")
