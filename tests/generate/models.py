"""A tiny model in a folder, with a chat template: random, sure of its bytes, each answer another."""

import json

import jax
import numpy as np

from commit_llm.convert.config_text import new_config
from commit_llm.convert.folder import write_model
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import abstract_parameters
from tests.convert.test_folder import IDS
from tests.evaluate.chat_models import CONTROL, chat_tokenizer

POSITIONS = 1024


def write_chat_model(folder, template="turns", prompt=None, *, endless=False):
    """Write the folder. The model writes line ends, and ends its turns.

    prompt: what its provenance.json records, if anything.
    endless: it never ends a turn.
    """
    folder.mkdir(parents=True, exist_ok=True)
    tokenizer = chat_tokenizer(folder, template)
    config = ModelConfig(tokenizer.vocab_size, 32, 64, 2, 4, 2, 8, max_position_embeddings=POSITIONS)
    rng = np.random.default_rng(4)
    params = jax.tree.map(
        lambda x: (
            rng.normal(size=x.shape, scale=0.5).astype(np.float32) if x.ndim > 1 else np.ones(x.shape, np.float32)
        ),
        abstract_parameters(config),
    )
    stops = [tokenizer.eos_id, CONTROL.index("<end>")]
    params["head"][:, tokenizer.encode("\n")] *= 3
    params["head"][:, stops] *= 0 if endless else 2
    write_model(folder, params, config, "float32", new_config(config, "float32", IDS))
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": stops}))
    if prompt is not None:
        (folder / "provenance.json").write_text(json.dumps({"prompt": prompt}))
    return folder
