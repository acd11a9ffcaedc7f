"""Answers and the evaluation directory."""

import hashlib
import json

import jax
import numpy as np
import pytest

from commit_llm import __version__
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError
from commit_llm.evaluate import answers as answers_module
from commit_llm.evaluate.answers import Answerer, answer, fingerprint, plan_batches, stop_tokens
from commit_llm.evaluate.results import mean_and_error
from commit_llm.evaluate.runner import evaluate, score_file, write_prompts
from commit_llm.evaluate.tasks import find_task
from commit_llm.model.config import read_config
from commit_llm.model.parameters import init_parameters
from commit_llm.runs.evaluation import read_evaluation, read_results

EL, EN = find_task("ogx_xquad_el"), find_task("ogx_xquad_en")


@pytest.fixture(scope="module")
def model(example):
    config = read_config(example / "model")
    params = jax.tree.map(lambda p: p * 8, init_parameters(config, jax.random.key(0)))
    return Answerer.of(config, params, load_tokenizer(example / "model"), np.dtype("float32"))


def answers_of(model, prompts, batch_size=1, **options):
    """All answers, in the order of the prompts."""
    found = {}
    for batch in answer(model, prompts, batch_size, **options):
        assert not set(batch) & set(found)
        found |= batch
    return [found[place] for place in range(len(prompts))]


def test_batches_and_order_do_not_change_answers(model):
    prompts = [f"{'anna lives ' * n}in" for n in (9, 1, 300, 4, 2)]
    alone = [answers_of(model, [prompt], max_new_tokens=8)[0] for prompt in prompts]
    assert answers_of(model, prompts, 3, max_new_tokens=8) == alone
    assert len({given.text for given in alone}) > 1


def test_batches_whose_answers_are_known_are_left_out(model):
    prompts = [f"{'anna lives ' * n}in" for n in (600, 1, 300, 4)]
    batches = list(answer(model, prompts, 1, max_new_tokens=8))
    assert [list(batch) for batch in batches] == [[1, 3], [2], [0]]
    again = list(answer(model, prompts, 1, max_new_tokens=8, known={1, 2, 3}))
    assert again == batches[2:]


def test_a_batch_holds_no_more_tokens_than_long_prompts_would():
    lengths = [5, 1792, 1700, 250, 300, 90, 1100, 20] * 5
    plan = plan_batches(lengths, 2, 1792, 256)
    assert sorted(place for batch in plan for place in batch.prompts) == list(range(40))
    for batch in plan:
        assert len(batch.prompts) <= batch.rows
        assert batch.rows * (batch.width + 256) <= 2 * 2048
        assert batch.width % 256 == 0
        assert max(lengths[place] for place in batch.prompts) <= batch.width
    assert len({(batch.rows, batch.width) for batch in plan}) <= 7
    assert max(batch.rows for batch in plan) == 8


def test_an_answer_ends_at_the_first_newline(model, monkeypatch):
    newline, word = model.tokenizer.encode("\n")[0], model.tokenizer.encode(" athens")
    for ids, text in (
        ([*word, newline, *word], " athens"),
        ([newline, *word], ""),
        ([2, *word], ""),
        (word, " athens"),
    ):
        out = np.full((1, 12), -1)
        end = next((i + 1 for i, token in enumerate(ids) if token in (newline, 2)), len(ids))
        out[0, :end] = ids[:end]
        monkeypatch.setattr(answers_module, "generate", lambda *args, out=out: out)
        assert answers_of(model, ["x"])[0].text == text


@pytest.mark.parametrize("bos", [False, True])
def test_a_long_prompt_keeps_its_end_and_is_told(model, monkeypatch, bos):
    given = {}

    def generate(config, params, prompts, lengths, *rest):
        given["rows"] = [row[len(row) - n :].tolist() for row, n in zip(prompts, lengths, strict=True)]
        given["width"] = prompts.shape[1]
        return np.full((len(prompts), 4), -1)

    monkeypatch.setattr(answers_module, "generate", generate)
    prompt = "anna lives in athens and " * 1200
    ids = model.tokenizer.encode(prompt)
    head = [model.tokenizer.bos_id] if bos else []
    assert len(ids) > 1792
    assert answers_of(model, [prompt], bos=bos)[0].truncated
    assert given["rows"] == [head + ids[len(ids) - 1792 + len(head) :]]
    assert not answers_of(model, ["athens"], bos=bos)[0].truncated
    assert given == {"rows": [head + model.tokenizer.encode("athens")], "width": 256}


