"""The ids that a request becomes: those of training up to the answer; and what a form cannot ask."""

# ruff: noqa: E501 (the table of refusals)

import pytest

from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.chat.template import find_chat_template
from commit_llm.data.forms.chat import ChatForm
from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.data.request_forms import PlainRequests, request_form
from commit_llm.data.requests import RequestError, request_of
from tests.data.chat.templates import conversation
from tests.evaluate.chat_models import chat_tokenizer

RECORD = {"instruction": "Add.", "input": "1 2", "output": "3"}
OWN = PromptFile("Q {{ instruction }} C {{ input }}:", "own.jinja")


@pytest.fixture(scope="module")
def tokenizer(tmp_path_factory):
    """It puts a bos before a text, and has a chat template beside it."""
    return chat_tokenizer(tmp_path_factory.mktemp("chat"))


def before_the_answer(form, tokenizer, record):
    """The ids of an example of training that no token of an answer is before."""
    example = form.encode(tokenizer, record, form.texts(record, 0))
    return example.tokens[: int(example.loss_mask.argmax())].tolist()


@pytest.mark.parametrize("prompt", [None, OWN])
def test_an_instruction_is_asked_as_it_was_trained(tokenizer, prompt):
    form = InstructionForm() if prompt is None else InstructionForm(prompt=prompt.passages)
    ids = request_form(prompt).encode(tokenizer, request_of(RECORD))
    assert ids == before_the_answer(form, tokenizer, RECORD)
    assert ids[0] == tokenizer.bos_id


def test_a_conversation_is_asked_as_it_was_trained(tokenizer):
    template = find_chat_template(tokenizer, (tokenizer.eos_id, tokenizer.specials["<end>"]))
    said = conversation(("s", "Be kind."), ("u", "Where?"), ("a", "Here."), ("u", "When?"))
    trained = {"messages": [*said, {"role": "assistant", "content": "Now."}]}
    ids = request_form(template).encode(tokenizer, request_of({"messages": said}))
    assert ids == before_the_answer(ChatForm(template, train_on="last"), tokenizer, trained)
    of_instruction = request_form(template).encode(tokenizer, request_of(RECORD))
    assert of_instruction == before_the_answer(ChatForm(template), tokenizer, RECORD)


def test_plain_text_has_the_bos_alone_before_it(tokenizer):
    assert PlainRequests().encode(tokenizer, request_of({"prompt": "Where?"})) == [
        tokenizer.bos_id,
        *tokenizer.encode("Where?"),
    ]


@pytest.mark.parametrize(
    ("template", "record", "message"),
    [
        (None, {"messages": conversation(("u", "a"), ("a", "b"), ("u", "c"))}, "it is a conversation"),
        (OWN, {"messages": conversation(("s", "a"), ("u", "c"))}, "it is a conversation"),
        (PromptFile("{{ instruction }}", "own.jinja"), RECORD, "it does not go into the prompt: it has no {{ input }}"),
        ("none", RECORD, "it has an input, and plain text has no place for one; name a --prompt"),
        ("turns", {"prompt": "a<end>b"}, "it has what a model reads as a control token"),
        ("strict", {"messages": conversation(("s", "a"), ("u", "c"))}, "the chat template refuses it: No system here"),
        ("{{ messages[0].content }}", {"messages": conversation(("u", "a"), ("a", "b"), ("u", "c"))}, "the chat template changes the user's"),
        ("{{ messages[-1].content }}", {"messages": conversation(("s", "b"), ("u", "c"))}, "the chat template changes the system's"),
    ],
)  # fmt: skip
def test_what_cannot_be_asked(tmp_path, tokenizer, template, record, message):
    form = PlainRequests() if template == "none" else None
    if isinstance(template, str) and form is None:
        tokenizer = chat_tokenizer(tmp_path, template)
        form = request_form(find_chat_template(tokenizer, (2,)))
    with pytest.raises(RequestError, match=f"^{message}"):
        (form or request_form(template)).encode(tokenizer, request_of(record))
