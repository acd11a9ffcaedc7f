"""Mistakes of users: one line each, in the words of Python's user or of the command line's."""

import pickle

from commit_llm.errors import LONGEST_MESSAGE, LONGEST_VALUE, SettingError, SettingName, UserError, reason_of, shown


def test_a_message_is_one_line():
    assert str(UserError("a\n b")) == UserError("a b").for_command() == "a b"
    assert str(SettingError(SettingName("seed"), "\n1")) == "seed 1"


def test_a_message_moves_no_cursor():
    assert str(UserError("data.jsonl: \x1b[2J\x9b")) == "data.jsonl: ␛[2J\N{REPLACEMENT CHARACTER}"
    assert reason_of(OSError("\x1bc")) == "␛c"
    assert shown({"a": "\x9b"}) == '{"a": "\N{REPLACEMENT CHARACTER}"}'


def test_a_message_has_an_end_where_the_way_out_stands():
    message = str(UserError("x" * 10**6 + "; choose another --out"))
    assert len(message) == LONGEST_MESSAGE
    assert message.endswith("; choose another --out")
    assert len(shown(list(range(10**5)))) == LONGEST_VALUE
    assert str(UserError("x" * LONGEST_MESSAGE)) == "x" * LONGEST_MESSAGE


def test_a_setting_that_is_named_in_the_message_alone_is_no_flag():
    error = SettingError(SettingName("mixed_fields"), " ratio: no such field; see ", SettingName("skip_words"))
    assert str(error) == "mixed_fields ratio: no such field; see skip_words"
    assert error.for_command() == "--mix-fields ratio: no such field; see --skip-words"


def test_a_setting_is_the_same_in_another_process():
    error = SettingError(SettingName("ratio"), " 2")
    assert pickle.loads(pickle.dumps(error)).for_command() == error.for_command() == "--ratio 2"
    assert str(pickle.loads(pickle.dumps(error))) == "ratio 2"
