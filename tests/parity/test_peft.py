"""Adapters beside the library peft: ours load there, its own load here; logits, gradients and merged weights."""

import dataclasses
import json
import shutil

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.convert.peft_configuration import adapted, peft_settings, read_configuration
from commit_llm.convert.peft_names import adapter_names
from commit_llm.convert.peft_tensors import adapter_file, read_adapter
from commit_llm.model.adapter import Adapter, joined, merged
from commit_llm.model.decoder import forward
from commit_llm.train.adapter_export import export_adapter
from commit_llm.train.loop import train
from commit_llm.train.model_source import open_model
from tests.convert.adapters import draw_trained, write_folder
from tests.train.test_grown_rows import PIECES, grow, quick_recipe, with_weights
from tests.train.test_loop import params_of

torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")
peft = pytest.importorskip("peft", reason="peft is not installed (extra parity)")

from safetensors.torch import load_file  # noqa: E402

from tests.parity.tiny_models import load_theirs, their_logits  # noqa: E402

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]
CASES = ("llama 3.1", "qwen 3", "gemma 3")
TIED, UNTIED = "llama 3.2", "qwen 3"  # untied, and its adapters have no embedding of tiny_models' own
ALL = ("query", "key", "value", "output", "gate", "up", "down")
TOKENS = np.random.default_rng(3).integers(0, 130, (2, 20)).astype(np.int32)


def with_adapter(model, folder):
    """Load the base and the adapter as peft does."""
    return peft.PeftModel.from_pretrained(load_theirs(model.folder), folder, is_trainable=True).eval()


def ours(config, params, tokens=TOKENS):
    return np.asarray(jax.jit(forward, static_argnums=0)(config, params, jnp.asarray(tokens)))


def spread(logits):
    """How far apart logits are: a difference below 1e-4 means something where these are not all alike."""
    return float(np.std(logits))


@pytest.mark.parametrize("case", CASES)
def test_ours_in_peft(case, tiny_models, tmp_path):
    """Logits and gradients of all adapters, and the merged weights."""
    model, adapter = tiny_models(case), Adapter(4, 12.0, ALL)
    trained = draw_trained(model.config, adapter)
    theirs = with_adapter(model, write_folder(tmp_path, trained, adapter, model.config, model.folder))
    expected = their_logits(theirs, TOKENS)

    def loss_of(trained):
        logits = forward(model.config, joined(model.params, trained, adapter), jnp.asarray(TOKENS))
        return (logits.astype(jnp.float32) * weights).mean(), logits

    weights = np.random.default_rng(4).normal(size=expected.shape).astype(np.float32)
    gradients, logits = jax.jit(jax.grad(loss_of, has_aux=True))(trained)
    np.testing.assert_allclose(logits, expected, rtol=0, atol=1e-4)
    assert spread(expected) > 0.5
    assert np.abs(expected - their_logits(model.theirs, TOKENS)).max() > 0.5  # the adapter says something
    require_gradients(theirs, gradients, adapter, model.config, torch.tensor(weights))
    alone = theirs.merge_and_unload().state_dict()
    require_merged(merged(model.params, trained, adapter), alone, model.config)


def require_gradients(theirs, gradients, adapter, config, weights):
    """Hold the gradients of every A and B to torch's, within 1e-3 of the largest."""
    tokens = torch.as_tensor(TOKENS, dtype=torch.long)
    (theirs(tokens, use_cache=False).logits * weights).mean().backward()
    of_peft = {name.replace(".default", ""): one.grad for name, one in theirs.named_parameters() if one.requires_grad}
    seen = 0
    for name in adapter_names(adapter):
        for layer in range(config.num_hidden_layers):
            own = np.asarray(gradients["layers"][name.path[1]][layer]).T
            other = of_peft[name.hugging_face.format(layer)].numpy()
            assert np.abs(own - other).max() < 1e-3 * np.abs(other).max(), name.hugging_face.format(layer)
            seen += 1
    assert seen == len(of_peft) == 2 * 7 * config.num_hidden_layers


def require_merged(params, theirs, config):
    from commit_llm.convert.huggingface import to_hf

    pairs = [(name, np.asarray(tensor), theirs[name].numpy()) for name, tensor in to_hf(params, config)]
    assert max(float(np.abs(own - other).max()) for _, own, other in pairs) < 1e-6, config.model_type
    assert {name for name, *_ in pairs} == set(theirs) - ({"lm_head.weight"} if config.tie_word_embeddings else set())


@pytest.mark.parametrize(
    ("case", "saved"), [(UNTIED, ("embedding", "head")), (UNTIED, ("head",)), (TIED, ("embedding",))]
)
def test_saved_modules_of_ours_in_peft(case, saved, tiny_models, tmp_path):
    model, adapter = tiny_models(case), Adapter(2, 4.0, ("query",), saved)
    trained = draw_trained(model.config, adapter)
    theirs = with_adapter(model, write_folder(tmp_path, trained, adapter, model.config, model.folder))
    logits = ours(model.config, merged(model.params, trained, adapter))
    np.testing.assert_allclose(logits, their_logits(theirs, TOKENS), rtol=1e-5, atol=1e-4)
    alone = theirs.merge_and_unload().state_dict()
    require_merged(merged(model.params, trained, adapter), alone, model.config)
    if case == TIED:
        assert torch.equal(alone["lm_head.weight"], alone["model.embed_tokens.weight"])


