"""Our decoder against transformers' LLaMA on tiny random models: logits, greedy text, exported folders."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.convert.config_text import new_config
from commit_llm.convert.folder import write_model
from commit_llm.model.decoder import forward
from commit_llm.model.generation import Endings, generate
from commit_llm.model.layer_kinds import LayerKind, Rope
from commit_llm.model.parameters import init_parameters
from tests.convert.test_folder import IDS
from tests.model.test_decoder import SMALL

torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]

MODELS = {
    "multi-head": dataclasses.replace(SMALL, num_key_value_heads=4),
    "grouped-query": SMALL,
    "multi-query": dataclasses.replace(SMALL, num_key_value_heads=1, kinds=(LayerKind(rope=Rope(500000.0)),)),
    "tied": dataclasses.replace(SMALL, tie_word_embeddings=True),
}


@pytest.fixture(params=MODELS)
def models(request, example, tmp_path):
    config = MODELS[request.param]
    # Kernels eight times as large as fresh ones, so that logits and attention are far from flat; norms stay 1.
    params = jax.tree.map(lambda p: p if (p == 1).all() else p * 8, init_parameters(config, jax.random.key(1)))
    write_model(tmp_path, params, config, "float32", new_config(config, "float32", IDS))
    theirs = transformers.AutoModelForCausalLM.from_pretrained(tmp_path, dtype=torch.float32).eval()
    return config, params, theirs


def test_logits(models):
    config, params, theirs = models
    tokens = np.random.default_rng(0).integers(0, config.vocab_size, (2, 40))
    with torch.no_grad():
        expected = theirs(torch.tensor(tokens)).logits.numpy()
    assert np.abs(expected).max() > 1
    np.testing.assert_allclose(forward(config, params, jnp.asarray(tokens)), expected, rtol=0, atol=1e-4)


def test_greedy_text(models):
    config, params, theirs = models
    prompts = [np.random.default_rng(n).integers(3, config.vocab_size, n + 3) for n in range(4)]
    width = max(map(len, prompts))
    padded = np.stack([np.pad(prompt, (width - len(prompt), 0)) for prompt in prompts]).astype(np.int32)
    lengths = np.asarray([len(prompt) for prompt in prompts], np.int32)
    ours = generate(config, params, padded, lengths, Endings(*np.zeros((3, config.vocab_size), bool)), 12)
    for prompt, row in zip(prompts, ours, strict=True):
        with torch.no_grad():
            out = theirs.generate(
                torch.tensor(prompt)[None], max_new_tokens=12, do_sample=False, eos_token_id=None, pad_token_id=0
            )
        assert row.tolist() == out[0, len(prompt) :].tolist()
