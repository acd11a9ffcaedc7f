"""Prompts that a user wrote: what they put where, and what is not a prompt."""

import re

import pytest

from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.chat.slots import PlaceError
from commit_llm.data.examples import Cut, NoExample, NoExampleReason
from commit_llm.data.forms.instruction import InstructionForm, encode_apart
from commit_llm.data.prompts import Passage, joined
from commit_llm.errors import UserError

# The line end behind a tag is not written, as in chat templates.
ASKING = "Task: {{ instruction }}\n{% if input %}\nText: {{ input }}\n{% endif %}Answer:\n"


@pytest.fixture
def asking(tmp_path):
    path = tmp_path / "asking.jinja"
    path.write_text(ASKING, encoding="utf-8")
    return PromptFile.open(path)


def test_instruction_and_input_have_their_places(asking):
    assert asking.passages("Sum.", "1 2") == [
        Passage("Task: "), Passage("Sum.", "instruction"), Passage("\nText: "), Passage("1 2", "input"),
        Passage("\nAnswer:"),
    ]  # fmt: skip
    assert joined(asking.passages("{{ input }}")) == "Task: {{ input }}\nAnswer:"
    assert asking.passages("")[0] == Passage("Task: \nAnswer:")


def test_examples_have_the_prompt_around_them(asking, tokenizer):
    form = InstructionForm(prompt=asking.passages)
    record = {"instruction": "Sum.", "input": "1 2", "output": "3"}
    example = form.encode(tokenizer, record, form.texts(record, 0))
    expected = encode_apart(tokenizer, "Task: Sum.\nText: 1 2\nAnswer:", "3", Cut.NOWHERE)
    assert example.tokens.tolist() == expected.tokens.tolist()
    assert example.loss_mask.tolist() == expected.loss_mask.tolist()


def test_an_input_that_the_prompt_leaves_out_is_an_example_less(tmp_path, tokenizer):
    path = tmp_path / "short.jinja"
    path.write_text("{{ instruction }}:", encoding="utf-8")
    form = InstructionForm(prompt=PromptFile.open(path).passages)
    with_input = {"instruction": "Sum.", "input": "1 2", "output": "3"}
    assert form.encode(tokenizer, with_input, with_input) == NoExample(
        NoExampleReason.NO_PLACE, "it has no {{ input }}"
    )
    without = with_input | {"input": ""}
    assert not isinstance(form.encode(tokenizer, without, without), NoExample)


def test_a_prompt_that_refuses_a_record(tmp_path, tokenizer):
    path = tmp_path / "refuses.jinja"
    path.write_text("{{ instruction }}{% if input %}{{ raise_exception('no input here') }}{% endif %}:")
    form = InstructionForm(prompt=PromptFile.open(path).passages)
    texts = {"instruction": "Sum.", "input": "1 2", "output": "3"}
    assert form.encode(tokenizer, texts, texts) == NoExample(NoExampleReason.REFUSED, "no input here")


def test_the_same_text_has_the_same_hash(asking):
    assert asking.fingerprint() == PromptFile(ASKING, "elsewhere").fingerprint()
    assert asking.fingerprint() != PromptFile(ASKING + " ", "elsewhere").fingerprint()


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{{ input }}", "it leaves out the instruction; a prompt is Jinja with {{ instruction }} and {{ input }}"),
        ("{{ instruction | upper }}", "the template changes a content, or writes it twice"),
        ("{{ instruction", "it is not Jinja"),
        ("{{ messages[0] }}", "'messages' is undefined"),
        (
            "{% for a in range(9999) %}{% for b in range(9999) %}{% endfor %}{% endfor %}{{ instruction }}",
            "it works without end",
        ),
        ("{{ instruction }}{{ strftime_now('%Y') }}", "asks for today's date"),
        ("{% include 'x' %}{{ instruction }}", "it takes something from another file"),
    ],
)
def test_what_is_no_prompt(tmp_path, text, message):
    path = tmp_path / "bad.jinja"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UserError, match=f"bad.jinja: .*{re.escape(message)}"):
        PromptFile.open(path)


def test_no_file(tmp_path):
    with pytest.raises(UserError, match=r"--prompt .*chta: is not a file, and neither alpaca nor chat"):
        PromptFile.open(tmp_path / "chta")
    with pytest.raises(UserError, match=r"is a folder"):
        PromptFile.open(tmp_path)
    (tmp_path / "latin").write_bytes(b"\xe9{{ instruction }}")
    with pytest.raises(UserError, match="not UTF-8"):
        PromptFile.open(tmp_path / "latin")


def test_what_stands_where_is_refused_by_name():
    with pytest.raises(PlaceError, match="the template changes"):
        PromptFile("{{ instruction }}{{ input[:2] }}", "x").passages("a", "bcd")
