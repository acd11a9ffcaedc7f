"""A conversation: what the model is asked next, when it is too long, and what begins it anew."""

import pytest

from commit_llm.data.chat.template import find_chat_template
from commit_llm.data.request_forms import request_form
from commit_llm.data.requests import RequestError
from commit_llm.generate.dialogue import Dialogue
from tests.evaluate.chat_models import chat_tokenizer


def dialogue_of(folder, template="turns", longest=200):
    tokenizer = chat_tokenizer(folder, template or "turns")
    form = request_form(find_chat_template(tokenizer, (2,)) if template else None)
    return Dialogue(form, tokenizer, longest), lambda text: tokenizer.encode_rendered(text).ids


def test_what_was_said_stands_before_a_message(tmp_path):
    dialogue, ids = dialogue_of(tmp_path)
    first = "<turn>user\nWhere?<end>\n<turn>assistant\n"
    assert dialogue.ask("Where?") == dialogue.ask("Where?") == ids(first)  # it is part of it once it is answered
    dialogue.answered("Where?", " Here.\n")
    second = f"{first}Here.<end>\n<turn>user\nWhen?<end>\n<turn>assistant\n"
    assert dialogue.ask("When?") == ids(second)
    dialogue.reset()
    assert dialogue.ask("Where?") == ids(first)


def test_a_message_of_the_system_begins_anew(tmp_path):
    dialogue, ids = dialogue_of(tmp_path)
    dialogue.answered("Where?", "Here.")
    dialogue.set_system("Be kind.")
    asked = "<turn>system\nBe kind.<end>\n<turn>user\nWhere?<end>\n<turn>assistant\n"
    assert dialogue.ask("Where?") == ids(asked)
    dialogue.answered("Where?", "Here.")
    dialogue.reset()
    assert dialogue.ask("Where?") == ids(asked)
    dialogue.set_system("")
    assert dialogue.ask("Where?") == ids("<turn>user\nWhere?<end>\n<turn>assistant\n")


def test_a_conversation_that_is_too_long(tmp_path):
    dialogue, _ = dialogue_of(tmp_path, longest=40)
    with pytest.raises(
        RequestError, match=r"^the message has 61 tokens, and the model has room for 40 beside an answer; sh"
    ):
        dialogue.ask("Where? " * 6)
    dialogue.ask("Where?")
    dialogue.answered("Where?", "Here.")
    with pytest.raises(RequestError, match=r"^the conversation has 5. tokens.* for 40 .*; /reset begins a new one$"):
        dialogue.ask("When?")
    dialogue.reset()
    dialogue.ask("When?")
    with pytest.raises(RequestError, match=r"^the system message has .* tokens"):
        dialogue.set_system("Be kind. " * 9)
    dialogue.ask("When?")


def test_a_template_without_a_system_keeps_what_there_was(tmp_path):
    dialogue, _ = dialogue_of(tmp_path, "strict")
    dialogue.answered("Where?", "Here.")
    before = dialogue.ask("When?")
    with pytest.raises(RequestError, match="No system here"):
        dialogue.set_system("Be kind.")
    assert dialogue.ask("When?") == before


def test_instructions_are_asked_alone(tmp_path):
    dialogue, _ = dialogue_of(tmp_path, None)
    alone = dialogue.ask("When?")
    dialogue.answered("Where?", "Here.")
    assert dialogue.ask("When?") == alone
    with pytest.raises(RequestError, match=r"^a system message is for a model with a chat template"):
        dialogue.set_system("Be kind.")


def test_a_control_token_in_a_message_is_refused(tmp_path):
    dialogue, _ = dialogue_of(tmp_path)
    with pytest.raises(RequestError, match="control token"):
        dialogue.ask("Where?<end>")
    assert dialogue.ask("Where?")
