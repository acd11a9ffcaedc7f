"""`commit-llm preview`: what it shows is what `mix` writes."""

import json
import re

import pytest


@pytest.fixture
def command(example):
    return ["preview", example / "instructions.jsonl", "--dictionary", example / "en-el.txt"]


def test_it_shows_what_mix_writes(run, command, tmp_path):
    """Row by row and field by field, at a ratio that leaves words out."""
    mixing = ["--ratio", "0.5", "--seed", "3"]
    status, shown, err = run(*command, *mixing, "--rows", "20")
    assert (status, err) == (0, "")
    assert run("mix", *command[1:], *mixing, "--out", tmp_path / "mixed.jsonl")[0] == 0
    lines = (tmp_path / "mixed.jsonl").read_text(encoding="utf-8").splitlines()[:20]
    mixed = [text for line in lines for text in json.loads(line).values()]
    assert [re.sub(r"[\[\]]", "", text) for text in re.findall(r", mixed: (.*)", shown)] == mixed
    assert "[" in shown
    assert "\x1b" not in shown


TALKS = [
    {
        "messages": [
            {"role": "system", "content": "Be kind, Anna."},
            {"role": "user", "content": "Where does anna live?"},
            {"role": "assistant", "content": "<think>A city.</think>\nAnna lives in the city."},
            {"role": "user", "content": [{"type": "text", "text": "Who "}, {"type": "text", "text": "lives there?"}]},
            {"role": "assistant", "content": "<b>שלום</b> Anna is a teacher in the city."},
        ]
    },
    {"conversations": [{"from": "human", "value": "Where?"}, {"from": "ghost", "value": "There."}]},
    {"prompt": "Where does anna live?", "completion": "In the city."},
]


def test_messages_are_shown_as_mix_writes_them(run, example, tmp_path):
    (tmp_path / "talks.jsonl").write_text("".join(json.dumps(talk) + "\n" for talk in TALKS))
    mixing = [tmp_path / "talks.jsonl", "--dictionary", example / "en-el.txt", "--ratio", "0.7"]
    status, shown, err = run("preview", *mixing)
    assert (status, err) == (0, "")
    assert run("mix", *mixing, "--out", tmp_path / "mixed.jsonl")[0] == 0
    first, second, third = map(json.loads, (tmp_path / "mixed.jsonl").read_text(encoding="utf-8").splitlines())
    assert second == TALKS[1]
    user, answer, parts, last = [message["content"] for message in first["messages"][1:]]
    kinds = re.findall(r"^([\w ()]+), (not mixed|mixed): (.*)", re.sub(r"[\[\]]", "", shown), re.M)
    assert kinds == [
        ("system 1", "not mixed", "Be kind, Anna."),
        ("user 1", "mixed", user),
        ("reasoning 1", "not mixed", "A city."),
        ("assistant 1", "mixed", answer.partition("\n")[2]),
        ("user 2", "mixed", "".join(part["text"] for part in parts)),
        ("assistant 2 (output)", "mixed", last),
        ("no conversation", "not mixed", "a message has the role 'ghost'"),
        ("user 1", "mixed", third["prompt"]),
        ("assistant 1 (output)", "mixed", third["completion"]),
    ]
    assert run("preview", *mixing, "--html", tmp_path / "page.html", "--mix-roles", "assistant")[0] == 0
    page = (tmp_path / "page.html").read_text(encoding="utf-8")
    assert "<h3>user 1 <span class='quiet'>(not mixed)</span></h3>" in page
    assert "<h3>assistant 2 (output)</h3>" in page
    assert "&lt;b&gt;שלום&lt;/b&gt;" in page
    assert "<dt>mix roles</dt><dd>assistant</dd>" in page
    assert (
        "--mix-fields input: no such field in these rows; there are user 1, assistant 1, user 2, output"
        in (run("preview", *mixing, "--mix-fields", "input")[2])
    )


def test_where_training_has_the_rows(run, command):
    """The draws of the pass and the ratio of the place; a fixed ratio has only the draws of the pass."""
    settings = ["--rows", "3"]
    shown = {
        at: run(*command, "--ratio", "0.2@0", "0.8@2", "--at", at, *settings)[1] for at in ("0", "0.5", "1", "1.5")
    }
    for at, ratio in {"0": "0.2", "0.5": "0.35", "1": "0.5", "1.5": "0.65"}.items():
        assert f"style clean, ratio {ratio}, after {at} passes of 0.2@0 0.8@2," in shown[at]
        fixed = run(*command, "--ratio", ratio, "--at", at, *settings)[1]
        assert fixed.splitlines()[1:] == shown[at].splitlines()[1:]
    assert "style clean, ratio 0.65, after 1.5 passes," in fixed
    first = run(*command, "--ratio", "0.65", *settings)[1]
    assert "ratio 0.65, draw" in first
    assert first.splitlines()[1:] != fixed.splitlines()[1:]


