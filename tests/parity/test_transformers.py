"""Our decoder against transformers' on a tiny random model of every variant: logits, packed rows, bf16, greedy text."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.decoder import embed, forward
from commit_llm.model.execution import Execution
from commit_llm.model.generation import Endings, generate
from tests.parity.families import CASES

torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

from tests.parity.tiny_models import load_theirs, their_logits  # noqa: E402

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]

VOCABULARY = 132
LENGTH = 48
SCALED = [name for name, settings in CASES.items() if settings["model_type"].startswith(("gemma", "granite"))]
PLAIN = ["llama 3.1", "qwen 3", "olmo 3"]
PROMPTS = (5, 9, 14, 23)  # tokens; the window of the variants that have one is 7
NEW = 12
forward_jitted = jax.jit(forward, static_argnums=0, static_argnames=("execution",))


def draw(seed, *shape):
    return np.random.default_rng(seed).integers(0, VOCABULARY, shape).astype(np.int32)


@pytest.mark.parametrize("case", CASES)
def test_logits_also_of_packed_rows(case, tiny_models):
    """A row of one segment, one of two segments and padding, and each of these segments alone."""
    model = tiny_models(case)
    whole, first, second = draw(0, 1, LENGTH), draw(1, 1, 17), draw(2, 1, 22)
    expected = [their_logits(model.theirs, tokens)[0] for tokens in (whole, first, second)]
    assert max(np.abs(logits).max() for logits in expected) > 2.5

    def row(*segments):
        ids = [np.full(tokens.size, number) for number, tokens in enumerate(segments, 1)]
        lines = segments, ids, [np.arange(tokens.size) for tokens in segments]
        return [np.pad(np.concatenate([np.ravel(x) for x in line]), (0, LENGTH))[:LENGTH] for line in lines]

    rows = [row(whole), row(first, second), row(first), row(second)]
    tokens, segment_ids, positions = (np.stack(line).astype(np.int32) for line in zip(*rows, strict=True))
    ours = np.asarray(forward_jitted(model.config, model.params, tokens, segment_ids, positions))
    alone = [ours[0], ours[2, :17], ours[3, :22]]
    for logits, theirs in zip(alone, expected, strict=True):
        np.testing.assert_allclose(logits, theirs, rtol=0, atol=1e-4)
    np.testing.assert_allclose(ours[1, :39], np.concatenate(alone[1:]), rtol=0, atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_greedy_text(case, tiny_models):
    """Ours with its cache, scanned and unrolled; theirs without one; prompts of four lengths, padded on the left."""
    model = tiny_models(case)
    prompts = [draw(length, length) for length in PROMPTS]
    padded = np.stack([np.pad(prompt, (max(PROMPTS) - len(prompt), 0)) for prompt in prompts])
    lengths = np.array(PROMPTS, np.int32)
    mask = torch.tensor(np.arange(padded.shape[1])[None] >= padded.shape[1] - lengths[:, None])
    with torch.no_grad():
        theirs = model.theirs.generate(
            torch.tensor(padded, dtype=torch.long), attention_mask=mask.long(), max_new_tokens=NEW, do_sample=False,
            use_cache=False, eos_token_id=None, pad_token_id=0,
        )  # fmt: skip
    endings = Endings(*np.zeros((3, VOCABULARY), bool))
    for unroll in (False, True):
        ours = generate(model.config, model.params, padded, lengths, endings, NEW, unroll=unroll)
        assert ours.tolist() == theirs[:, padded.shape[1] :].tolist(), f"unroll={unroll}"


@pytest.mark.parametrize("case", SCALED + PLAIN)
def test_bf16_is_no_further_from_fp32_than_theirs(case, tiny_models):
    """A scaled embedding is rounded as the model was trained with it; what it then is has the same bits."""
    model = tiny_models(case)
    tokens = draw(3, 2, LENGTH)
    exact = their_logits(model.theirs, tokens)
    ours = forward_jitted(model.config, model.params, tokens, execution=Execution(jnp.bfloat16))
    theirs = load_theirs(model.folder, torch.bfloat16)
    with torch.no_grad():
        embedded = theirs.model.embed_tokens(torch.tensor(tokens, dtype=torch.long))
        embedded = embedded * getattr(theirs.model, "embedding_multiplier", 1)
    theirs_error = np.abs(their_logits(theirs, tokens) - exact).mean()
    assert np.abs(np.asarray(ours) - exact).mean() <= theirs_error
    own = embed(model.config, model.params, jnp.asarray(tokens), jnp.bfloat16)
    np.testing.assert_array_equal(np.asarray(own, np.float32), embedded.float().numpy())
