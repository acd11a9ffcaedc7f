"""`commit-llm report`: a page of a real run, and of runs whose sources are no longer what they were."""

import dataclasses
import json
import shutil

import pytest

from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.files.records import read_records
from commit_llm.recipes import StoredRecipe, find_recipe
from commit_llm.runs.history import NOTHING
from commit_llm.runs.run import create_run
from commit_llm.train.loop import train
from tests.report.test_page import Elements

DATA = "instructions.jsonl"


@pytest.fixture(scope="module")
def sources(example, tmp_path_factory):
    """Data, dictionary and model of the example, in a folder that may be changed."""
    folder = tmp_path_factory.mktemp("sources")
    shutil.copytree(example, folder, dirs_exist_ok=True)
    return folder


def small(sources, name="commit", **changes):
    """The recipe of tests/train, whose step is compiled once for all tests, with held-out examples."""
    values = {
        "model": str(sources / "model"), "data": str(sources / DATA), "dictionary": (str(sources / "en-el.txt"),),
        "from_scratch": True, "steps": 8, "warmup_steps": 2, "learning_rate": 1e-3, "batch_size": 2, "seq_len": 128,
        "checkpoint_every": 3, "log_every": 2, "held_out_share": 0.1, "eval_every": 4,
    }  # fmt: skip
    return dataclasses.replace(find_recipe(name), **values | changes)


@pytest.fixture(scope="module")
def trained(sources, tmp_path_factory):
    run = tmp_path_factory.mktemp("trained") / "greek"
    train(small(sources), run)
    return run


@pytest.fixture
def begun(sources, tmp_path):
    """Makes the directory of a run that has taken no step."""

    def call(*name, **changes):
        run = tmp_path / "begun"
        recipe, model = small(sources, *name, **changes), sources / "model"
        stored = StoredRecipe(recipe, recipe)
        create_run(
            run, stored, (model / "config.json").read_text(), model, load_tokenizer(model), (2,), "float32", [], NOTHING
        )
        return run

    return call


@pytest.fixture
def report(run, capsys):
    """The page of a run: the text of it, and its HTML."""

    def call(folder, *flags):
        status, out, err = run("report", folder, *flags)
        assert (status, out, err) == (0, f"wrote {folder / 'report.html'}\n", "")
        html = (folder / "report.html").read_text(encoding="utf-8")
        return Elements(html).text, html

    return call


@pytest.mark.slow
def test_a_real_run(report, run, trained, sources, tmp_path):
    text, html = report(trained, "--rows", "3")
    for fact in ("Run greek", "finished", "8 of 8", "held-out loss", "en-el.txt", "instructions.jsonl", "0 examples"):
        assert fact in text
    assert html.count("<figure>") == 5
    assert html.count("<section class='sample'") == 3
    assert str(sources) not in html
    assert str(trained) not in html
    # The first example of the training order, mixed as training has it; the data's own first one comes later.
    row = int(text.split("Example 1 record ")[1].split(" ")[0]) - 1
    assert row
    record = read_records(sources / "instructions.jsonl")[row]
    mixed = small(sources).open_mixer().mix_example(record, row=row).texts
    assert mixed["input"] in text
    assert mixed["input"] != record["input"]
    # Its own page is replaced; another file is not.
    before = html
    assert report(trained, "--rows", "2")[1] != before
    other = tmp_path / "page.html"
    assert run("report", trained, "--out", other)[:2] == (0, f"wrote {other}\n")
    assert run("report", trained, "--out", other)[0] == 2
    assert run("report", trained, "--out", other, "--overwrite")[0] == 0


@pytest.mark.slow
def test_a_run_that_trains_is_not_disturbed(report, trained):
    """No lock is taken: while one is held the page is made, and only the page is new."""
    from commit_llm.files.lock import locked

    def files():
        return {path: path.read_bytes() for path in trained.rglob("*") if path.is_file() and path.suffix != ".html"}

    before = files()
    with locked(trained, "training"):
        report(trained, "--rows", "1")
    assert files() == before


@pytest.mark.parametrize(
    ("name", "changes"),
    [
        ("alpaca", {"ratio": 0.0, "dictionary": ()}),
        ("codemix-naive", {}),
        ("commit-2024", {}),
        ("align", {"form": "text", "fields": "[instruction],output"}),
        ("align-2024", {"fields": "instruction+input,output"}),
    ],
)
def test_recipes(report, begun, name, changes):
    text, _ = report(begun(name, **changes), "--rows", "2")
    assert "no step is logged yet" in text
    assert f"recipe {name}" in text
    assert "Not shown" not in text
    # Naive mixing gives "### Response" a capital Greek word, which the tokenizer of the small world does not have.
    assert ("not marked: the tokenizer has changed the text" in text) == (name == "codemix-naive")
    assert ("This run mixes nothing" in text) == (name == "alpaca")
    assert "Example 2 record" in text