def test_stop_tokens(model):
    stops = stop_tokens(model.tokenizer, model.config.vocab_size)
    assert stops[model.tokenizer.eos_id]
    assert stops[model.tokenizer.encode("\n")].all()
    double = model.tokenizer.encode("\n\n")
    assert stops[double].all()
    assert not stops[model.tokenizer.encode(" athens")].any()


@pytest.fixture(scope="module")
def evaluated(model, example, tmp_path_factory):
    out = tmp_path_factory.mktemp("evaluation") / "eval"
    results = evaluate(model, [EL, EN], out, data_dir=str(example), limit=5, batch_size=5)
    return out, results


def test_the_evaluation_directory(evaluated, model, example):
    out, results = evaluated
    assert read_results(out) == results
    held = read_evaluation(out)
    assert held.tasks == results
    assert held.model == {"fingerprint": model.fingerprint, "dtype": "float32", "training": None}
    told = [(found["language"], found["suite"], found["task_version"]) for found in results.values()]
    assert told == [("el", "ogx_xquad", 1.0), ("en", "ogx_xquad", 1.0)]
    assert set(results) == {"ogx_xquad_el", "ogx_xquad_en"}
    rows = [json.loads(line) for line in (out / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["task"] for row in rows] == ["ogx_xquad_el"] * 5 + ["ogx_xquad_en"] * 5
    assert list(rows[0]) == [
        "id", "task", "context_id", "question", "prediction", "references", "exact_match", "f1",
        "exact_match_english", "f1_english", "truncated", "prompt_sha256",
    ]  # fmt: skip
    contexts = [json.loads(line) for line in (out / "contexts.jsonl").read_text(encoding="utf-8").splitlines()]
    first = next(row for row in contexts if row["task"] == EL.name and row["context_id"] == rows[0]["context_id"])
    prompt = EL.prompt(first["context"], rows[0]["question"])
    assert rows[0]["prompt_sha256"] == hashlib.sha256(prompt.encode()).hexdigest()
    signature = results[EL.name]["signature"]
    assert f"model:{model.fingerprint[:16]}" in signature
    assert signature.endswith(f"|version:{__version__}")
    parts = (
        "task:ogx_xquad_el|task-version:1.0|",
        "labels:el",
        "bos:no",
        "normaliser:squad-1.1",
        "greedy-256",
        "dtype:float32",
        "limit:5",
    )
    for part in parts:
        assert part in signature
    with pytest.raises(UserError, match="exists already"):
        evaluate(model, [EL], out, data_dir=str(example), limit=5)


def test_scoring_the_same_answers_elsewhere(evaluated, example, tmp_path):
    prompts = write_prompts([EL], tmp_path / "prompts", data_dir=str(example))
    rows = [json.loads(line) for line in (tmp_path / "prompts" / "prompts.jsonl").read_text().splitlines()]
    assert prompts == len(rows) > 100
    assert list(rows[0]) == ["id", "task", "prompt", "references"]
    right = [{"id": row["id"], "prediction": row["references"][0] if n % 2 else ""} for n, row in enumerate(rows)]
    path = tmp_path / "answers.jsonl"
    path.write_text("\n".join(map(json.dumps, right)))
    found = score_file(path, EL, str(example))
    assert (found["exact_match"], found["f1"], found["items"]) == (50.0, 50.0, len(rows))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda rows: rows[1:], r"1 of \d+ questions have no prediction, such as '0-0'"),
        (lambda rows: [*rows, {"id": "new", "prediction": ""}], "are not of ogx_xquad_el, such as 'new'"),
        (lambda rows: [*rows, rows[0]], "id '0-0' stands there twice"),
        (lambda rows: [{"id": "0-0"}, *rows[1:]], "row 1 needs texts"),
    ],
)
def test_predictions_that_do_not_fit(example, tmp_path, change, message):
    write_prompts([EL], tmp_path / "prompts", data_dir=str(example))
    lines = (tmp_path / "prompts" / "prompts.jsonl").read_text().splitlines()
    rows = change([{"id": json.loads(line)["id"], "prediction": ""} for line in lines])
    (tmp_path / "p.jsonl").write_text("\n".join(map(json.dumps, rows)))
    with pytest.raises(UserError, match=message):
        score_file(tmp_path / "p.jsonl", EL, str(example))


