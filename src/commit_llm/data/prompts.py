"""Prompt templates, filled: the instruction prompt that a model is tuned with."""

from collections.abc import Iterable, Mapping
from functools import lru_cache
from string import Formatter
from typing import NamedTuple

# Interface strings of Stanford Alpaca (github.com/tatsu-lab/stanford_alpaca, train.py, PROMPT_DICT).
ALPACA_WITH_INPUT = (
    "Below is an instruction that describes a task, paired with an input that provides further context. "
    "Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{instruction}\n\n### Input:\n{input}\n\n### Response:"
)
ALPACA_WITHOUT_INPUT = (
    "Below is an instruction that describes a task. "
    "Write a response that appropriately completes the request.\n\n"
    "### Instruction:\n{instruction}\n\n### Response:"
)


class Passage(NamedTuple):
    """Hold a stretch of a text that is laid out of several texts.

    text: its characters.
    name: of the text that stands here; None where it is the template's own.
    """

    text: str
    name: str | None = None


def joined(passages: Iterable[Passage]) -> str:
    """Give the text that passages make up."""
    return "".join(passage.text for passage in passages)


def fill(template: str, texts: Mapping[str, str]) -> list[Passage]:
    """Lay a template out, with the texts in place of its `{names}`.

    Each placeholder is filled once, so braces in the texts survive.

    >>> fill("Q: {question}\\nA:", {"question": "Why {x}?"})
    [Passage(text='Q: ', name=None), Passage(text='Why {x}?', name='question'), Passage(text='\\nA:', name=None)]
    """
    return [
        passage if passage.name is None else Passage(texts[passage.name], passage.name) for passage in _parsed(template)
    ]


@lru_cache(maxsize=100)  # parsing takes longer than filling, and every example of a run has one of two templates
def _parsed(template: str) -> tuple[Passage, ...]:
    """Cut a template at its `{names}`, which become empty passages."""
    passages = []
    for literal, name, _, _ in Formatter().parse(template):
        if literal:
            passages.append(Passage(literal))
        if name is not None:
            passages.append(Passage("", name))
    return tuple(passages)


def alpaca_passages(instruction: str, input: str = "") -> list[Passage]:
    """Lay out the Alpaca prompt. An empty input takes the template without one; a space counts as input."""
    template = ALPACA_WITH_INPUT if input else ALPACA_WITHOUT_INPUT
    return fill(template, {"instruction": instruction, "input": input})


def alpaca_prompt(instruction: str, input: str = "") -> str:
    """Fill the Alpaca prompt.

    >>> alpaca_prompt("Add {input}.", "1 {instruction}").split("### ")[1:]
    ['Instruction:\\nAdd {input}.\\n\\n', 'Input:\\n1 {instruction}\\n\\n', 'Response:']
    """
    return joined(alpaca_passages(instruction, input))
