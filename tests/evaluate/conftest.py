"""A model that answers: that of the small world, with random weights that are sure of their words."""

import json

import jax
import numpy as np
import pytest

from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.evaluate.answers import Answerer
from commit_llm.model.families.config_json import read_config
from commit_llm.model.parameters import init_parameters


@pytest.fixture(scope="session")
def model(example):
    config = read_config(example / "model")
    params = jax.tree.map(lambda p: p * 8, init_parameters(config, jax.random.key(0)))
    tokenizer = load_tokenizer(example / "model")
    return Answerer.of(config, params, tokenizer, (tokenizer.eos_id,), np.dtype("float32"))


@pytest.fixture(scope="session")
def paragraphs(example, tmp_path_factory):
    """The example's questions, those of a person under one paragraph: there are answers to choose from."""
    folder = tmp_path_factory.mktemp("paragraphs")
    for language in ("en", "el"):
        text = (example / f"xquad.{language}.json").read_text(encoding="utf-8")
        given = json.loads(text)["data"][0]["paragraphs"]
        joined = [
            {
                "context": given[start]["context"],
                "qas": [asked for paragraph in given[start : start + 4] for asked in paragraph["qas"]],
            }
            for start in range(0, len(given), 4)
        ]
        data = {"data": [{"title": "people", "paragraphs": joined}]}
        (folder / f"xquad.{language}.json").write_text(json.dumps(data), encoding="utf-8")
    return folder
