"""A Gemma 3 that sees images is read for its decoder, under both names of its tensors, and exported as a text model."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.convert.huggingface import read_weights
from commit_llm.model.decoder import forward
from commit_llm.model.families.config_json import read_config
from tests.parity.families import CASES

pytest.importorskip("torch", reason="torch is not installed (extra parity)")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

from safetensors.torch import load_file, save_file  # noqa: E402

from tests.parity.test_exports import export, tensors_of  # noqa: E402
from tests.parity.tiny_models import load_theirs, perturbed, their_logits  # noqa: E402

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]
VISION = {
    "hidden_size": 32, "intermediate_size": 48, "num_hidden_layers": 1, "num_attention_heads": 2, "image_size": 28,
    "patch_size": 14,
}  # fmt: skip
TOKENS = np.random.default_rng(7).integers(0, 130, (2, 30)).astype(np.int32)


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A folder as transformers writes it, and its logits of texts."""
    ids = {"boi_token_index": 128, "eoi_token_index": 129, "image_token_index": 130, "mm_tokens_per_image": 4}
    config = transformers.Gemma3Config(text_config=CASES["gemma 3"], vision_config=VISION, **ids)
    config._attn_implementation = "eager"
    model = transformers.Gemma3ForConditionalGeneration(config)
    folder = tmp_path_factory.mktemp("vision")
    perturbed(model).save_pretrained(folder)
    return folder, their_logits(model, TOKENS)


def with_other_names(folder, other):
    """Copy a folder with the names that its tensors have in the files of transformers 4.52 and later 4s."""
    tensors = load_file(folder / "model.safetensors")
    renamed = {"model." + name.replace("language_model.model.", "language_model."): x for name, x in tensors.items()}
    assert renamed.keys() & {"model.language_model.norm.weight", "model.vision_tower.post_layernorm.weight"}
    save_file(renamed, other / "model.safetensors", metadata={"format": "pt"})
    (other / "config.json").write_bytes((folder / "config.json").read_bytes())
    return other


@pytest.mark.parametrize("names", ["language_model.model", "model.language_model"])
def test_the_decoder_is_read_and_exported(names, source, tmp_path):
    folder, expected = source
    if names == "model.language_model":
        (tmp_path / "other").mkdir()
        folder = with_other_names(folder, tmp_path / "other")
    config = read_config(folder)
    params, _ = read_weights(folder, config)
    params = jax.tree.map(jnp.asarray, params)
    np.testing.assert_allclose(forward(config, params, jnp.asarray(TOKENS)), expected, rtol=0, atol=1e-4)
    export(folder, tmp_path / "out", "float32")
    settings = json.loads((tmp_path / "out" / "config.json").read_text(encoding="utf-8"))
    assert (settings["model_type"], settings["architectures"]) == ("gemma3_text", ["Gemma3ForCausalLM"])
    assert "vision_config" not in settings
    theirs = load_theirs(tmp_path / "out")
    assert type(theirs).__name__ == "Gemma3ForCausalLM"
    np.testing.assert_allclose(their_logits(theirs, TOKENS), expected, rtol=0, atol=1e-5)
    kept = {
        name.replace(f"{names}.", "model."): tensor
        for name, tensor in tensors_of(folder).items()
        if name.startswith(names)
    }
    assert tensors_of(tmp_path / "out") == kept