@pytest.mark.parametrize(("rank", "rate", "differs"), [(None, 2e-5, False), (4, 2e-4, True)])
def test_a_learning_rate_that_nobody_named_differs_where_lora_makes_it_another(report, begun, rank, rate, differs):
    _, html = report(begun(learning_rate=rate, lora_r=rank, from_scratch=rank is None), "--rows", "1")
    row = html[html.index(">learning_rate<") :].partition("</tr>")[0]
    assert f"<bdi>{rate}</bdi>" in row
    assert ("<bdi>2e-05</bdi>" in row.partition("</td>")[2]) == differs


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda folder: (folder / "en-el.txt").unlink(), "the dictionary en-el.txt is no longer where it was"),
        (lambda folder: (folder / DATA).unlink(), "the data instructions.jsonl is no longer where it was"),
        (lambda folder: (folder / "en-el.txt").write_text("a\tb\n"), "the dictionary en-el.txt has changed since"),
        (lambda folder: (folder / DATA).write_text("{}"), "the data instructions.jsonl has changed since"),
    ],
)  # fmt: skip
def test_sources_that_are_no_longer_what_they_were(report, example, tmp_path, change, reason):
    sources = tmp_path / "sources"
    shutil.copytree(example, sources)
    run, model = tmp_path / "run", sources / "model"
    stored = StoredRecipe(small(sources), small(sources))
    create_run(
        run, stored, (model / "config.json").read_text(), model, load_tokenizer(model), (2,), "float32", [], NOTHING
    )
    change(sources)
    text, html = report(run)
    assert text.count(f"Not shown: {reason}") == 2
    assert str(tmp_path) not in html
    assert "Recipe" in text


@pytest.mark.slow
def test_a_data_set_of_the_hub_that_cannot_be_reached(report, begun):
    text, _ = report(begun(data="nobody/nothing"))
    assert text.count("Not shown: the data set nobody/nothing cannot be loaded from the hub here; ") == 2


def test_a_run_without_its_tokenizer(report, begun):
    run = begun()
    shutil.rmtree(run / "model")
    text, html = report(run)
    assert "Not shown: begun/model: no such tokenizer file" in text
    assert str(run) not in html


@pytest.mark.parametrize(
    ("files", "missing"),
    [(None, 0), ([], 0), ({"data": "x"}, 0), ({"data": {"sha256": 1}}, 2)],
)
def test_whatever_provenance_says_of_files_the_page_is_made(report, begun, files, missing):
    """With the samples, but where a file is not what it says."""
    run = begun()
    (run / "provenance.json").write_text(json.dumps({"files": files}))
    text, html = report(run, "--rows", "1")
    changed = "the data instructions.jsonl has changed since the run began; restore it, and give the command again"
    assert text.count(f"Not shown: {changed}.") == missing
    assert html.count("<section class='sample'") == (0 if missing else 1)


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--rows", "0"], "--rows 0: must be at least 1"),
        (["--out", "page.pdf"], "--out page.pdf: the page is an .html file"),
        (["--out", "folder.html"], "folder.html: is a folder"),
    ],
)
def test_mistakes(run, begun, flags, message, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "folder.html").mkdir()
    folder = begun()
    before = sorted(tmp_path.rglob("*"))
    status, out, err = run("report", folder, *flags)
    assert (status, out, err.count("\n")) == (2, "", 1)
    assert message in err
    assert sorted(tmp_path.rglob("*")) == before


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("config.yaml", "a: [", "not readable YAML"),
        ("config.yaml", "stepz: 3", "unknown field 'stepz'"),
        ("config.yaml", "steps: many", "steps is 'many', which is not of type int"),
        ("provenance.json", "{", "malformed JSON"),
    ],
)
def test_a_malformed_run(run, begun, name, content, message):
    folder = begun()
    (folder / name).write_text(content)
    status, _, err = run("report", folder)
    assert status == 2
    assert f"{name}:" in err
    assert message in err
    assert not (folder / "report.html").exists()


def test_what_is_no_run(run, sources, tmp_path):
    for folder, message in (
        (sources / "model", "it is a model folder"), (tmp_path, "no config.yaml"), (tmp_path / "x", "no such run"),
    ):  # fmt: skip
        status, _, err = run("report", folder)
        assert status == 2
        assert message in err