def test_the_fingerprint_sees_every_parameter(model):
    changed = jax.tree.map(np.array, model.params)
    changed["layers"]["down"][1, 3, 4] += 1
    assert fingerprint(changed) != fingerprint(model.params)
    assert fingerprint(jax.tree.map(np.array, model.params)) == fingerprint(model.params)


def test_folders_that_are_no_evaluation(tmp_path):
    with pytest.raises(UserError, match="not an evaluation directory"):
        read_results(tmp_path)
    (tmp_path / "results.json").write_text('{"schema": 99, "tasks": {}}')
    with pytest.raises(UserError, match="schema 99, this version reads 3; evaluate again with this version"):
        read_results(tmp_path)
    for text in (
        "[]",
        "no JSON",
        "[" * 100_000,
        "{}",
        '{"schema": 3, "tasks": {}}',
        '{"schema": 3, "model": {}, "tasks": []}',
        '{"schema": 3, "model": {}, "tasks": {"a": 1}}',
        '{"schema": 3, "model": [], "tasks": {}}',
    ):
        (tmp_path / "results.json").write_text(text)
        with pytest.raises(UserError, match=r"results\.json: malformed"):
            read_results(tmp_path)
    with pytest.raises(UserError, match="not an evaluation directory"):
        read_results(tmp_path / "results.json")


def test_a_model_with_too_few_positions(model):
    import dataclasses

    short = dataclasses.replace(model, config=dataclasses.replace(model.config, max_position_embeddings=200))
    with pytest.raises(UserError, match="too few for 256 new tokens"):
        list(answer(short, ["x"], 1))


@pytest.mark.parametrize(("room", "told"), [(0, False), (-1, True)])
def test_a_prompt_that_just_fits_is_whole(model, monkeypatch, room, told):
    prompt = "anna lives in athens"
    monkeypatch.setattr(answers_module, "generate", lambda *args: np.full((1, 4), -1))
    max_length = len(model.tokenizer.encode(prompt)) + 256 + room
    assert answers_of(model, [prompt], max_length=max_length)[0].truncated == told


def test_shortened_prompts_are_counted(model, example, tmp_path, monkeypatch):
    monkeypatch.setitem(answer.__kwdefaults__, "max_length", 259)
    monkeypatch.setattr(answers_module, "generate", lambda config, params, rows, *rest: np.full((len(rows), 4), -1))
    results = evaluate(model, [EL], tmp_path / "eval", data_dir=str(example), limit=5)
    assert results[EL.name]["truncated"] == 5


def test_means_and_standard_errors():
    assert mean_and_error("f1", [1.0, 0.0, 0.0]) == {"f1": 33.33, "f1_stderr": 33.33}
    assert mean_and_error("f1", [1.0]) == {"f1": 100.0, "f1_stderr": None}


def test_overwrite_replaces_an_evaluation_and_nothing_else(model, example, tmp_path, monkeypatch):
    monkeypatch.setattr(answers_module, "generate", lambda config, params, rows, *rest: np.full((len(rows), 4), -1))
    for limit in (1, 2):
        evaluate(model, [EL], tmp_path / "eval", data_dir=str(example), limit=limit, overwrite=True)
    assert read_results(tmp_path / "eval")[EL.name]["items"] == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("")
    with pytest.raises(UserError, match=r"holds something else \(no results\.json\)"):
        evaluate(model, [EL], tmp_path / "mine", data_dir=str(example), limit=1, overwrite=True)
