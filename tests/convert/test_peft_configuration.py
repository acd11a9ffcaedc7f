"""An adapter_config.json, of any tool: what is read, what is passed over, and what is refused."""

import dataclasses
import json

import pytest

from commit_llm.convert.peft_configuration import PeftConfiguration, adapted, peft_settings, read_configuration
from commit_llm.errors import UserError
from commit_llm.model.adapter import Adapter
from tests.model.test_decoder import SMALL

TIED = dataclasses.replace(SMALL, tie_word_embeddings=True)
PLAIN = {
    "peft_type": "LORA", "r": 4, "lora_alpha": 8, "target_modules": ["v_proj", "q_proj"],
    "base_model_name_or_path": "someone/a-model",
}  # fmt: skip
ADAPTER = Adapter(4, 8.0, ("query", "value"), ())


@pytest.fixture
def read(tmp_path):
    """Read the configuration with other values; ... takes a field out."""

    def read_with(**other):
        settings = {name: value for name, value in (PLAIN | other).items() if value is not ...}
        (tmp_path / "adapter_config.json").write_text(json.dumps(settings), encoding="utf-8")
        return read_configuration(tmp_path)

    return read_with


def refusal(read, **other):
    with pytest.raises(UserError) as error:
        read(**other)
    message = str(error.value)
    assert "adapter_config.json: " in message
    return message.partition("adapter_config.json: ")[2]


def test_what_is_written_is_read(tmp_path):
    adapter = Adapter(4, 8.5, ("query", "down"), ("embedding", "head"))
    (tmp_path / "adapter_config.json").write_text(json.dumps(peft_settings(adapter, SMALL, "a/b", "main")))
    assert read_configuration(tmp_path) == PeftConfiguration(adapter, "a/b", "main", ties=False)
    assert adapted(read_configuration(tmp_path), SMALL, "") == (adapter, SMALL)


def test_what_peft_writes_beside_it_is_passed_over(read):
    idle = {
        "auto_mapping": {"base_model_class": "LlamaForCausalLM"}, "lora_dropout": 0.1, "megatron_core": "megatron.core",
        "loftq_config": {}, "qalora_group_size": 16, "peft_version": "0.21.2", "inference_mode": True, "bias": "none",
        "layer_replication": None, "use_qalora": False, "alora_invocation_tokens": None, "modules_to_save": None,
        "task_type": "CAUSAL_LM", "revision": "",
    }  # fmt: skip
    for beginning in (True, False, "gaussian", "orthogonal", "eva"):
        assert read(**idle, init_lora_weights=beginning) == PeftConfiguration(ADAPTER, "someone/a-model")


def test_modules_that_are_named_layer_by_layer(read):
    """As PEFT does for all-linear where there are fewer than twenty of them."""
    paths = [f"model.layers.{layer}.self_attn.{name}" for layer in (1, 0, 11) for name in ("v_proj", "q_proj")]
    assert read(target_modules=paths).adapter == ADAPTER
    assert read(target_modules=["layers.7.self_attn.q_proj", "v_proj"]).adapter == ADAPTER
    braces = refusal(read, target_modules=[*paths, "model.layers.{}.self_attn.q_proj"])
    assert braces.startswith("target_modules: no module is named 'model.layers.{}.self_attn.q_proj'; known are ")
    assert refusal(read, target_modules=[*paths, "model.layers.0.self_attn.qkv_proj"]).startswith(
        "target_modules: no module is named "
    )


def test_the_scale_of_rslora(read):
    assert read(use_rslora=True).adapter.scale == pytest.approx(8 / 4**0.5)
    assert read().adapter.scale == 8 / 4


def test_all_linear(read):
    assert len(read(target_modules="all-linear").adapter.targets) == 7


@pytest.mark.parametrize("field", ["r", "lora_alpha", "target_modules"])
@pytest.mark.parametrize("value", [..., None])
def test_what_peft_would_guess_is_refused(field, value, read):
    expected = f"no {field}, without which it is another model; write there what the adapter was trained with"
    assert refusal(read, **{field: value}) == expected


