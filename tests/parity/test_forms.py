"""The form that a config.json had in transformers 4 and the one of 5 give one model, here and there."""

import copy

import pytest

from commit_llm.model.families.config_json import config_from_settings
from tests.parity.families import CASES

pytest.importorskip("torch", reason="torch is not installed (extra parity)")
pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

from tests.parity.reading import require_same, their_reading

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]
FULL, SLIDING = "full_attention", "sliding_attention"
# How layers that a list names were named before there were lists.
PATTERNS = {"gemma 3": {"sliding_window_pattern": 3}}


def old_form(case, name_of_type):
    """Give the config.json of a variant as transformers 4 wrote it, with the type of a scaling under this name."""
    settings = copy.deepcopy(CASES[case])
    rope = settings.pop("rope_parameters", {})
    if FULL in rope:  # the sliding layers of OLMo 3 have the base of the class
        local = rope[SLIDING]["rope_theta"]
        settings |= {"rope_local_base_freq": local} if settings["model_type"] == "gemma3_text" else {}
        rope = rope[FULL]
    if "rope_theta" in rope:
        settings["rope_theta"] = rope.pop("rope_theta")
    scaled = rope.pop("rope_type", "default")
    settings["rope_scaling"] = None if scaled == "default" else {name_of_type: scaled} | rope
    if case in PATTERNS:
        del settings["layer_types"]
    return settings | PATTERNS.get(case, {}) | {"torch_dtype": "bfloat16", "use_cache": True}


@pytest.mark.parametrize("case", CASES)
def test_the_old_form_is_the_same_model(case):
    new = config_from_settings(CASES[case])
    by_layer_type = FULL in CASES[case].get("rope_parameters", {})  # where "type" was never written
    for name_of_type in ["rope_type"] if by_layer_type else ["rope_type", "type"]:
        old = old_form(case, name_of_type)
        assert config_from_settings(old) == new
        require_same(new, their_reading(old))
    require_same(new, their_reading(CASES[case] | {"dtype": "bfloat16"}))


@pytest.mark.parametrize("case", [name for name, settings in CASES.items() if settings["model_type"] == "llama"])
def test_no_model_type_is_llama_s(case):
    old = old_form(case, "type")
    del old["model_type"]
    assert config_from_settings(old) == config_from_settings(CASES[case])


@pytest.mark.parametrize("form", ["old", "new"])
def test_a_decoder_among_other_parts_is_the_flat_one(form):
    text = old_form("gemma 3", "rope_type") if form == "old" else CASES["gemma 3"]
    settings = {"model_type": "gemma3", "text_config": text, "vision_config": {"hidden_size": 32}}
    assert config_from_settings(settings) == config_from_settings(CASES["gemma 3"])
    require_same(config_from_settings(settings), their_reading(settings))
