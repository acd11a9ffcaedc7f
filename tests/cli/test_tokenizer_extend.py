"""`commit-llm tokenizer extend`: what it writes, what it says, and what it answers to a mistake."""

import json

import pytest
from safetensors.numpy import load_file, save_file

from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.vocabulary.english import english_words
from tests.vocabulary.growing_models import ENGLISH, GREEK, write_growing_model

DICTIONARY = "dog\tσκύλος\ncat\tγάτα\nwater\tνερό\nwith water\tμε νερό\nsea\tθάλασσα\nnot\tμη\n"


@pytest.fixture
def run(run):
    return lambda *argv: run("tokenizer", "extend", *argv)


@pytest.fixture(autouse=True)
def few_english_words(request, monkeypatch):
    """Looks at 300 words instead of 24,000, which take seconds, but in the test of what is printed."""
    if request.node.name != "test_pieces_of_a_text":
        words = [word for word in english_words() if word in ("dog", "cat", "water", "sea", "not")]
        monkeypatch.setattr("commit_llm.vocabulary.english.english_words", lambda: words + english_words()[::100])


@pytest.fixture
def folder(tmp_path):
    write_growing_model(tmp_path / "model", "bytes")
    files = {
        "el.txt": "\n".join(GREEK),
        "en.txt": "\n".join(ENGLISH),
        "en-el.txt": DICTIONARY,
        "el-en.txt": "\n".join("\t".join(line.split("\t")[::-1]) for line in DICTIONARY.splitlines()),
    }
    for name, content in files.items():
        (tmp_path / name).write_text(content, encoding="utf-8")
    return tmp_path


@pytest.mark.slow
def test_pieces_of_a_text(run, folder):
    status, out, err = run(folder / "model", "--text", folder / "el.txt", "--size", 40, "--out", folder / "new")
    assert status == 0, err
    assert out.splitlines() == [
        f"wrote {folder / 'new'}: 40 new pieces, from id 332; the embedding has 372 rows (332 before)",
        "a word takes 3.90 tokens (9.25 before)",
        "23,957 English words keep their ids; 0 pieces were dropped for this",
        f"new rows are guesses (pieces): train them on text, commit-llm train align --model {folder / 'new'} ...",
    ]
    said = json.loads((folder / "new/grown_vocabulary.json").read_text())
    assert [said["text"][0]["path"], said["protect"], said["dictionary"]] == ["el.txt", [], None]
    assert str(folder) not in json.dumps(said)


@pytest.mark.parametrize("initialise", ["translations", "both", "pieces"])
def test_a_dictionary_alone(run, folder, initialise):
    command = [folder / "model", "--dictionary", folder / "en-el.txt", "--size", 3, "--out", folder / "new"]
    status, out, err = run(*command, "--initialise", initialise)
    assert status == 0, err
    assert f"new rows are guesses ({initialise})" in out
    assert load_tokenizer(folder / "new").vocab_size == 335


def test_the_contexts_of_questions_are_texts_too(run, folder, monkeypatch):
    """And of each file, and of learning, the command shows how far it is."""
    reports = []
    monkeypatch.setattr("commit_llm.cli.progress.PlainLines.__call__", lambda self, *words: reports.append(words))
    paragraphs = [{"context": text, "qas": []} for text in GREEK]
    content = json.dumps({"data": [{"title": "t", "paragraphs": paragraphs}]})
    (folder / "xquad.el.json").write_text(content, encoding="utf-8")
    for name in ("el.txt", "xquad.el.json"):
        command = [folder / "model", "--text", folder / name, "--protect", folder / "en.txt", "--size", 9]
        status, _, err = run(*command, "--out", folder / f"of-{name}")
        assert status == 0, err
        last = {words[0]: words[1:3] for words in reports}
        assert last.keys() == {f"counting {name}", "keeping en.txt", "learning"}
        assert all(done == total > 0 for done, total in last.values())
        reports.clear()
    weights = [(folder / f"of-{name}/model.safetensors").read_bytes() for name in ("el.txt", "xquad.el.json")]
    assert weights[0] == weights[1]