@pytest.mark.parametrize(
    ("field", "value", "reason"),
    [
        ("peft_type", "LOHA", "peft_type is 'LOHA'; COMMIT reads adapters of the type \"LORA\""),
        ("peft_type", ..., "no peft_type; is it the configuration of an adapter?"),
        ("r", 0, "r is 0; it must be a whole number above 0"),
        ("r", True, "r is true; it must be a whole number above 0"),
        ("r", 8.0, "r is 8.0; it must be a whole number above 0"),
        ("r", "8", "r is '8'; it must be a whole number above 0"),
        ("r", 10**30, "it must be a whole number above 0"),
        ("lora_alpha", -1, "lora_alpha is -1; it must be a number above 0"),
        ("lora_alpha", float("nan"), "lora_alpha is NaN; it must be a number above 0"),
        ("lora_alpha", float("inf"), "lora_alpha is Infinity; it must be a number above 0"),
        ("target_modules", ".*proj", "target_modules is '.*proj', a pattern; write the list of names"),
        ("target_modules", [], "target_modules: names no module; known are q_proj"),
        ("target_modules", ["c_attn"], "target_modules: no module is named 'c_attn'; known are q_proj"),
        ("target_modules", [1], "target_modules is [1]; it must be a list of names"),
        ("target_modules", {"q_proj": 1}, "it must be a list of names"),
        ("modules_to_save", ["score"], "modules_to_save: no module is named 'score'; known are embed_tokens, lm_head"),
        ("modules_to_save", "lm_head", "modules_to_save is 'lm_head'; it must be a list of names"),
        ("base_model_name_or_path", None, "it must name the base: write its folder or hub id there"),
        ("base_model_name_or_path", "", "it must name the base"),
        ("base_model_name_or_path", 7, "it must name the base"),
        ("revision", 7, "revision is 7; it must be a commit, tag or branch, or null"),
        ("use_rslora", "yes", "use_rslora is 'yes'; it must be true or false"),
        ("ensure_weight_tying", 1, "ensure_weight_tying is 1; it must be true or false"),
        ("task_type", "SEQ_CLS", "task_type is 'SEQ_CLS'; COMMIT has causal language models alone"),
        ("use_dora", True, "use_dora is true; DoRA scales the columns of every kernel"),
        ("rank_pattern", {"q_proj": 2}, 'rank_pattern is {"q_proj": 2}; all modules of an adapter have one rank here'),
        ("alpha_pattern", {"q_proj": 2}, "all modules of an adapter have one alpha here"),
        ("bias", "all", "bias is 'all'; the adapter holds biases of the base"),
        ("layers_to_transform", [0], "layers_to_transform is [0]; an adapter lies beside all layers here"),
        ("layers_to_transform", [], "layers_to_transform is []"),
        ("fan_in_fan_out", True, "fan_in_fan_out is true; kernels of these models are (out, in)"),
        ("lora_bias", True, "lora_bias is true; an adapter has no biases here"),
        ("exclude_modules", ["q_proj"], 'exclude_modules is ["q_proj"]; name the modules in target_modules'),
        ("trainable_token_indices", [3], "trainable_token_indices is [3]; single rows of the embedding"),
        ("target_parameters", ["experts"], 'target_parameters is ["experts"]; an adapter lies beside modules here'),
        ("init_lora_weights", "pissa", "init_lora_weights is 'pissa'; it took from the base's weights"),
        ("layer_replication", [[0, 2]], "layer_replication is [[0, 2]]; COMMIT does not know this field"),
        ("use_some_new_lora", True, "use_some_new_lora is true; COMMIT does not know this field"),
        ("of_a_new_kind", 0, "of_a_new_kind is 0; COMMIT does not know this field"),
    ],
)
def test_what_is_refused(field, value, reason, read):
    message = refusal(read, **{field: value})
    assert reason in message
    assert "\n" not in message


def test_no_file_and_no_json(tmp_path):
    with pytest.raises(UserError, match=r"not an adapter folder \(no adapter_config.json in it\)"):
        read_configuration(tmp_path)
    for text, reason in (("[1]", "holds no JSON object"), ("{", "malformed JSON"), ('{"r": "\\ud800"}', "half of a")):
        (tmp_path / "adapter_config.json").write_text(text)
        with pytest.raises(UserError, match=reason):
            read_configuration(tmp_path)


@pytest.mark.parametrize(
    ("saved", "ties", "expected", "tied"),
    [
        (None, False, (), True),
        (["embed_tokens"], True, ("embedding",), True),
        (["embed_tokens", "model.embed_tokens"], True, ("embedding",), True),
        (["lm_head"], True, ("embedding",), True),
        (["embed_tokens"], False, ("embedding",), False),
        (["lm_head"], False, ("head",), False),
        (["embed_tokens", "lm_head"], False, ("embedding", "head"), False),
    ],
)
def test_an_embedding_that_is_the_head_too(saved, ties, expected, tied, read):
    configuration = read(modules_to_save=saved, ensure_weight_tying=ties)
    adapter, config = adapted(configuration, TIED, "a-folder")
    assert (adapter.saved, config.tie_word_embeddings) == (expected, tied)
    assert dataclasses.replace(config, tie_word_embeddings=True) == TIED


def test_a_base_that_is_not_tied_stays_so(read):
    configuration = read(modules_to_save=["embed_tokens"], ensure_weight_tying=True)
    assert adapted(configuration, SMALL, "a-folder") == (dataclasses.replace(ADAPTER, saved=("embedding",)), SMALL)


def test_a_rank_above_a_dimension(read):
    assert adapted(read(r=16), SMALL, "")[0].rank == 16  # the value kernel is 32 x 16
    with pytest.raises(UserError, match=r"^a-folder: r is 17, above a dimension of v_proj of the base 'someone"):
        adapted(read(r=17), SMALL, "a-folder")