def test_summary(run, command):
    _, out, _ = run(*command, "--ratio", "1", "--rows", "2")
    assert out.startswith(
        "The first 2 of 324 rows: file instructions.jsonl, dictionary en-el.txt, style clean, ratio 1,"
    )
    assert re.search(r"^replaced +\d+ +\d+\.\d %", out, re.M)
    assert re.search(r"^CMI \d+\.\d   M-index \d\.\d\d   I-index \d\.\d\d   SPF \d\.\d\d$", out, re.M)


def test_settings_that_are_not_the_default_are_told(run, command, tmp_path):
    (tmp_path / "skip.txt").write_text("lives\n")
    flags = ["--choice", "first", "--all-capitals", "--skip-words", tmp_path / "skip.txt", "--mix-fields", "input"]
    _, out, _ = run(*command, *flags, "--unmixed-share", "0.25", "--rows", "1")
    told = "seed 0, choice first, all capitals yes, skip words skip.txt, mix fields input, unmixed share 0.25\n"
    assert told in out


def test_texts_in_which_translations_are_counted_are_told_by_their_names(run, command, tmp_path):
    (tmp_path / "en-de.tsv").write_text("anna\tAnna\nlives\twohnt\nlives\tlebt\n")
    (tmp_path / "de.txt").write_text("Anna wohnt")
    greek = [line.split("\t")[1] for line in command[-1].read_text(encoding="utf-8").splitlines()]
    (tmp_path / "el.txt").write_text("\n".join(greek), encoding="utf-8")
    texts = ["--target-text", tmp_path / "el.txt", "--target-text", tmp_path / "de.txt"]
    status, out, err = run(
        *command, "--dictionary", tmp_path / "en-de.tsv", "--choice", "frequent", *texts, "--rows", "1"
    )
    assert (status, err) == (0, "")
    assert "choice frequent, target text el.txt, de.txt\n" in out


def test_sentences_are_told_with_their_ratio_and_weights(run, command, tmp_path):
    for name in ("en-el.tsv", "en-de.tsv"):
        (tmp_path / name).write_text("Who is he?\tx\n")
    _, out, _ = run(*command, "--sentences", tmp_path / "en-el.tsv", "--rows", "1")
    assert "dictionary en-el.txt, sentences en-el.tsv, sentence ratio 0.5, style clean, ratio 0.7," in out
    two = ["--sentences", f"{tmp_path / 'en-el.tsv'}=2", "--sentences", tmp_path / "en-de.tsv", "--sentence-ratio", "0"]
    _, out, _ = run("preview", command[1], *two, "--rows", "1")
    assert "dictionary none, sentences en-el.tsv (2), en-de.tsv (1), sentence ratio 0, style clean, ratio 0.7," in out


def test_the_original_style(run, command):
    assert "style original, ratio 0.7, draw occurrence, seed 0\n" in run(*command, "--style", "original")[1]


def test_explain(run, command):
    assert "  not in the dictionary: anna" in run(*command, "--explain", "--rows", "1")[1]
    assert "  not in the dictionary: anna" not in run(*command, "--rows", "1")[1]


def test_fields(run, command):
    _, out, _ = run(*command, "--rows", "1", "--fields", "output", "input", "--mix-fields", "input")
    assert re.findall(r"^(\w+), ([\w ]+):", out, re.M) == [
        ("output", "not mixed"),
        ("input", "original"),
        ("input", "mixed"),
    ]


def test_page(run, command, tmp_path):
    page = tmp_path / "preview.html"
    status, out, _ = run(*command, "--html", page, "--rows", "3")
    assert status == 0
    assert out.endswith(f"wrote {page}\n")
    assert "row 1" not in out
    html = page.read_text(encoding="utf-8")
    assert html.count("<section class='row'") == 3
    assert "<details>" not in html
    assert "exists already; choose another --html" in run(*command, "--html", page)[2]
    assert run(*command, "--html", page, "--explain", "--overwrite")[0] == 0
    assert "<details>" in page.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rows", "0"], "--rows 0: must be at least 1"),
        (["--html", "page.pdf"], "--html page.pdf: the page is an .html file"),
        (["--ratio", "2"], "--ratio 2.0"),
        (["--fields", "x"], "record 1 of the data: no field 'x'"),
    ],
)
def test_mistakes(run, command, flags, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    status, out, err = run(*command, *flags)
    assert (status, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
