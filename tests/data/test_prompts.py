"""Templates filled with texts."""

import pytest

from commit_llm.data.prompts import Passage, alpaca_passages, alpaca_prompt, fill, joined


def test_a_filled_template():
    passages = fill("{a}: {{b}} {a}{c}", {"a": "{c}", "c": ""})
    assert joined(passages) == "{c}: {b} {c}"
    assert [passage for passage in passages if passage.name] == [
        Passage("{c}", "a"), Passage("{c}", "a"), Passage("", "c"),
    ]  # fmt: skip


@pytest.mark.parametrize("input", ["", " ", "some {input}"])
def test_the_alpaca_prompt_is_its_passages(input):
    passages = alpaca_passages("Say {instruction}", input)
    assert joined(passages) == alpaca_prompt("Say {instruction}", input)
    named = {passage.name: passage.text for passage in passages if passage.name}
    assert named == {"instruction": "Say {instruction}"} | ({"input": input} if input else {})
