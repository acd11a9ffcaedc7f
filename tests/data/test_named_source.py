"""Sources as a recipe names them, and what is not a weight and no form."""

from fractions import Fraction

import pytest

from commit_llm.data.named_source import NamedSource, named_sources
from commit_llm.errors import UserError


def test_names_with_weights_and_forms(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a=b.jsonl").write_text("")
    assert named_sources("tatsu-lab/alpaca") == [NamedSource("tatsu-lab/alpaca")]
    assert named_sources("a=b.jsonl") == [NamedSource("a=b.jsonl")]
    assert named_sources(("a=b.jsonl=2", "c.txt=0.1:text"), ["d.jsonl=1e-1:instruction", "d.jsonl"]) == [
        NamedSource("a=b.jsonl", Fraction(2)),
        NamedSource("c.txt", Fraction(1, 10), "text"),
        NamedSource("d.jsonl", Fraction(1, 10), "instruction", mixed=False),
        NamedSource("d.jsonl", mixed=False),
    ]
    assert named_sources(None) == named_sources(()) == []


@pytest.mark.parametrize(
    ("data", "unmixed", "message"),
    [
        (
            ["a.jsonl=0"],
            [],
            "--data a.jsonl=0: '0' is not a weight, which is a number above 0; write FILE, FILE=WEIGHT or",
        ),
        (["a.jsonl=-1", "b.jsonl"], [], "--data a.jsonl=-1: '-1' is not a weight"),
        (["a.jsonl=much", "b.jsonl"], [], "--data a.jsonl=much: 'much' is not a weight"),
        (["a.jsonl="], [], "--data a.jsonl=: '' is not a weight"),
        (["a.jsonl=nan"], [], "--data a.jsonl=nan: 'nan' is not a weight"),
        (["a.jsonl=inf"], [], "--data a.jsonl=inf: 'inf' is not a weight"),
        (["a.jsonl=1e-999999999"], [], "--data a.jsonl=1e-999999999: '1e-999999999' is not a weight"),
        (["a.jsonl=3:prose"], [], "--data a.jsonl=3:prose: 'prose' is not a form; it is instruction or text; write"),
        (["a.jsonl=3:"], [], "--data a.jsonl=3:: '' is not a form"),
        (["a.jsonl"], ["b.jsonl=0"], "--data-unmixed b.jsonl=0: '0' is not a weight"),
        (["a.jsonl", "b.jsonl=1e-9"], [], "--data b.jsonl=1e-09: is less than one example in a million; give it more"),
    ],
)
def test_what_is_no_source(data, unmixed, message):
    with pytest.raises(UserError) as caught:
        named_sources(data, unmixed)
    assert str(caught.value).startswith(message)