def test_the_same_command_gives_the_same_bytes(run, folder):
    for out in ("one", "two"):
        command = [folder / "model", "--text", folder / "el.txt", "--dictionary", folder / "en-el.txt", "--size", 20]
        assert run(*command, "--out", folder / out)[0] == 0
    assert [path.read_bytes() for path in sorted((folder / "one").iterdir())] == [
        path.read_bytes() for path in sorted((folder / "two").iterdir())
    ]


def test_protected_texts(run, folder):
    spanish = folder / "es.txt"
    spanish.write_text("La casa está cerca de la estación y la canción está en la estación.\n" * 3, encoding="utf-8")
    english = folder / "mine.txt"
    english.write_text("a station on the estate; la la\n", encoding="utf-8")
    command = [folder / "model", "--text", spanish, "--size", 12, "--protect", english, "--out", folder / "new"]
    status, out, err = run(*command)
    assert status == 0, err
    assert "the texts of --protect keep their ids; " in out
    assert "; 0 pieces were dropped" not in out
    text = english.read_text(encoding="utf-8")
    assert load_tokenizer(folder / "new").encode(text) == load_tokenizer(folder / "model").encode(text)


def test_other_forms_that_are_left_out_are_told(run, folder):
    for name in ("vocab.json", "merges.txt"):
        (folder / "model" / name).write_text("{}")
    command = [folder / "model", "--text", folder / "el.txt", "--size", 5, "--out", folder / "new"]
    assert "not copied, because they would give other ids: merges.txt, vocab.json" in run(*command)[1]


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--text", "el.txt", "--size", 0], "--size 0: must be at least 1"),
        (["--text", "el.txt", "--size", 4000], "--size 4000: there are only "),
        (["--size", 4], "--text or --dictionary: name a file that has the language's words"),
        (["--text", "el.txt", "--initialise", "both", "--size", 4], "--initialise both: needs a --dictionary from"),
        (["--dictionary", "el-en.txt", "--size", 4], "el-en.txt: is into English (5 of its 6 translations"),
        (["--text", "none.txt", "--size", 4], "none.txt: no such data file"),
        (["--text", "numbers.txt", "--size", 4], "--size 4: there is no new piece to learn"),
        (["--text", "el.txt", "--protect", "none.txt", "--size", 4], "none.txt: no such data file"),
        (["--text", "el.txt", "--fields", "body", "--size", 4], "no field 'body'"),
    ],
)
def test_mistakes(run, folder, monkeypatch, flags, message):
    monkeypatch.chdir(folder)
    (folder / "numbers.txt").write_text("1 2 3\n")
    before = sorted(folder.iterdir())
    status, out, err = run("model", *flags, "--out", "new")
    assert (status, out, err.count("\n")) == (2, "", 1), err
    assert message in err
    assert sorted(folder.iterdir()) == before


def test_an_output_that_exists(run, folder):
    command = [folder / "model", "--text", folder / "el.txt", "--size", 4, "--out", folder / "new"]
    assert run(*command)[0] == 0
    status, _, err = run(*command)
    assert (status, "exists" in err) == (2, True)
    assert run(*command, "--overwrite")[0] == 0


def test_a_run_and_a_model_without_weights(run, folder):
    for name in ("config.yaml", "provenance.json"):
        (folder / "run").mkdir(exist_ok=True)
        (folder / "run" / name).write_text("{}")
    (folder / "model/model.safetensors").unlink()
    command = ["--text", folder / "el.txt", "--size", 4, "--out", folder / "new"]
    for model, message in (("run", "is a run; export it as a model"), ("model", "no model.safetensors in it")):
        status, _, err = run(folder / model, *command)
        assert (status, message in err) == (2, True), err


def test_a_quantised_embedding(run, folder):
    file = folder / "model/model.safetensors"
    tensors = load_file(file)
    tensors["model.embed_tokens.weight"] = tensors["model.embed_tokens.weight"].astype("int8")
    save_file(tensors, file, metadata={"format": "pt"})
    status, _, err = run(folder / "model", "--text", folder / "el.txt", "--size", 4, "--out", folder / "new")
    assert (status, "weights of type I8; known are F32, F16, BF16" in err) == (2, True), err
    assert not (folder / "new").exists()
