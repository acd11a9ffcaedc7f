"""Continuations of one prompt in one row, in families with windows: each as transformers computes it alone."""

import numpy as np
import pytest

from commit_llm.model.tree_likelihood import CHUNK, tree_log_probabilities

torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

from tests.parity.tiny_models import their_logits  # noqa: E402

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]
# Tokens of each prompt, and of its continuations. The window is 7: it counts tokens of a text, not places of the row.
FOREST = ((12, (5, 9)), (9, (6, 1, 8)))
LENGTH = 60


@pytest.mark.parametrize("case", ["gemma 3", "mistral, window"])
def test_each_continuation_is_as_if_alone(case, tiny_models):
    model, drawn = tiny_models(case), np.random.default_rng(6)
    row, segment_ids, parent_ids, positions, places, targets, expected = [], [], [], [], [], [], []

    def put(tokens, parent, start):
        number = len(set(segment_ids)) + 1
        row.extend(tokens)
        segment_ids.extend([number] * len(tokens))
        parent_ids.extend([parent or number] * len(tokens))
        positions.extend(range(start, start + len(tokens)))
        return number

    for length, continuations in FOREST:
        prompt = drawn.integers(0, model.config.vocab_size, length)
        first = len(row)
        parent = put(prompt, None, 0)
        for count in continuations:
            begins, tokens = len(row), drawn.integers(0, model.config.vocab_size, count)
            put(tokens, parent, length)
            places += [first + length - 1, *range(begins, begins + count - 1)]
            targets += tokens.tolist()
            logits = torch.tensor(their_logits(model.theirs, np.concatenate([prompt, tokens])[None])[0])
            log_probabilities = torch.log_softmax(logits[length - 1 : -1], dim=-1).numpy()
            expected += log_probabilities[np.arange(count), tokens].tolist()
    lines = [np.pad(line, (0, LENGTH - len(row)))[None] for line in (row, segment_ids, parent_ids, positions)]
    arrays = (line.astype(np.int32) for line in lines)
    padding = (0, CHUNK - len(places))
    chosen = (np.pad(np.array(line, np.int32), padding) for line in (places, targets))
    ours = tree_log_probabilities(model.config, model.params, *arrays, *chosen)
    np.testing.assert_allclose(ours[: len(places)], expected, atol=1e-4)
