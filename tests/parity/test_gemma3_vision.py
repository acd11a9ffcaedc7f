"""A Gemma 3 that sees images is read for its decoder, under both names of its tensors, and exported as a text model."""

import json

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.convert.huggingface import read_weights
from commit_llm.convert.peft_tensors import read_adapter
from commit_llm.model.adapter import merged
from commit_llm.model.decoder import forward
from commit_llm.model.families.config_json import read_config
from commit_llm.train.model_source import find_model
from tests.parity.families import CASES

torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
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


def test_an_adapter_of_peft_s_beside_the_whole_model(source, tmp_path):
    """It has one more module in its paths, and one of the same names in the other part, which no text goes through."""
    peft = pytest.importorskip("peft", reason="peft is not installed (extra parity)")
    folder, before = source
    torch.manual_seed(3)
    settings = peft.LoraConfig(task_type="CAUSAL_LM", r=4, lora_alpha=6, target_modules=["q_proj", "v_proj"])
    theirs = peft.get_peft_model(load_theirs(folder), settings).eval()
    assert type(theirs.base_model.model).__name__ == "Gemma3ForConditionalGeneration"
    with torch.no_grad():
        for parameter in theirs.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape) * 0.1)
    theirs.save_pretrained(tmp_path)
    names = list(load_file(tmp_path / "adapter_model.safetensors"))
    assert any(".vision_tower." in name for name in names)
    assert any(".language_model." in name for name in names)
    model = find_model(str(tmp_path))
    params = read_adapter(tmp_path, model.adapter.adapter, model.config)
    params = merged(jax.tree.map(jnp.asarray, read_weights(folder, model.config)[0]), params, model.adapter.adapter)
    expected = their_logits(theirs, TOKENS)
    np.testing.assert_allclose(forward(model.config, params, jnp.asarray(TOKENS)), expected, rtol=0, atol=1e-4)
    assert np.abs(expected - before).max() > 0.1
