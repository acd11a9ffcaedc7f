"""Prompts as ids: what stands before them, and what is left out of one that is too long."""

import dataclasses
import hashlib
import json
import shutil

import pytest

from commit_llm.data.prompts import alpaca_prompt
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from commit_llm.evaluate.chat_prompts import encode_message, template_for
from commit_llm.evaluate.encoded_prompts import encode_question, keep_end, longest_prompt, require_fitting
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task
from commit_llm.model.config import ModelConfig
from tests.evaluate.chat_models import chat_tokenizer

OURS, PAPERS, CHAT = (find_task(name) for name in ("xquad_instruct_el", "ogx_xquad_el", "xquad_chat_el"))
ITEM = Question("q7", "0-0", "anna μένει στην αθήνα . " * 40, "ποιο είναι το σπίτι ?", ("αθήνα",))


@pytest.fixture(scope="module", params=[(), (1,)])
def tokenizer(request, example):
    loaded = load_tokenizer(example / "model")
    return dataclasses.replace(loaded, bos=type(loaded.bos)(request.param))


def test_a_whole_prompt(tokenizer):
    prompt = alpaca_prompt(ITEM.question, ITEM.context)
    whole = [*tokenizer.bos, *tokenizer.encode(prompt)]
    for longest in (len(whole), 10_000):
        assert encode_question(tokenizer, OURS, ITEM, longest) == (whole, False)
    without_bos = tokenizer.encode(PAPERS.prompt(ITEM.context, ITEM.question))
    assert encode_question(tokenizer, PAPERS, ITEM, len(without_bos)) == (without_bos, False)


def test_a_long_prompt_of_the_papers_keeps_its_end(tokenizer):
    ids = tokenizer.encode(PAPERS.prompt(ITEM.context, ITEM.question))
    assert encode_question(tokenizer, PAPERS, ITEM, 50) == (ids[-50:], True)
    assert keep_end([5, 6, 7], [1], 3) == ([1, 6, 7], True)
    assert keep_end([5, 6, 7], [1], 4) == ([1, 5, 6, 7], False)


@pytest.mark.parametrize("fewer", [1, 2, 50, 130])
def test_a_long_prompt_of_ours_loses_the_end_of_its_context(tokenizer, monkeypatch, fewer):
    whole = encode_question(tokenizer, OURS, ITEM, 10_000).ids
    longest = len(whole) - fewer
    (ids, truncated), encoded = with_texts(tokenizer, longest)
    assert truncated
    assert len(encoded) < 2 * len(ITEM.context).bit_length()
    fitting = [n for n in range(1, len(ITEM.context)) if len(of_prefix(tokenizer, n)) <= longest]
    assert ids == of_prefix(tokenizer, max(fitting))
    assert encoded[-1] == alpaca_prompt(ITEM.question, ITEM.context[: max(fitting)])
    assert tokenizer.decode(ids).startswith(tokenizer.decode(whole[:30]))
    assert tokenizer.decode(ids).endswith("### Response:")


def of_prefix(tokenizer, characters):
    return [*tokenizer.bos, *tokenizer.encode(alpaca_prompt(ITEM.question, ITEM.context[:characters]))]


def with_texts(tokenizer, longest):
    """The encoded question, and the texts that were encoded for it."""
    texts = []

    class Library:
        def encode(self, text):
            texts.append(text)
            return tokenizer.library.encode(text)

    return encode_question(dataclasses.replace(tokenizer, library=Library()), OURS, ITEM, longest), texts


