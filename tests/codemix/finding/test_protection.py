"""What is never touched, as a table, and how long it takes to find out."""

import time

import pytest

from commit_llm.codemix.finding.protection import protected_spans


@pytest.mark.parametrize(
    ("text", "protected"),
    [
        ("Run `ls docs` or ``a ` b``.", ["`ls docs`", "``a ` b``"]),
        ("A lone ` stays open", []),
        ("See:\n```python\ndog = 1\n```\ndog", ["```python\ndog = 1\n```"]),
        ("````\n```\ndog\n````\ndog", ["````\n```\ndog\n````"]),
        ("Open: ```dog\nto the end", ["```dog\nto the end"]),
        ("a\n  ~~~\ndog\n~~~\ndog ~~~ dog", ["~~~\ndog\n~~~"]),
        ("$5 and $6, but $a + b$ and $$c$$", ["$a + b$", "$$c$$"]),
        (r"\(dog\) \[cat\] \frac{dog}{cat} \emph{dog}", [r"\(dog\)", r"\[cat\]", r"\frac{dog}{cat}", r"\emph{dog}"]),
        (r"\begin{dog} cat \end{dog} dog", [r"\begin{dog} cat \end{dog}"]),
        ("(https://dog.example/a?b) -http://c.d", ["https://dog.example/a?b)", "http://c.d"]),
        ("www.dog.example, not awww.dog", ["www.dog.example,"]),
        ("://dog 1://dog `a`", ["`a`"]),
        ("Write to big.dog+a@dog.example, dog@ or @dog", ["big.dog+a@dog.example"]),
        ("{name} {{ name }} {a\nb}", ["{name}", "{{ name }}"]),
        ("nothing: here, 5 % of it.", []),
    ],
)
def test_protected(text, protected):
    spans = protected_spans(text)
    assert [text[start:end] for start, end in spans] == protected
    assert spans == sorted(spans)


@pytest.mark.parametrize(
    "piece",
    ["://", "1://", "@a.", "a.b@", "www.", "``` ", "`` ", "$a ", "{", "\\[", "\\a[", "\\a{", "\\begin{a}", "~~~\n"],
)
def test_linear_time(piece):
    """Three seconds at most where it is linear, half a minute where each place looks through all that follows."""
    begun = time.process_time()
    protected_spans(piece * 60_000)
    assert time.process_time() - begun < 10
