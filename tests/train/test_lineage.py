"""What a model was trained on, from training to an evaluation: two stages, their export, a model from elsewhere."""

import json
import logging
import shutil

import numpy as np
import pytest

from commit_llm.cli.main import main
from commit_llm.data.document_hashes import document_hash, from_json
from commit_llm.data.packing.example_order import held_out_indices
from commit_llm.errors import UserError
from commit_llm.evaluate.tasks import find_task
from commit_llm.files.records import read_records
from commit_llm.pipeline import run_chain
from commit_llm.runs.evaluation import read_evaluation
from commit_llm.runs.run import read_provenance
from commit_llm.train.export import export
from commit_llm.train.lineage import history_of
from commit_llm.train.loop import train
from commit_llm.train.model_source import open_model
from commit_llm.train.recipe_data import open_recipe_batches, open_recipe_model

pytestmark = pytest.mark.slow  # a whole chain of two stages

TASK = find_task("xquad_instruct_el")
ASKED = 9  # questions, of a context each


def write_lines(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return str(path)


@pytest.fixture(scope="module")
def contexts(example):
    data = json.loads((example / f"xquad.{TASK.language}.json").read_text(encoding="utf-8"))["data"]
    return [paragraph["context"] for article in data for paragraph in article["paragraphs"]]


@pytest.fixture(scope="module")
def chain(small_recipe, example, contexts, tmp_path_factory):
    """Aligned on the first context, as another copy has it, then tuned on the second; nine are asked about."""
    out = tmp_path_factory.mktemp("seen")
    texts = write_lines(out / "texts.jsonl", [{"text": contexts[0].upper().replace(" ", " \n")}, {"text": contexts[9]}])
    lines = (example / "instructions.jsonl").read_text(encoding="utf-8").splitlines()
    told = [*map(json.loads, lines[:20]), {"instruction": "who?", "input": contexts[1], "output": "anna"}]
    data = write_lines(out / "told.jsonl", told)
    train(small_recipe("clm-naive", data=texts, dictionary=(), steps=2, warmup_steps=1), out / "aligned")
    recipe = small_recipe(
        model=str(out / "aligned"), data=data, from_scratch=False, steps=3, warmup_steps=1, checkpoint_every=2
    )
    done = run_chain(recipe, out, [TASK], data_dir=str(example), limit=ASKED)
    return out, done.results


def asked(model, example, out):
    argv = ["eval", str(model), "--tasks", TASK.name, "--data-dir", str(example), "--limit", str(ASKED)]
    assert main([*argv, "--out", str(out)]) == 0
    return read_evaluation(out)


def test_a_run_keeps_the_documents_of_all_stages(chain, example, contexts):
    out, _ = chain
    aligned, tuned = read_provenance(out / "aligned"), read_provenance(out / "run")
    assert aligned["trained_before"] == []
    assert from_json(aligned["documents"]).tolist() == sorted(map(document_hash, (contexts[0], contexts[9])))
    lines = (example / "instructions.jsonl").read_text(encoding="utf-8").splitlines()
    told = {json.loads(line)["input"] for line in lines[:20]} | {contexts[0], contexts[9], contexts[1]}
    assert from_json(tuned["documents"]).tolist() == sorted(map(document_hash, told))
    assert tuned["documents"]["number"] == len(told)


def test_the_evaluation_says_what_was_trained_on(chain):
    out, results = chain
    held = read_evaluation(out / "eval")
    assert held.tasks == results
    found = results[TASK.name]
    assert (found["contexts"], found["contaminated_contexts"]) == (9, 2)
    assert "|limit:9|contaminated:2-of-9-contexts|version:" in found["signature"]
    first, second = held.model["training"]
    assert {key: first[key] for key in ("data", "form", "behaviour", "ratio", "seed", "steps")} == {
        "data": "texts.jsonl", "form": "text", "behaviour": "mended", "ratio": 0.0, "seed": 0, "steps": 2,
    }  # fmt: skip
    assert (second["data"], second["form"], second["ratio"], second["steps"]) == ("told.jsonl", "instruction", 0.7, 3)
    for stage, run in ((first, out / "aligned"), (second, out / "run")):
        last = json.loads((run / "metrics.jsonl").read_text().splitlines()[-1])
        assert stage["tokens"] == last["tokens"]
        assert stage["examples"] > 0
    assert read_provenance(out / "model")["training"] == [first, second]
    assert read_provenance(out / "model")["documents"] == read_provenance(out / "run")["documents"]


def test_the_chain_knows_its_export_again(chain, small_recipe, example):
    out, results = chain
    recipe = small_recipe(
        model=str(out / "aligned"), data=str(out / "told.jsonl"), from_scratch=False, steps=3, warmup_steps=1,
        checkpoint_every=2,
    )  # fmt: skip
    assert run_chain(recipe, out, [TASK], data_dir=str(example), limit=ASKED).results == results


def test_a_run_and_its_export_say_the_same(chain, example, tmp_path, capsys):
    out, _ = chain
    held = asked(out / "run", example, tmp_path / "of-run")
    assert held.model["training"] == read_evaluation(out / "eval").model["training"]
    assert held.tasks[TASK.name]["contaminated_contexts"] == 2
    assert f"{TASK.name}: the model was trained on 2 of its 9 contexts, and may remember" in capsys.readouterr().err


def test_an_earlier_checkpoint(chain):
    out, _ = chain
    source = open_model(str(out / "run"))
    newest, earlier = history_of(source), history_of(source, 2)
    assert [stage["steps"] for stage in newest.stages] == [2, 3]
    assert [stage["steps"] for stage in earlier.stages] == [2, 2]
    assert earlier.stages[1]["tokens"] < newest.stages[1]["tokens"]
    with pytest.raises(UserError, match="no checkpoint of step 7"):
        history_of(source, 7)


def test_of_a_model_from_elsewhere_nothing_is_known(chain, small_recipe, example, tmp_path, caplog):
    out, _ = chain
    model = tmp_path / "model"
    shutil.copytree(out / "model", model)
    (model / "provenance.json").unlink()
    with caplog.at_level(logging.WARNING, "commit_llm"):
        held = asked(model, example, tmp_path / "eval")
    assert held.model["training"] is None
    found = held.tasks[TASK.name]
    assert (found["contexts"], found["contaminated_contexts"]) == (9, None)
    assert "contaminated" not in found["signature"]
    # What is trained from it begins with itself, and says what it knows.
    recipe = small_recipe(model=str(model), data=str(out / "told.jsonl"), from_scratch=False, steps=1, warmup_steps=0)
    train(recipe, tmp_path / "run")
    history = history_of(open_model(str(tmp_path / "run")))
    assert [stage["data"] for stage in history.stages] == ["told.jsonl"]
    known = from_json(read_provenance(out / "run")["documents"])
    assert len(np.intersect1d(known, history.documents)) == len(history.documents) == len(known) - 2


def test_a_model_of_ours_whose_texts_are_not_known(chain, small_recipe, tmp_path):
    """An export of a version that kept none: what is trained from it cannot claim to know all of its texts."""
    out, _ = chain
    model = tmp_path / "model"
    shutil.copytree(out / "model", model)
    held = read_provenance(model)
    (model / "provenance.json").write_text(json.dumps({"commit_llm": held["commit_llm"], "run": held["run"]}))
    recipe = small_recipe(model=str(model), data=str(out / "told.jsonl"), from_scratch=False, steps=1, warmup_steps=0)
    train(recipe, tmp_path / "run")
    export(tmp_path / "run", tmp_path / "export")
    for folder, stages in ((tmp_path / "run", "trained_before"), (tmp_path / "export", "training")):
        provenance = read_provenance(folder)
        assert (provenance[stages], provenance["documents"]) == (None, None)


def test_held_out_examples_are_not_trained_on(small_recipe, example):
    recipe = small_recipe(held_out_share=0.5)
    documents = open_recipe_batches(recipe, open_recipe_model(recipe, weights=False)).documents()
    inputs = [record["input"] for record in read_records(example / "instructions.jsonl")]
    held_out = set(held_out_indices(recipe.held_out_share, recipe.seed, len(inputs)))
    trained = {document_hash(text) for row, text in enumerate(inputs) if row not in held_out}
    assert documents.tolist() == sorted(trained)
    assert trained < set(map(document_hash, inputs))


def test_a_malformed_history_is_told_before_anything_is_written(chain, small_recipe, tmp_path):
    out, _ = chain
    model = tmp_path / "model"
    shutil.copytree(out / "model", model)
    held = read_provenance(model) | {"documents": {"number": 1, "sha256_64": "x"}}
    (model / "provenance.json").write_text(json.dumps(held))
    recipe = small_recipe(model=str(model), from_scratch=False, steps=1, warmup_steps=0)
    with pytest.raises(UserError, match=r"provenance\.json: malformed \(documents: .*; export the model again"):
        train(recipe, tmp_path / "run")
    assert not (tmp_path / "run").exists()