@pytest.mark.parametrize("fewer", [0, 1, 2, 40])
def test_a_long_chat_prompt_loses_the_end_of_its_context(tmp_path, fewer):
    """A token a byte, and two bytes a letter, so that an odd room leaves a token free. The template stays whole."""
    tokenizer = chat_tokenizer(tmp_path, "headers")
    template = template_for([CHAT], tokenizer, (2, 4))
    context = "α" * 200
    whole = encode_message(tokenizer, template, CHAT.prompt(context, ITEM.question))
    left = encode_message(tokenizer, template, CHAT.prompt("α" * (200 - (fewer + 1) // 2), ITEM.question))
    asked = encode_question(tokenizer, CHAT, ITEM._replace(context=context), len(whole) - fewer, template)
    assert asked == (left, fewer > 0)


def test_a_chat_prompt_that_cannot_be_asked(tmp_path):
    """Looked at before the first answer, over the whole context."""
    tokenizer = chat_tokenizer(tmp_path)
    template = template_for([CHAT], tokenizer, (2, 4))
    least = len(encode_message(tokenizer, template, CHAT.prompt(ITEM.context[0], ITEM.question)))
    require_fitting(tokenizer, CHAT, [ITEM], least, template)
    with pytest.raises(UserError, match=rf"xquad_chat_el: the prompt of question 'q7' has {least} tokens .* room for "):
        require_fitting(tokenizer, CHAT, [ITEM], least - 1, template)
    for item in (ITEM._replace(context=f"{ITEM.context}<end>"), ITEM._replace(question="<s>")):
        for ask in (require_fitting, lambda *given: encode_question(*given[:2], given[2][0], *given[3:])):
            with pytest.raises(UserError, match=r"xquad_chat_el: a text of question 'q7' has .* a control token"):
                ask(tokenizer, CHAT, [item], 4000, template)


def test_real_prompts_of_ours_are_whole_texts(shared, llama):
    """Of XQuAD in Thai, by LLaMA's tokenizer, which has several ids for a letter."""
    task = find_task("xquad_instruct_th")
    items = load_questions(task, str(shared.data("xquad")))[::60]
    ids = [encode_question(llama, task, item, 900) for item in items]
    assert sum(prompt.truncated for prompt in ids) > 3
    for item, prompt in zip(items, ids, strict=True):
        text = llama.decode(prompt.ids)
        before, after = alpaca_prompt(item.question, "|").split("|")
        assert text.startswith(before)
        assert text.endswith(after)
        context = text[len(before) : -len(after)]
        assert item.context.startswith(context)
        assert (context == item.context) != prompt.truncated
        assert prompt.ids == [*llama.bos, *llama.encode(alpaca_prompt(item.question, context))]
        assert 880 < len(prompt.ids) <= 900 or not prompt.truncated


def test_the_papers_prompts_are_sentencepiece_s_ids_whatever_stands_beside_its_model(shared, llama, example, tmp_path):
    """`--tokenizer FOLDER/tokenizer.model` is the paper's way; the hash is of the first thirty Greek prompts' ids."""
    shutil.copyfile(llama.path, tmp_path / "tokenizer.model")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(example / "model" / name, tmp_path / name)
    items = load_questions(PAPERS, str(shared.data("xquad")), 30)
    named = load_tokenizer(tmp_path / "tokenizer.model")
    ids = [list(encode_question(named, PAPERS, item, 1792)) for item in items]
    assert hashlib.sha256(json.dumps(ids).encode()).hexdigest()[:16] == "ef226b4b637e0b11"


def test_a_prompt_with_no_room_for_its_context(tokenizer):
    least = len(of_prefix(tokenizer, 1))
    require_fitting(tokenizer, OURS, [ITEM], least)
    with pytest.raises(
        UserError, match=rf"^xquad_instruct_el: .*question 'q7' has {least} tokens .* room for {least - 1} "
    ):
        require_fitting(tokenizer, OURS, [ITEM], least - 1)
    with pytest.raises(UserError, match="question 'q7'"):
        encode_question(tokenizer, OURS, ITEM, least - 1)
    require_fitting(tokenizer, PAPERS, [ITEM], 5)


def test_how_long_a_prompt_may_be():
    small, large = (dataclasses.replace(SIZES, max_position_embeddings=positions) for positions in (600, 8192))
    assert [longest_prompt(PAPERS, config) for config in (small, large)] == [344, 1792]
    assert [longest_prompt(OURS, config) for config in (small, large)] == [344, 7936]
    assert longest_prompt(OURS, large, 3000) == longest_prompt(CHAT, large, 3000) == 2744
    assert longest_prompt(PAPERS, large, 3000) == 1792
    assert longest_prompt(OURS, large, room=20) == 8172


SIZES = ModelConfig(32000, 64, 176, 2, 4, 2, 16)