@pytest.mark.parametrize("tied", [False, True])
def test_a_run_beside_new_rows_in_peft(tied, example, tmp_path):
    """Nothing was said of what is trained whole: their rows are in peft's model, whose logits are ours."""
    base = grow(with_weights(shutil.copytree(example / "model", tmp_path / "base"), tied))
    run, adapter = tmp_path / "run", tmp_path / "adapter"
    train(quick_recipe(example, base, steps=2, learning_rate=1e-2), run)
    export_adapter(run, adapter)
    settings = json.loads((adapter / "adapter_config.json").read_text("utf-8"))
    assert settings["modules_to_save"] == EMBEDDINGS[: 1 if tied else 2]
    assert bool(settings.get("ensure_weight_tying")) == tied
    config = open_model(str(run)).config
    tokens = np.arange(config.vocab_size - PIECES, config.vocab_size, dtype=np.int32).reshape(2, -1)
    before = their_logits(load_theirs(base), tokens)
    logits = their_logits(peft.PeftModel.from_pretrained(load_theirs(base), adapter).eval(), tokens)
    np.testing.assert_allclose(ours(config, params_of(run), tokens), logits, rtol=1e-5, atol=1e-4)
    assert np.abs(logits - before)[..., -PIECES:].max() > 0.1  # of the new pieces, behind new pieces


def saved_by_peft(model, folder, **settings):
    """An adapter that peft made and saved, with nothing left neutral; and its logits."""
    torch.manual_seed(6)  # A is drawn
    config = peft.LoraConfig(task_type="CAUSAL_LM", **settings)
    theirs = peft.get_peft_model(load_theirs(model.folder), config).eval()
    generator = torch.Generator().manual_seed(5)
    with torch.no_grad():
        for parameter in theirs.parameters():
            if parameter.requires_grad:
                parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.2)
    theirs.save_pretrained(folder)
    return their_logits(theirs, TOKENS)


def read_beside(model, folder):
    """Read an adapter as we do, beside a base in memory; configuration and parameters of the merged model."""
    adapter, config = adapted(read_configuration(folder), model.config, str(folder))
    params = dict(model.params)
    if model.config.tie_word_embeddings and not config.tie_word_embeddings:
        params["head"] = params["embedding"].T
    return config, merged(params, read_adapter(folder, adapter, config), adapter)


EMBEDDINGS = ["embed_tokens", "lm_head"]


@pytest.mark.parametrize(
    ("case", "settings"),
    [
        ("llama 3.1", {"r": 4, "lora_alpha": 12, "target_modules": "all-linear"}),
        ("qwen 3", {"r": 3, "lora_alpha": 5, "target_modules": ["v_proj", "mlp.down_proj"]}),
        ("gemma 3", {"r": 8, "lora_alpha": 4, "target_modules": ["q_proj", "up_proj"], "use_rslora": True}),
        (UNTIED, {"r": 2, "target_modules": ["k_proj"], "modules_to_save": EMBEDDINGS}),
        (TIED, {"r": 2, "target_modules": ["k_proj"], "modules_to_save": EMBEDDINGS[:1], "ensure_weight_tying": True}),
        (TIED, {"r": 2, "target_modules": ["k_proj"], "modules_to_save": EMBEDDINGS[1:], "ensure_weight_tying": True}),
        (TIED, {"r": 2, "target_modules": ["k_proj"], "modules_to_save": EMBEDDINGS[:1]}),
        (TIED, {"r": 2, "target_modules": ["k_proj"], "modules_to_save": EMBEDDINGS[1:]}),
        (TIED, {"r": 2, "target_modules": ["k_proj"], "modules_to_save": EMBEDDINGS}),
    ],
)
def test_theirs_in_ours(case, settings, tiny_models, tmp_path):
    model = tiny_models(case)
    expected = saved_by_peft(model, tmp_path, **settings)
    config, params = read_beside(model, tmp_path)
    np.testing.assert_allclose(ours(config, params), expected, rtol=1e-5, atol=1e-4)
    assert np.abs(expected - their_logits(model.theirs, TOKENS)).max() > 0.1


@pytest.mark.parametrize(
    ("case", "saved"), [("llama 3.1", ()), (UNTIED, ("embedding", "head")), (TIED, ("embedding",))]
)
def test_our_files_are_as_peft_s_own(case, saved, tiny_models, tmp_path):
    """The same names and shapes of tensors, and the same values of all fields but peft's version."""
    model, adapter = tiny_models(case), Adapter(4, 8.0, ALL, saved)
    folder = write_folder(tmp_path / "ours", draw_trained(model.config, adapter), adapter, model.config, model.folder)
    with_adapter(model, folder).save_pretrained(tmp_path / "theirs")
    own, other = (load_file(adapter_file(tmp_path / name)) for name in ("ours", "theirs"))
    assert own.keys() == other.keys()
    assert all(torch.equal(own[name], other[name]) for name in own)
    theirs = json.loads((tmp_path / "theirs" / "adapter_config.json").read_text("utf-8"))
    settings = peft_settings(adapter, model.config, str(model.folder), None)
    theirs["target_modules"] = sorted(theirs["target_modules"])
    theirs["modules_to_save"] = sorted({name.rpartition(".")[2] for name in theirs["modules_to_save"] or []}) or None
    assert {name: theirs[name] for name in settings} == settings
    assert {name: value for name, value in theirs.items() if name not in settings and value} == {
        "megatron_core": "megatron.core", "peft_version": peft.__version__, "qalora_group_size": 16,
    }  # fmt: skip
    assert dataclasses.astuple(read_configuration(folder).adapter)[:2] == (4, 8.0)
