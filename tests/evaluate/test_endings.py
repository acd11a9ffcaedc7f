"""What ends an answer: tokens for the loop, text for what came of it; the same however a text is cut into tokens."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.evaluate.answer_text import Answer, first_line
from commit_llm.evaluate.endings import Ending

PIECES = ["Α", "\n", " ", "\n\n", "\nβ", "γ\n", " \n δ", "\n \nεζ\nη", "\u3000", "\r\n", "</s>", "<|end|>", "<s>"]
STOPS = (10, 11)


class Pieces:
    """A tokenizer of these pieces; `</s>` and `<s>` are special, `<|end|>` is not."""

    vocab_size = len(PIECES)

    def decode(self, ids):
        return "".join(PIECES[id] for id in ids if id not in (10, 12))


def generated(ids, endings):
    """The ids of a row up to the one that ends it, as the loop gives them."""
    begun = False
    for place, id in enumerate(ids):
        if endings.at_once[id] or (endings.after_text[id] and begun):
            return ids[: place + 1]
        begun |= bool(endings.is_text[id])
    return ids


def expected(ids, skips):
    """Answer and reason, by the lines of the whole text before the first stop."""
    end = next((place for place, id in enumerate(ids) if id in STOPS), len(ids))
    lines = Pieces().decode(ids[:end]).split("\n")
    number = next((n for n, line in enumerate(lines) if line.strip()), len(lines) - 1) if skips else 0
    return lines[number], "newline" if number < len(lines) - 1 else "stop" if end < len(ids) else "length"


@pytest.mark.parametrize("skips", [False, True])
@given(ids=st.lists(st.integers(0, len(PIECES) - 1), max_size=9))
def test_an_answer_is_a_line_of_the_whole_text(skips, ids):
    ending = Ending(STOPS, skips_blank_lines=skips)
    row = generated(ids, ending.of_tokens(Pieces(), len(PIECES) + 3))
    assert ending.answer(Pieces(), row) == expected(ids, skips)


@pytest.mark.parametrize(
    ("text", "answer", "reason"),
    [
        ("\n\n Αθήνα\nΠάτρα", " Αθήνα", "newline"),
        ("\n\n", "", "length"),
        ("  ", "  ", "length"),
        ("", "", "length"),
        ("Αθήνα", "Αθήνα", "length"),
    ],
)
def test_blank_lines_before_an_answer(text, answer, reason):
    class Whole:
        def decode(self, ids):
            return text

    assert Ending((2,), skips_blank_lines=True).answer(Whole(), [5, 6]) == (answer, reason)
    assert Ending((2,)).answer(Whole(), [5, 6])[0] == text.split("\n")[0]
    assert first_line(text) == answer
    assert Answer(answer, False, reason).empty == (answer.strip() == "")


def test_no_row_goes_on_behind_the_answer():
    """A piece with text before its newline ends it at once; others pass over a blank line, or end a begun one."""
    endings = Ending(STOPS, skips_blank_lines=True).of_tokens(Pieces(), len(PIECES))
    assert [PIECES[id] for id in endings.at_once.nonzero()[0]] == ["γ\n", "\n \nεζ\nη", "</s>", "<|end|>"]
    assert [PIECES[id] for id in (endings.after_text & ~endings.at_once).nonzero()[0]] == [
        "\n", "\n\n", "\nβ", " \n δ", "\r\n",
    ]  # fmt: skip
    plain = Ending(STOPS).of_tokens(Pieces(), len(PIECES))
    assert plain.at_once.sum() == 9
    assert (plain.at_once >= plain.after_text).all()


def test_other_texts_that_end_an_answer():
    ending = Ending(STOPS, until=("γ", "ζ\nη"))
    assert ending.answer(Pieces(), [0, 7, 0]) == ("Α\n \nε", "newline")
    assert [PIECES[id] for id in ending.of_tokens(Pieces(), 13).at_once.nonzero()[0]] == [
        "γ\n", "\n \nεζ\nη", "</s>", "<|end|>",
    ]  # fmt: skip
    assert ending.answer(Pieces(), [0, 1, 11]) == ("Α\n", "stop")
