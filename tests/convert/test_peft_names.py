"""PEFT's names of modules and tensors, and ours."""

import re

import jax
import pytest

from commit_llm.convert.parameter_names import parameter_names
from commit_llm.convert.peft_names import PREFIX, TARGETS, adapter_names, module_names, saved_of, targets_of
from commit_llm.errors import UserError
from commit_llm.model.adapter import Adapter, declare_adapter
from commit_llm.model.parameters import declare
from tests.model.test_decoder import SMALL

ALL = ("query", "key", "value", "output", "gate", "up", "down")


@pytest.mark.parametrize(
    ("modules", "expected"),
    [
        (["all-linear"], ALL),
        (["down_proj", "q_proj"], ("query", "down")),
        (["self_attn.o_proj", "mlp.up_proj", "mlp.up_proj"], ("output", "up")),
        (["k_proj", "v_proj", "gate_proj"], ("key", "value", "gate")),
    ],
)
def test_targets_by_their_names(modules, expected):
    assert targets_of(modules) == expected
    assert targets_of(module_names(expected)) == expected


def test_every_kernel_of_a_layer_is_known():
    kernels = [name for name, one in declare(SMALL)["layers"].items() if one.is_matrix]
    assert sorted(TARGETS) == sorted(kernels) == sorted(ALL)


def test_saved_by_their_names():
    assert saved_of([]) == ()
    assert saved_of(["lm_head", "embed_tokens"]) == ("embedding", "head")
    assert module_names(("embedding", "head")) == ["embed_tokens", "lm_head"]


@pytest.mark.parametrize(
    "module",
    ["wqkv", "_proj", "embed_tokens", "query", "0.q_proj", "", "layers.{}.self_attn.q_proj", "{}.self_attn.q_proj",
     "model.layers.{}.self_attn.q_proj", "layers.1.self_attn.q_proj"],
)  # fmt: skip
def test_unknown_targets_are_refused_with_the_known_ones(module):
    known = "known are q_proj, k_proj, v_proj, o_proj, gate_proj, up_proj, down_proj; all-linear names all of them"
    message = f"--lora-target-modules: no module is named '{module}'; {known}"
    with pytest.raises(UserError, match=f"^{re.escape(message)}$"):
        targets_of(["q_proj", module])


@pytest.mark.parametrize("others", [["q_proj"], ["wqkv", "q_proj"]])
def test_all_linear_stands_alone(others):
    for modules in (["all-linear", *others], [*others, "all-linear"]):
        line = f"a.json: all-linear stands alone, and names all modules; leave it out, or {others[0]!r}"
        with pytest.raises(UserError, match=f"^{line} and what else is there$"):
            targets_of(modules, "a.json")
    assert targets_of(["all-linear", "all-linear"]) == ALL


def test_no_target_is_refused():
    with pytest.raises(UserError, match=r"^a.json: target_modules: names no module; known are q_proj, "):
        targets_of([], "a.json: target_modules")


def test_unknown_saved_ones_are_refused():
    known = "known are embed_tokens, lm_head"
    with pytest.raises(UserError, match=f"^--modules-to-save: no module is named 'q_proj'; {known}$"):
        saved_of(["q_proj"])


def test_an_adapter_has_a_name_for_all_that_it_declares():
    adapter = Adapter(4, 8.0, ALL, ("embedding", "head"))
    paths = [tuple(key.key for key in path) for path, _ in jax.tree.leaves_with_path(
        declare_adapter(SMALL, adapter), is_leaf=lambda node: hasattr(node, "axes")
    )]  # fmt: skip
    names = adapter_names(adapter)
    assert sorted(name.path for name in names) == sorted(paths)
    assert len({name.hugging_face for name in names}) == len(names) == 16


def test_names_of_whole_parameters_are_those_of_the_model():
    names = {name.path: name.hugging_face for name in parameter_names(SMALL)}
    for name in adapter_names(Adapter(4, 8.0, ("up",), ("embedding", "head")))[2:]:
        assert name.hugging_face == PREFIX + names[name.path]
