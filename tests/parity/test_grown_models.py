"""A model with a grown vocabulary as transformers loads it: its ids are ours, and so are its logits."""

import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.convert.config_text import changed_config
from commit_llm.convert.grown_weights import write_grown_weights
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.model.families.config_json import read_config
from tests.parity.families import CASES
from tests.vocabulary.growing_models import ENGLISH, GREEK, KINDS, write_growing_model
from tests.vocabulary.test_extend import extended

torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

from commit_llm.model.decoder import forward  # noqa: E402
from commit_llm.train.model_source import open_model  # noqa: E402
from commit_llm.train.weights import load_params  # noqa: E402
from tests.parity.tiny_models import load_theirs, their_logits  # noqa: E402

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]
ADDED = 7


@pytest.mark.parametrize("tied", [False, True])
@pytest.mark.parametrize("kind", KINDS)
def test_ids_and_logits(tmp_path, kind, tied):
    write_growing_model(tmp_path / "old", kind, tied, padding=12, dtype="float32")
    extended(tmp_path / "old", tmp_path / "new")
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path / "new")
    ours = load_tokenizer(tmp_path / "new")
    for text in [*ENGLISH, *GREEK]:
        assert theirs(text, add_special_tokens=False)["input_ids"] == ours.encode(text)
        assert theirs.decode(ours.encode(text)) == text
    source = open_model(str(tmp_path / "new"))
    params, _ = load_params(source)
    tokens = np.array([ours.encode(GREEK[0])], np.int32)
    logits = forward(source.config, params, jnp.asarray(tokens))
    np.testing.assert_allclose(logits, their_logits(load_theirs(tmp_path / "new"), tokens), atol=1e-4)


@pytest.mark.parametrize("case", CASES)
def test_every_family_computes_what_it_did_of_old_tokens(tmp_path, case, tiny_models):
    """And of a new one whose row is that of one old token, what it computes of that."""
    model, new = tiny_models(case), tmp_path / "new"
    new.mkdir()
    size = model.config.vocab_size
    larger = type(model.config)(**{**model.config.__dict__, "vocab_size": size + ADDED})
    text = changed_config(model.folder / "config.json", larger, "float32")
    (new / "config.json").write_text(text, encoding="utf-8")
    shares = [{number: 1.0} for number in range(20, 20 + ADDED)]
    write_grown_weights(model.folder, new, model.config, size + ADDED, size, shares)
    assert read_config(new) == larger
    tokens = np.random.default_rng(3).integers(0, size, (2, 40))
    with_new = np.where(tokens == 20, size, tokens)
    with_new[0, 5], tokens[0, 5] = size + 2, 22
    logits = their_logits(load_theirs(new), with_new)
    np.testing.assert_array_equal(logits[..., :size], their_logits(model.theirs, tokens))
    np.testing.assert_array_equal(logits[..., size:], logits[..., 20 : 20 + ADDED])
