"""What `run` looks at before it trains."""

import dataclasses

import pytest

from commit_llm.errors import UserError
from commit_llm.evaluate.tasks import find_task
from commit_llm.pipeline import run_chain
from commit_llm.recipes import find_recipe


def test_processes_compare_the_questions_before_they_train(example, tmp_path, monkeypatch):
    def compare(name, values, way_out):
        raise UserError(f"{name}: {', '.join(values)}")

    monkeypatch.setattr("commit_llm.pipeline.require_same", compare)
    monkeypatch.setattr("commit_llm.pipeline.train", None)
    with pytest.raises(UserError, match=r"^evaluation: questions of xquad_instruct_el$"):
        run_chain(find_recipe("commit"), tmp_path / "out", [find_task("xquad_instruct_el")], data_dir=str(example))
    assert not (tmp_path / "out").exists()


def test_a_model_that_will_have_no_chat_template_is_refused_before_it_is_trained(example, tmp_path, monkeypatch):
    monkeypatch.setattr("commit_llm.pipeline.train", None)
    recipe = dataclasses.replace(find_recipe("commit"), model=str(example / "model"))
    with pytest.raises(UserError, match=r"model: has no chat template, and xquad_chat_el asks through it"):
        run_chain(recipe, tmp_path / "out", [find_task("xquad_chat_el")], data_dir=str(example))
    assert not (tmp_path / "out").exists()
