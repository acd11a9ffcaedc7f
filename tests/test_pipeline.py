"""What `run` looks at before it trains."""

import dataclasses
import json

import pytest

from commit_llm.data.chat.template import find_chat_template
from commit_llm.errors import UserError
from commit_llm.evaluate.tasks import find_task
from commit_llm.pipeline import run_chain
from commit_llm.recipes import find_recipe
from commit_llm.train.model_source import open_model
from tests.data.tokenizer_folders import pieces
from tests.evaluate.chat_models import chat_tokenizer
from tests.files.test_holder import left_by


def test_processes_compare_the_questions_before_they_train(example, tmp_path, monkeypatch):
    def compare(name, values, way_out):
        raise UserError(f"{name}: {', '.join(values)}")

    monkeypatch.setattr("commit_llm.pipeline.require_same", compare)
    monkeypatch.setattr("commit_llm.pipeline.train", None)
    with pytest.raises(UserError, match=r"^evaluation: questions of xquad_instruct_el$"):
        run_chain(find_recipe("commit"), tmp_path / "out", [find_task("xquad_instruct_el")], data_dir=str(example))
    assert not (tmp_path / "out").exists()


def test_what_a_kill_left_beside_an_export_is_removed(example, tmp_path, monkeypatch):
    """Beside a run, whose chain resumes, so that nothing looks whether the export can be made."""
    monkeypatch.setattr("commit_llm.pipeline.train", trained)
    (tmp_path / "out" / "run").mkdir(parents=True)
    for name in ("config.yaml", "provenance.json"):
        (tmp_path / "out" / "run" / name).touch()
    left = left_by(tmp_path / "out" / "model")
    with pytest.raises(TrainedError):
        run_chain(dataclasses.replace(find_recipe("commit"), model=str(example / "model")), tmp_path / "out")
    assert not left.exists()


class TrainedError(Exception):
    """Raise where training would begin."""


def trained(*args, **kwargs):
    raise TrainedError


@pytest.mark.parametrize(
    ("recipe", "fields", "error", "message"),
    [
        ("align", {}, UserError, "model: has no chat template, and xquad_chat_el asks through it"),
        ("commit", {"prompt": "chat"}, UserError, "model: has no chat template, and xquad_chat_el asks through it"),
        ("commit", {"chat_template": "no.jinja"}, UserError, r"no\.jinja: does not take a single user message: No\."),
        ("commit", {"chat_template": "yes.jinja"}, TrainedError, "^$"),
        ("commit", {}, TrainedError, "^$"),  # its export gets a template of the Alpaca prompt
        ("alpaca", {"tokenizer": "tokenizer.model"}, UserError, r"a chat template needs a tokenizer\.json"),
    ],
)
def test_whether_the_export_can_be_asked_through_a_template_is_known_before_training(
    example, tmp_path, monkeypatch, recipe, fields, error, message
):
    monkeypatch.setattr("commit_llm.pipeline.train", trained)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "no.jinja").write_text("{{ raise_exception('No.') }}")
    (tmp_path / "yes.jinja").write_text("{{ messages[0].content }}")
    (tmp_path / "tokenizer.model").write_bytes(pieces())
    fields = ({"prompt": "chat"} if "chat_template" in fields else {}) | fields
    recipe = dataclasses.replace(find_recipe(recipe), model=str(example / "model"), **fields)
    with pytest.raises(error, match=message):
        run_chain(recipe, tmp_path / "out", [find_task("xquad_chat_el")], data_dir=str(example))
    assert not (tmp_path / "out").exists()


MODEL = {
    "model_type": "llama", "vocab_size": 263, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
    "num_attention_heads": 2, "max_position_embeddings": 1024,
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("prompt", ["chat", "alpaca"])
def test_an_export_is_asked_through_the_template_that_it_was_tuned_with(example, tmp_path, prompt):
    """Its own; or that of the Alpaca prompt, where the model that was tuned had none. Given again, it goes on."""
    model = tmp_path / "model"
    chat_tokenizer(model)
    (model / "config.json").write_text(json.dumps(MODEL))
    if prompt == "alpaca":
        (model / "chat_template.jinja").unlink()
    recipe = dataclasses.replace(
        find_recipe("alpaca"), model=str(model), data=str(example / "instructions.jsonl"), prompt=prompt,
        from_scratch=True, steps=1, warmup_steps=0, batch_size=1, seq_len=512,
        stop=("<end>",) if prompt == "chat" else (),
    )  # fmt: skip
    chain = [
        run_chain(recipe, tmp_path / "out", [find_task("xquad_chat_el")], data_dir=str(example), limit=2)
        for _ in range(2)
    ]
    entry = chain[0].results["xquad_chat_el"]
    source = open_model(str(tmp_path / "out" / "model"))
    assert entry["template_sha256"] == find_chat_template(source.tokenizer, source.stops).fingerprint()
    described = json.loads((tmp_path / "out" / "model" / "provenance.json").read_text())["prompt"]
    assert described["kind"] == prompt
    assert (described.get("sha256") == entry["template_sha256"]) == (prompt == "chat")
    assert chain[1].results == chain[0].results
