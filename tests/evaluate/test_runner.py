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
from commit_llm.evaluate.answers import Answerer, answer, stop_tokens
from commit_llm.evaluate.runner import _percent, evaluate, fingerprint, read_results, score_file, write_prompts
from commit_llm.evaluate.tasks import find_task
from commit_llm.model.config import read_config
from commit_llm.model.parameters import init_parameters

EL, EN = find_task("ogx_xquad_el"), find_task("ogx_xquad_en")


@pytest.fixture(scope="module")
def model(example):
    config = read_config(example / "model")
    params = jax.tree.map(lambda p: p * 8, init_parameters(config, jax.random.key(0)))
    return Answerer(config, params, load_tokenizer(example / "model"), np.dtype("float32"))


def test_batches_and_order_do_not_change_answers(model):
    prompts = [f"{'anna lives ' * n}in" for n in (9, 1, 30, 4, 2)]
    alone = [answer(model, [prompt], 1, max_new_tokens=8)[0] for prompt in prompts]
    seen = []
    assert answer(model, prompts, 3, seen.append, max_new_tokens=8) == alone
    assert seen == [3, 5]
    assert len({given.text for given in alone}) > 1


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
        assert answer(model, ["x"], 1)[0].text == text


def test_a_long_prompt_keeps_its_end_and_is_told(model, monkeypatch):
    given = {}

    def generate(config, params, prompts, lengths, *rest):
        given["rows"] = [row[len(row) - n :].tolist() for row, n in zip(prompts, lengths, strict=True)]
        given["width"] = prompts.shape[1]
        return np.full((len(prompts), 4), -1)

    monkeypatch.setattr(answers_module, "generate", generate)
    prompt = "anna lives in athens and " * 1200
    ids = model.tokenizer.encode(prompt)
    assert len(ids) > 1792
    assert answer(model, [prompt], 1)[0].truncated
    assert given["rows"] == [ids[-1792:]]
    assert not answer(model, ["athens"], 1)[0].truncated
    assert given == {"rows": [model.tokenizer.encode("athens")], "width": 256}  # no bos


def test_stop_tokens(model):
    stops = stop_tokens(model.tokenizer, model.config)
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
    assert set(results) == {"ogx_xquad_el", "ogx_xquad_en"}
    rows = [json.loads(line) for line in (out / "predictions.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [row["task"] for row in rows] == ["ogx_xquad_el"] * 5 + ["ogx_xquad_en"] * 5
    assert list(rows[0]) == [
        "id", "task", "context_id", "question", "prediction", "references", "exact_match", "f1", "truncated",
        "prompt_sha256",
    ]  # fmt: skip
    contexts = [json.loads(line) for line in (out / "contexts.jsonl").read_text(encoding="utf-8").splitlines()]
    first = next(row for row in contexts if row["task"] == EL.name and row["context_id"] == rows[0]["context_id"])
    prompt = EL.prompt(first["context"], rows[0]["question"])
    assert rows[0]["prompt_sha256"] == hashlib.sha256(prompt.encode()).hexdigest()
    signature = results[EL.name]["signature"]
    assert f"model:{fingerprint(model.params)[:16]}" in signature
    assert signature.endswith(f"|version:{__version__}")
    for part in ("task:ogx_xquad_el", "labels:el", "normaliser:squad-1.1", "greedy-256", "dtype:float32", "limit:5"):
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
    with pytest.raises(UserError, match="schema 99"):
        read_results(tmp_path)
    (tmp_path / "results.json").write_text("[]")
    with pytest.raises(UserError, match="malformed"):
        read_results(tmp_path)


def test_a_model_with_too_few_positions(model):
    import dataclasses

    short = dataclasses.replace(model, config=dataclasses.replace(model.config, max_position_embeddings=200))
    with pytest.raises(UserError, match="too few for 256 new tokens"):
        answer(short, ["x"], 1)


@pytest.mark.parametrize(("room", "told"), [(0, False), (-1, True)])
def test_a_prompt_that_just_fits_is_whole(model, monkeypatch, room, told):
    prompt = "anna lives in athens"
    monkeypatch.setattr(answers_module, "MAX_PROMPT_TOKENS", len(model.tokenizer.encode(prompt)) + room)
    monkeypatch.setattr(answers_module, "generate", lambda *args: np.full((1, 4), -1))
    assert answer(model, [prompt], 1)[0].truncated == told


def test_shortened_prompts_are_counted_and_scores_have_two_decimals(model, example, tmp_path, monkeypatch):
    monkeypatch.setattr(answers_module, "MAX_PROMPT_TOKENS", 3)
    monkeypatch.setattr(answers_module, "generate", lambda config, params, rows, *rest: np.full((len(rows), 4), -1))
    results = evaluate(model, [EL], tmp_path / "eval", data_dir=str(example), limit=5)
    assert results[EL.name]["truncated"] == 5
    assert _percent([1.0, 0.0, 0.0]) == 33.33


def test_overwrite_replaces_an_evaluation_and_nothing_else(model, example, tmp_path, monkeypatch):
    monkeypatch.setattr(answers_module, "generate", lambda config, params, rows, *rest: np.full((len(rows), 4), -1))
    for limit in (1, 2):
        evaluate(model, [EL], tmp_path / "eval", data_dir=str(example), limit=limit, overwrite=True)
    assert read_results(tmp_path / "eval")[EL.name]["items"] == 2
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / "notes.txt").write_text("")
    with pytest.raises(UserError, match=r"holds something else \(no results\.json\)"):
        evaluate(model, [EL], tmp_path / "mine", data_dir=str(example), limit=1, overwrite=True)
