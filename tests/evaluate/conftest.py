"""A model that answers: that of the small world, with random weights that are sure of their words."""

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
