"""Evaluation directories that are missing, malformed, or not whole."""

import base64
import gzip
import json
import shutil

import pytest

from commit_llm.errors import UserError
from commit_llm.report.comparison.answer_list import packed_answers
from commit_llm.report.comparison.evaluated_run import read_contexts, read_run
from commit_llm.report.comparison.machine_readable import as_data
from commit_llm.report.comparison.output_folder import write_comparison
from commit_llm.report.comparison.systems import read_systems
from commit_llm.runs.evaluation import CONTEXTS, PREDICTIONS, RESULTS
from tests.report.comparison.evaluations import change, compare


def edit_predictions(folder, edit):
    path = folder / PREDICTIONS
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in edit(rows)), encoding="utf-8")


def without(row, *names):
    return {name: value for name, value in row.items() if name not in names}


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda held: held.update(schema=2), "written with schema 2, this version reads 3 and 4; evaluate again"),
        (lambda held: held.update(tasks={"belebele": {"metrics": {}}}), "none of its tasks can be compared"),
        (lambda held: held["model"].update(training=["x"]), "training is not a list of stages"),
        (lambda held: held["tasks"]["ogx_xquad_el"].update(items=35), "has answers to 36 of the 35 questions"),
        (lambda held: held["tasks"]["ogx_xquad_el"].pop("f1"), "ogx_xquad_el has no f1; evaluate again"),
        (
            lambda held: held["tasks"]["ogx_xquad_el"].update(exact_match=99.0),
            "exact_match of ogx_xquad_el is 99.0 in results.json, and",
        ),
    ],
)
def test_results_that_cannot_be_read(pair, edit, message):
    change(pair[1], edit)
    with pytest.raises(UserError) as error:
        read_systems(map(str, pair))
    assert message in str(error.value)
    assert str(pair[1]) in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("suite", "../x"), ("suite", "a\x1b[31mb"), ("suite", ["x"]), ("suite", None),
        ("suite", ".."), ("language", "mean"), ("language", "[red]"), ("language", "x" * 61),
        ("language", {}), ("language", "el\n"),
        ("exact_match", 10**400), ("exact_match", float("nan")), ("exact_match", "50"), ("f1", True), ("items", True),
        ("items", 36.0), ("limit", "a\nb"), ("limit", [36]), ("task_version", 10**400), ("task_version", float("nan")),
        ("task_version", "\x1b[31m"), ("prompts_sha256", None), ("signature", ["x"]), ("signature", "x" * 2000),
        ("contexts", "a\nb"), ("contaminated_contexts", "no"), ("contaminated_contexts", -1),
    ],
)  # fmt: skip
def test_entries_of_another_type(pair, name, value):
    """One line with file, place and value, whichever entry it is; never a traceback, nor an escape in the terminal."""
    change(pair[1], lambda held: held["tasks"]["ogx_xquad_el"].update({name: value}))
    with pytest.raises(UserError) as error:
        read_systems(map(str, pair))
    assert f"{pair[1] / RESULTS}: ogx_xquad_el has {name} {ascii(value)[:40]}, which cannot be" in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda held: held["model"].pop("fingerprint"), "model has no fingerprint"),
        (lambda held: held["model"].update(fingerprint=["x"]), "model has fingerprint ['x'], which cannot be"),
        (lambda held: held["model"]["training"][0].update(ratio=10**400), "stage 1 of training has ratio 1000"),
        (lambda held: held["model"]["training"][0].update(tokens="many"), "stage 1 of training has tokens 'many'"),
        (lambda held: held["model"]["training"][0].update(data=["x"]), "stage 1 of training has data ['x']"),
        (lambda held: held["tasks"].update({"a\nb": {}}), "a task is called 'a\\nb'"),
        (lambda held: held["tasks"].update({"a b": held["tasks"]["ogx_xquad_el"]}), "a task is called 'a b'"),
    ],
)
def test_models_and_names_of_another_type(pair, edit, message):
    change(pair[1], edit)
    with pytest.raises(UserError) as error:
        read_systems(map(str, pair))
    assert f"{pair[1] / RESULTS}: {message}" in str(error.value)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda rows: rows[:-3], "has answers to 33 of the 36 questions of ogx_xquad_th"),
        (lambda rows: [*rows[:-1], rows[0]], "question 'q0-0' of ogx_xquad_el occurs there twice"),
        (lambda rows: [{**rows[0], "exact_match": "100"}, *rows[1:]], "row 1 is not an answer with its scores"),
        (lambda rows: [{**rows[0], "exact_match": 1e9}, *rows[1:]], "row 1 is not an answer with its scores"),
        (lambda rows: [{**rows[0], "references": [1]}, *rows[1:]], "row 1 is not an answer with its scores"),
        (lambda rows: [without(rows[0], "question"), *rows[1:]], "row 1 is not an answer with its scores"),
        (lambda rows: [without(rows[0], "references"), *rows[1:]], "row 1 is not an answer with its scores"),
        (lambda rows: [{**rows[0], "id": "other"}, *rows[1:]], "has no answer to 1 questions, such as 'q0-0'"),
    ],
)
def test_answers_that_are_not_whole(pair, edit, message):
    edit_predictions(pair[1], edit)
    with pytest.raises(UserError) as error:
        compare(*pair)
    assert message in str(error.value)


