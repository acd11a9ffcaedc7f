"""YAML: plain values, and whatever else in one line that says where it stands."""

from itertools import pairwise

import pytest

from commit_llm.errors import UserError
from commit_llm.files.yaml_text import parse_yaml

# Nine lines that stand for a thousand million values.
LAUGHS = "a: &a [x]\n" + "".join(f"{b}: &{b} [{', '.join([f'*{a}'] * 10)}]\n" for a, b in pairwise("abcdefghi"))


def test_plain_values():
    text = "steps: 5\nratio: 2e-5\ndictionary: [a.txt, b.txt]\nasked: {steps: 7}\nname: &unused x\n"
    assert parse_yaml(text, "c.yaml") == {
        "steps": 5, "ratio": "2e-5", "dictionary": ["a.txt", "b.txt"], "asked": {"steps": 7}, "name": "x",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        (LAUGHS, r"^c.yaml:2: has an alias \(\*name\); write the value itself$"),
        ("a: &a {b: 1}\nc:\n  <<: *a\n", "^c.yaml:3: has an alias"),
        ("a: &a [*a]\n", "^c.yaml:1: has an alias"),
        ("steps: 5\nratio: 1\nsteps: 6\n", "^c.yaml:3: has 'steps' twice; leave out one of them$"),
        ("a: [", "^c.yaml:1: not readable YAML"),
        ("day: 2026-99-99", "^c.yaml: not readable YAML"),
        ("[" * 10_000, "not readable YAML"),
        ("a: !!python/object/apply:os.system ['true']", "^c.yaml:1: not readable YAML"),
        ("\x00", "^c.yaml: not readable YAML"),
    ],
)
def test_anything_else_is_one_short_line(text, message):
    with pytest.raises(UserError, match=message) as error:
        parse_yaml(text, "c.yaml")
    assert len(str(error.value)) < 300
