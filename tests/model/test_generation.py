"""Greedy generation with a cache equals running the whole text again for every token; in steps it is the same."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.decoder import forward
from commit_llm.model.generation import Endings, begin, generate, proceed
from commit_llm.model.parameters import init_parameters
from commit_llm.model.sampling import Sampling
from tests.model.test_decoder import SMALL

NEW = 6
NONE = Endings(*np.zeros((3, 97), bool))


@pytest.fixture(scope="module")
def params():
    # Ten times the usual initialisation, so that the most likely token is not always the same.
    return jax.tree.map(lambda p: p * 10, init_parameters(SMALL, jax.random.key(3)))


WIDTH = 20
run_all = jax.jit(lambda params, tokens: forward(SMALL, params, tokens))


def slowly(params, prompt):
    """Run the whole text again for every token; what stands to the right of it is not seen."""
    tokens = list(prompt)
    for _ in range(NEW):
        row = jnp.asarray([tokens + [0] * (WIDTH - len(tokens))])
        tokens.append(int(run_all(params, row)[0, len(tokens) - 1].argmax()))
    return tokens[len(prompt) :]


def padded(prompts, width):
    rows = np.stack([np.pad(prompt, (width - len(prompt), 0), constant_values=5) for prompt in prompts])
    return rows.astype(np.int32), np.asarray([len(prompt) for prompt in prompts], np.int32)


@pytest.mark.parametrize("unroll", [False, True])
def test_padded_rows_equal_running_each_alone(params, unroll):
    rng = np.random.default_rng(0)
    prompts = [rng.integers(0, 97, size) for size in (1, 7, 12)]
    tokens, lengths = padded(prompts, 12)
    out = generate(SMALL, params, tokens, lengths, NONE, NEW, unroll=unroll)
    assert out.tolist() == [slowly(params, prompt) for prompt in prompts]


def test_a_row_ends_at_its_stop_token_and_the_others_go_on(params):
    rng = np.random.default_rng(1)
    prompts = [rng.integers(0, 97, 8) for _ in range(3)]
    tokens, lengths = padded(prompts, 8)
    free = [slowly(params, prompt) for prompt in prompts]
    is_stop = np.zeros(97, bool)
    is_stop[free[0][2]] = True
    out = generate(SMALL, params, tokens, lengths, NONE._replace(at_once=is_stop), NEW).tolist()
    for row, whole in zip(out, free, strict=True):
        end = next((i + 1 for i, token in enumerate(whole) if is_stop[token]), NEW)
        assert row == whole[:end] + [-1] * (NEW - end)
    assert -1 in out[0]


def ended(whole, endings):
    """A row of free tokens, cut after the one that ends the answer."""
    begun = False
    for place, token in enumerate(whole):
        if endings.at_once[token] or (endings.after_text[token] and begun):
            return whole[: place + 1] + [-1] * (NEW - place - 1)
        begun |= bool(endings.is_text[token])
    return whole


def test_a_row_ends_at_a_newline_only_once_text_has_come(params):
    """Each row keeps for itself whether it has; drawn kinds of tokens."""
    rng = np.random.default_rng(2)
    prompts = [rng.integers(0, 97, 8) for _ in range(3)]
    tokens, lengths = padded(prompts, 8)
    free = [slowly(params, prompt) for prompt in prompts]
    passed_over = ended_after_text = 0
    for _ in range(12):
        endings = Endings(*(rng.random((3, 97)) < [[0.02], [0.5], [0.3]]))
        rows = generate(SMALL, params, tokens, lengths, endings, NEW).tolist()
        assert rows == [ended(whole, endings) for whole in free]
        passed_over += sum(bool(endings.after_text[row[0]]) and row[1] != -1 for row in rows)
        ended_after_text += sum(-1 in row and not endings.at_once[row[row.index(-1) - 1]] for row in rows)
    assert min(passed_over, ended_after_text) > 5


def test_one_new_token(params):
    tokens, lengths = padded([np.array([1, 2, 3])], 3)
    out = generate(SMALL, params, tokens, lengths, NONE, 1)
    assert out.tolist() == [slowly(params, [1, 2, 3])[:1]]


def sampling(numbers, temperature=0.8, top_p=0.9):
    """How rows of these numbers are drawn: each has a key of its own."""
    keys = np.asarray([[7, number] for number in numbers], np.uint32)
    return Sampling(keys, np.float32(temperature), np.float32(top_p))


@pytest.mark.slow
def test_a_drawn_row_is_the_same_in_every_batch(params):
    rng = np.random.default_rng(3)
    prompts = [rng.integers(0, 97, size) for size in (4, 9, 6)]
    together = generate(SMALL, params, *padded(prompts, 9), NONE, NEW, sampling=sampling([0, 1, 2])).tolist()
    for number, prompt in enumerate(prompts):
        alone = generate(SMALL, params, *padded([prompt], 16), NONE, NEW, sampling=sampling([number]))
        assert alone.tolist() == [together[number]]
    others = generate(SMALL, params, *padded(prompts, 9), NONE, NEW, sampling=sampling([3, 4, 5])).tolist()
    assert others != together
    assert together != generate(SMALL, params, *padded(prompts, 9), NONE, NEW).tolist()


@pytest.mark.slow
@pytest.mark.parametrize(("unroll", "drawn"), [(True, None), (False, sampling([0, 1, 2]))])
def test_in_steps_of_any_size_it_is_the_same(params, unroll, drawn):
    rng = np.random.default_rng(4)
    prompts = [rng.integers(0, 97, size) for size in (4, 9, 6)]
    tokens, lengths = padded(prompts, 9)
    free = generate(SMALL, params, tokens, lengths, NONE, NEW, unroll=unroll, sampling=drawn)
    is_stop = np.zeros(97, bool)
    is_stop[int(free[0, 2])] = True
    endings = NONE._replace(at_once=is_stop)
    whole = generate(SMALL, params, tokens, lengths, endings, NEW, unroll=unroll, sampling=drawn).tolist()
    assert -1 in whole[0]
    for steps in ([2, 3, 4, 5, 6], [4, 6], [6]):
        state = begin(SMALL, params, tokens, lengths, endings, NEW, unroll=unroll, sampling=drawn)
        for until in steps:
            state = proceed(SMALL, params, state, lengths, endings, np.int32(until), unroll=unroll, sampling=drawn)
            written = int(state.written)
            output = state.output.tolist()
            assert [row[:written] for row in output] == [row[:written] for row in whole]
            assert all(token == -1 for row in output for token in row[written:])
        assert output == whole
