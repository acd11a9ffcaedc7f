"""An answer token by token is the whole one; characters come whole; it can be stopped."""

import pytest

from commit_llm.evaluate.answers import answer
from commit_llm.evaluate.encoded_prompts import EncodedPrompt
from commit_llm.evaluate.endings import Ending
from commit_llm.evaluate.token_choice import GREEDY, TokenChoice
from commit_llm.generate.answer_stream import AnswerStream, GrowingText


def given_of(texts):
    """What is given of growing texts, piece by piece, and then the rest. Ids are places in the list."""
    growing = GrowingText(lambda ids: texts[ids[-1]])
    return [*(growing.more(range(number + 1)) for number in range(len(texts))), growing.rest()]


@pytest.mark.parametrize(
    ("texts", "pieces"),
    [
        (["a", "ab", "ab"], ["a", "b", "", ""]),
        (["", "\ufffd", "\ufffd\ufffd", "あ", "あb"], ["", "", "", "あ", "b", ""]),  # three bytes of one character
        (["a\ufffd"], ["a", "\ufffd"]),  # cut within a character
        (["a\ufffd", "a\ufffdb"], ["a", "\ufffdb", ""]),  # a byte that is none of any character
        (["ab ", "ab,", "ab, c"], ["ab ", "", "", ", c"]),  # a decoder that takes a space back
    ],
)
def test_characters_come_whole(texts, pieces):
    assert given_of(texts) == pieces


@pytest.mark.slow
@pytest.mark.parametrize("choice", [GREEDY, TokenChoice(0.9, 0.95, 4)])
def test_a_streamed_answer_is_the_whole_one(model, choice, caplog):
    prompts = [EncodedPrompt(model.tokenizer.encode(text), False) for text in ("anna lives in", "athens", "bread")]
    whole = {}
    for batch in answer(
        model, prompts, 1, ending=Ending(model.stops, ()), longest=1000, max_new_tokens=20, choice=choice
    ):
        whole |= batch
    caplog.clear()
    caplog.set_level("INFO", "commit_llm")
    stream = AnswerStream(model, choice, 20, 1000)
    for place, prompt in enumerate(prompts):
        pieces = []
        streamed = stream.answer(prompt.ids, pieces.append)
        assert (streamed.text, streamed.reason) == (whole[place].text, whole[place].finish_reason)
        assert "".join(pieces) == streamed.text
        assert len(pieces) > 2 or streamed.tokens < 3
        assert 1 <= streamed.tokens <= 20
        assert (streamed.speed is None) == (streamed.tokens < 3) or streamed.speed > 0
    assert len({streamed.text for streamed in whole.values()}) > 1
    assert set(caplog.messages) == {"compiling the answering of prompts of up to 256 tokens"}
    caplog.clear()
    stream.answer(prompts[0].ids, lambda text: None)
    assert caplog.messages == []


@pytest.mark.slow
def test_an_answer_that_is_stopped_has_what_was_written(model):
    stream, ids = AnswerStream(model, GREEDY, 50, 1000), model.tokenizer.encode("anna lives in")
    whole = stream.answer(ids, lambda text: None)
    pieces = []
    stopped = stream.answer(ids, pieces.append, lambda: len(pieces) == 2)
    assert (stopped.reason, stopped.tokens) == ("stopped", 2)
    assert "".join(pieces) == stopped.text
    assert whole.text.startswith(stopped.text)
    assert whole.text != stopped.text
