"""Twenty steps of the original, its schedules and its gradients, within the tolerances of the golden README."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from commit_llm.convert.easylm import from_easylm
from commit_llm.model.execution import Execution
from commit_llm.train.optimizer import learning_rate_schedule, make_optimizer
from commit_llm.train.step import init_state, make_train_step
from tests.conftest import GOLDEN
from tests.tiers import in_long_tier

RUNS = ["paper_lr2e-5_w36_d1210", "fp32mom_lr1e-3", "bf16mom_lr1e-3", "clip0.05_lr1e-3", "remat_none_bf16mom_lr1e-3"]


def batch_of(batches, index):
    tokens = batches["input_tokens"][index].astype(np.int32)
    return {
        "input_tokens": tokens,
        "target_tokens": batches["target_tokens"][index].astype(np.int32),
        "loss_masks": batches["loss_masks"][index].astype(np.float32),
        "segment_ids": np.ones_like(tokens),
        "positions": np.broadcast_to(np.arange(tokens.shape[1], dtype=np.int32), tokens.shape),
    }


def golden_optimizer(settings):
    momentum_dtype = jnp.bfloat16 if settings["bf16_momentum"] else jnp.float32
    schedule = learning_rate_schedule(
        settings["lr"],
        settings["end_lr"],
        settings["lr_warmup_steps"],
        settings["lr_decay_steps"],
        first_step_at_zero=True,
    )
    return make_optimizer(
        schedule,
        beta1=settings["b1"],
        beta2=settings["b2"],
        weight_decay=settings["weight_decay"],
        clip_norm=settings.get("clip_gradient", 1.0),
        momentum_dtype=momentum_dtype,
        round_beta1=True,
    )


def check_steps(shared, tiny, run, steps, **options):
    """Take steps of a golden run and hold each to its log; the parameters after, and the log."""
    config, params = tiny
    log = shared.golden_json("train_log.json")[run]
    optimizer = golden_optimizer(log["optimizer"])
    remat = "none" if run.startswith("remat_none") else "nothing"
    step = jax.jit(
        make_train_step(
            config,
            optimizer,
            reduction="row",
            execution=Execution(unroll=True, attention="by_row", remat=remat),
            **options,
        )
    )
    batches = np.load(shared.golden("train_batches20.npz"))
    state = init_state(jax.tree.map(jnp.asarray, params), optimizer)
    for index in range(steps):
        state, metrics = step(state, batch_of(batches, index))
        golden = log["steps"][index]
        np.testing.assert_allclose(metrics.loss, golden["loss"], rtol=1e-6)
        np.testing.assert_allclose(metrics.accuracy, golden["accuracy"], atol=1e-6)
        np.testing.assert_allclose(metrics.grad_norm, golden["gradient_norm"], rtol=2e-6)
        np.testing.assert_allclose(optax.tree.norm(state.params), golden["param_norm"], rtol=1e-6)
    return state.params, log


@pytest.mark.slow
@pytest.mark.optimised
def test_gradient_accumulation_leaves_the_loss_unchanged(shared, tiny):
    check_steps(shared, tiny, "bf16mom_lr1e-3", 2, gradient_accumulation=2)


def pairs(golden, config, *trees):
    """(golden, *ours) of every tensor; of embedding and head, only the rows and columns that the golden file keeps."""
    full = {
        "transformer/wte/embedding": np.zeros((config.vocab_size, config.hidden_size), np.float32),
        "lm_head/kernel": np.zeros((config.hidden_size, config.vocab_size), np.float32),
    }
    named = from_easylm({name: golden[name] for name in golden.files if "__" not in name} | full, config)
    ids = golden["__ids"]
    yield golden["transformer/wte/embedding__rows"], *(tree["embedding"][ids] for tree in trees)
    yield golden["lm_head/kernel__cols"], *(tree["head"][:, ids] for tree in trees)
    yield named["final_norm"], *(tree["final_norm"] for tree in trees)
    for name in named["layers"]:
        yield named["layers"][name], *(tree["layers"][name] for tree in trees)


@pytest.mark.slow
@pytest.mark.optimised
@pytest.mark.parametrize("run", [*RUNS[:2], *in_long_tier(*RUNS[2:])])
def test_twenty_steps(shared, tiny, run):
    config, start = tiny
    final, log = check_steps(shared, tiny, run, 20)
    final = jax.tree.map(lambda array: np.asarray(array, np.float64), final)
    path = shared.golden(f"tiny_final_{run}.npz")
    if path.is_file():
        tolerance = 5e-4 if log["optimizer"]["bf16_momentum"] else 5e-5
        for theirs, ours, before in pairs(np.load(path), config, final, start):
            assert np.linalg.norm(ours - theirs) / np.linalg.norm(theirs - before) < tolerance
    checksums = log["final_checksums"]
    for name, ours in (("lm_head/kernel", final["head"]), ("transformer/wte/embedding", final["embedding"])):
        np.testing.assert_allclose(np.linalg.norm(ours), checksums[name]["l2"], rtol=1e-6)
    for name, key in (("query", "wq"), ("key", "wk"), ("value", "wv"), ("output", "wo")):
        for layer, ours in enumerate(final["layers"][name]):
            golden = checksums[f"transformer/h/{layer}/attention/{key}/kernel"]
            np.testing.assert_allclose(np.linalg.norm(ours), golden["l2"], rtol=1e-6)


@pytest.mark.slow
@pytest.mark.optimised
def test_gradients_of_the_first_batch(shared, tiny):
    config, params = tiny
    batches = np.load(shared.golden("train_batches20.npz"))
    keep_gradients = optax.GradientTransformation(
        lambda p: p, lambda g, s, p=None: (jax.tree.map(jnp.zeros_like, g), g)
    )
    step = jax.jit(make_train_step(config, keep_gradients, reduction="row"))
    after, metrics = step(init_state(jax.tree.map(jnp.asarray, params), keep_gradients), batch_of(batches, 0))
    golden_norm = shared.golden_json("train_log.json")["grads_batch0"]["norm"]
    np.testing.assert_allclose(metrics.grad_norm, golden_norm, rtol=2e-6)
    for theirs, ours in pairs(np.load(shared.golden("tiny_grads_batch0.npz")), config, after.opt_state):
        np.testing.assert_allclose(ours, theirs, rtol=0, atol=2e-6 * np.abs(theirs).max())


@pytest.mark.parametrize(("recipe", "warmup", "decay"), [("commit", 36, 1210), ("align", 300, 10000)])
def test_schedules(recipe, warmup, decay):
    golden = json.loads((GOLDEN / "lr_schedules.json").read_text())[recipe]
    original = learning_rate_schedule(2e-5, 1e-7, warmup, decay, first_step_at_zero=True)
    for step, rate in golden.items():
        assert float(original(int(step))) == rate, step  # bit for bit
    mended = learning_rate_schedule(2e-5, 1e-7, warmup, decay, first_step_at_zero=False)
    assert float(mended(0)) == pytest.approx(2e-5 / warmup)
    assert float(mended(warmup - 1)) == pytest.approx(2e-5)
    assert float(mended(decay - 1)) == pytest.approx(1e-7)
