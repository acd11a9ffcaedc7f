"""From a list of sentences to a mixed file: the list, its translations beside it, and what cannot be asked for."""

import json

import pytest

ROWS = [
    {"instruction": "Name it.  Now!", "input": "", "output": "- The\tdog barks.\n- A dog’s bone (42). Run `ls`."},
    {"instruction": "What?", "input": "He said: “Go.” Then 3.14!", "output": "1. See https://a.example/x today"},
]
LISTED = [
    "Name it.",
    "Now!",
    "- The dog barks.",
    "- A dog’s bone (42).",
    "Run `ls`.",
    "What?",
    "He said: “Go.”",
    "Then 3.14!",
    "See https://a.example/x today",
]


@pytest.fixture
def data(tmp_path):
    path = tmp_path / "data.jsonl"
    path.write_text("\n".join(map(json.dumps, ROWS)), encoding="utf-8")
    return path


@pytest.mark.slow
def test_a_list_and_back(run, data, tmp_path):
    """Each sentence that is listed is replaced, where its translation keeps what is protected."""
    listed, pairs, out = tmp_path / "list.txt", tmp_path / "en-el.tsv", tmp_path / "mixed.jsonl"
    status, printed, _ = run("mix", data, "--list-sentences", listed)
    assert status == 0
    assert printed.startswith("9 sentences to translate; 2 rows have 9 sentences with a word, 9 of them different\n")
    sentences = listed.read_text(encoding="utf-8").splitlines()
    assert sentences == LISTED
    kept = {"`ls`": "`ls`", "3.14": "3.14", "42": "42", "https": "https://a.example/x"}
    translations = [
        f"Πρόταση {' '.join(part for sign, part in kept.items() if sign in sentence)}" for sentence in sentences
    ]
    pairs.write_text("".join(f"{one}\t{two}\n" for one, two in zip(sentences, translations, strict=True)), "utf-8")
    mix = ["mix", data, "--sentences", pairs, "--sentence-ratio", "1", "--out", out]
    assert run(*mix)[0] == 0
    mixed = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    text = " ".join(text for row in mixed for text in row.values())
    assert text.count("Πρόταση") == len(sentences)
    assert not any(sentence in " ".join(text.split()) for sentence in sentences)
    counts = json.loads((tmp_path / "mixed.jsonl.provenance.json").read_text())
    assert counts["counts"]["sentences"] == len(sentences)
    (described,) = counts["sentences"]
    assert (described["path"], described["pairs"], described["weight"]) == (str(pairs), 9, 1.0)
    status, _, err = run("mix", data, "--list-sentences", tmp_path / "rest.txt", "--sentences", pairs)
    assert (status, err.count("\n")) == (2, 1)
    assert "no sentence to list; all of its 9 have a translation" in err


def test_what_to_do_names_the_file_as_a_shell_takes_it(run, data, tmp_path):
    listed = tmp_path / "to translate" / "list.txt"
    assert f": paste '{listed}' TRANSLATIONS > pairs.tsv\n" in run("mix", data, "--list-sentences", listed)[1]


def test_those_that_have_a_translation_are_left_out(run, data, tmp_path):
    pairs, listed = tmp_path / "en-el.jsonl", tmp_path / "list.txt"
    pairs.write_text('{"source": "Name  it.", "target": "x"}', encoding="utf-8")
    command = ["mix", data, "--sentences", pairs, "--mix-fields", "instruction", "--list-sentences", listed]
    assert json.loads(run(*command, "--json")[1]) == {
        "rows": 2, "sentences": 3, "different": 3, "known": 1, "too_long": 0, "written": 2, "out": str(listed),
    }  # fmt: skip
    assert listed.read_text(encoding="utf-8") == "Now!\nWhat?\n"
    assert run(*command)[2].startswith(f"commit-llm mix: {listed}: exists already; choose another --list-sentences")
    assert run(*command, "--overwrite")[1].startswith(
        "2 sentences to translate, without 1 that a file of --sentences has;"
    )


def test_sentences_alone(run, data, tmp_path):
    pairs, out = tmp_path / "en-el.tsv", tmp_path / "mixed.jsonl"
    pairs.write_text("Now!\tΤώρα!\n", encoding="utf-8")
    assert run("mix", data, "--sentences", pairs, "--ratio", 0, "--sentence-ratio", 1, "--out", out)[0] == 0
    assert "Name it.  Τώρα!" in out.read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("argv", "message"),
    [
        (
            ["--list-sentences", "{out}", "--out", "{out}.jsonl"],
            "writes this list instead of a mixed file; leave out --out",
        ),
        (["--list-sentences", "{out}", "--style", "original"], "--list-sentences: style original knows no sentences"),
        (["--list-sentences", "{data}", "--overwrite"], "is the input; choose another --list-sentences"),
        (["--list-sentences", "{folder}"], "is a folder; name a file with --list-sentences"),
        (["--list-sentences", "{out}", "--mix-fields", "x"], "--mix-fields x: no such field in the data"),
        (["--list-sentences", "{out}", "--fields", "x"], "record 1 of the data: no field 'x'"),
        (
            ["--list-sentences", "{out}", "--sentence-ratio", "1"],
            "--sentence-ratio: there are no sentences; name a file of them with --sentences",
        ),
        (["--list-sentences", "{out}", "--sentences", "none.tsv"], "none.tsv: no such file of sentences"),
        (["--sentences", "{pairs}", "--out", "{pairs}", "--overwrite"], "unknown suffix '.tsv'"),
        (["--sentences", "{pairs}"], "name the mixed file with --out"),
        (
            ["--sentences", "{pairs}", "--style", "original", "--out", "{out}.jsonl"],
            "--sentences: style original mixes as the original does",
        ),
        (
            ["--sentences", "{pairs}", "--sentence-ratio", "2", "--out", "{out}.jsonl"],
            "--sentence-ratio 2.0: the probability",
        ),
        (
            ["--sentences", "{pairs}", "--out", "{out}.jsonl"],
            "en-el.tsv: has no sentence of the data's first 1,000 examples, but their translations",
        ),
    ],
)
def test_a_mistake_is_one_line_and_leaves_nothing(run, data, tmp_path, argv, message):
    pairs = tmp_path / "en-el.tsv"
    pairs.write_text("Τώρα!\tNow!\n", encoding="utf-8")
    before = sorted(tmp_path.iterdir())
    places = {"{out}": tmp_path / "out", "{data}": data, "{pairs}": pairs, "{folder}": tmp_path}
    for name, place in places.items():
        argv = [word.replace(name, str(place)) for word in argv]
    status, printed, err = run("mix", data, *argv)
    assert (status, printed, err.count("\n")) == (2, "", 1)
    assert message in err
    assert sorted(tmp_path.iterdir()) == before