@pytest.mark.parametrize("places", [(0,), (1,), (0, 1)])
def test_results_without_texts(pair, places):
    """The same figures, and a page that says what was not kept."""
    whole = as_data(compare(*pair))
    for place in places:
        edit_predictions(
            pair[place], lambda rows: [without(row, "question", "prediction", "references") for row in rows]
        )
        (pair[place] / CONTEXTS).unlink()
    comparison = compare(*pair)
    assert as_data(comparison) == whole
    contexts = {} if len(places) == 2 else read_contexts(pair[1 - places[0]])
    (task, *_) = json.loads(gzip.decompress(base64.b64decode(packed_answers(comparison, contexts))))["tasks"]
    _, _, question, references, answers = task["questions"][0]
    kept = len(places) == 1
    assert (question != "(not kept)", bool(references), task["contexts"][0] != "(not kept)") == (kept,) * 3
    assert [answer[0] == "(not kept)" for answer in answers] == [place in places for place in (0, 1)]


def test_files_that_are_missing_or_malformed(pair):
    (pair[1] / PREDICTIONS).unlink()
    with pytest.raises(UserError, match=r"predictions.jsonl: no such data file"):
        read_systems(map(str, pair))
    (pair[1] / RESULTS).write_text("[1]")
    with pytest.raises(UserError, match=r"results.json: malformed"):
        read_systems(map(str, pair))
    for row in (
        '{"task": "t"}',
        '{"task": [], "context_id": "0", "context": "x"}',
        '{"task": "t", "context_id": "0", "context": 1}',
    ):
        (pair[0] / CONTEXTS).write_text(f"{row}\n")
        with pytest.raises(UserError, match=r"contexts.jsonl: malformed"):
            read_contexts(pair[0])


def test_contexts_that_were_cut_short(pair, tmp_path):
    """A file of no contexts is none that was kept; one of some of them is damaged."""
    lines = (pair[0] / CONTEXTS).read_text(encoding="utf-8").splitlines(keepends=True)
    (pair[0] / CONTEXTS).write_text("".join(lines[:-1]), encoding="utf-8")
    with pytest.raises(UserError, match=r"contexts.jsonl: lacks 1 of the \d+ contexts of .*; evaluate again with"):
        write_comparison(compare(*pair), tmp_path / "out")
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize(
    ("spoil", "message"),
    [
        (lambda row: row.update(first=101.0), "row .* is not an answer with its scores"),
        (lambda row: row.pop("first_without_context") and None, "row .* is not an answer with its scores"),
        (lambda row: row.update(right=3), "row .* is not an answer with its scores"),
        (lambda row: row.update(right=True), "row .* is not an answer with its scores"),
        (lambda row: row.update(candidates="abc"), "row .* is not an answer with its scores"),
        (lambda row: row["candidates"][0].update(score="-1"), "row .* is not an answer with its scores"),
        (lambda row: row.update(first=100.0 - row["first"]), "first of xquad_rank_en is .* and .* by its predictions"),
    ],
)
def test_a_row_of_ranks_that_cannot_be_is_refused(ranks, tmp_path, spoil, message):
    folder = tmp_path / "changed"
    shutil.copytree(ranks[0], folder)
    edit_predictions(folder, lambda rows: [*rows[:-1], spoil(rows[-1]) or rows[-1]])
    with pytest.raises(UserError, match=message):
        read_run(folder)
