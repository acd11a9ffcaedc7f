"""The gradients of one step against torch's, of every variant."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from commit_llm.convert.huggingface import from_hf
from commit_llm.model.execution import Execution
from commit_llm.train.step import init_state, make_train_step
from tests.parity.families import CASES

torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]
# An optimizer that changes nothing, and keeps the gradients as its state.
KEEPING = optax.GradientTransformation(
    lambda params: jax.tree.map(jnp.zeros_like, params),
    lambda gradients, state, params: (jax.tree.map(jnp.zeros_like, gradients), gradients),
)
SPARING = Execution(remat="nothing", loss_chunk=7)
BOTH_WAYS = ("llama 3.1", "qwen 3", "gemma 2", "olmo 2", "granite")


@pytest.mark.parametrize("case", CASES)
def test_gradients_of_a_step(case, tiny_models):
    model = tiny_models(case)
    drawn = np.random.default_rng(5)
    tokens = drawn.integers(0, model.config.vocab_size, (2, 25)).astype(np.int32)
    masks = (drawn.random((2, 24)) < 0.6).astype(np.float32)
    loss, expected = theirs(model, tokens, masks)
    batch = {
        "input_tokens": tokens[:, :-1], "target_tokens": tokens[:, 1:], "loss_masks": masks,
        "segment_ids": np.ones((2, 24), np.int32), "positions": np.tile(np.arange(24, dtype=np.int32), (2, 1)),
    }  # fmt: skip
    for execution in (SPARING, Execution()) if case in BOTH_WAYS else (SPARING,):
        step = jax.jit(make_train_step(model.config, KEEPING, execution=execution))
        state, metrics = step(init_state(model.params, KEEPING), batch)
        assert abs(float(metrics.loss) - loss) < 1e-5
        ours = jax.tree.leaves_with_path(state.opt_state)
        for (path, own), other in zip(ours, jax.tree.leaves(expected), strict=True):
            difference = np.abs(np.asarray(own) - other).max() / np.abs(other).max()
            assert difference < 1e-3, f"{jax.tree_util.keystr(path)}: {difference}"


def theirs(model, tokens, masks):
    """Give the loss and the gradients of torch, under our names."""
    logits = model.theirs(torch.tensor(tokens[:, :-1], dtype=torch.long), use_cache=False).logits
    targets, weights = torch.tensor(tokens[:, 1:], dtype=torch.long), torch.tensor(masks / masks.sum())
    of_token = torch.nn.functional.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    loss = (of_token * weights.flatten()).sum()
    parameters = dict(model.theirs.named_parameters())
    gradients = torch.autograd.grad(loss, list(parameters.values()))
    by_name = {name: gradient.numpy() for name, gradient in zip(parameters, gradients, strict=True)}
    return loss.item(), from_hf(by_name, model.config, "torch")
