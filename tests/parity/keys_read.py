"""Find the keys of a config.json that a model type's classes in transformers read, and write them into our package.

    python -m tests.parity.keys_read

Read are: the fields of the configuration's class, what its classes look up in it or take out of the keys they do not
know, and what the model's own code and the code of masks, caches and rotary embedding look up in it. A name that any
of them takes from a configuration counts, whether the model gets there or not: a list that is too long refuses a key
too many, one that is too short would let one pass that changes the model.
"""

import ast
import dataclasses
import importlib
import inspect
import textwrap
from pathlib import Path

from commit_llm.model.families import keys_read
from commit_llm.model.families.family import FAMILIES

FILE = Path(keys_read.__file__)
COMMON_CODE = ("modeling_rope_utils", "masking_utils", "cache_utils")
CONFIGURATIONS = ("config", "decoder_config", "effective_config", "layer_config", "text_config")  # names in that code
# Where a class takes keys that are none of its fields.
TAKING = ("__init__", "__post_init__", "convert_rope_params_to_dict")


def keys_of(model_type: str) -> set[str]:
    """Give the keys that transformers, as it is installed, reads for a model type."""
    from transformers.models.auto.configuration_auto import CONFIG_MAPPING

    kind = CONFIG_MAPPING[model_type]
    read = {field.name for field in dataclasses.fields(kind)} | set(kind.attribute_map)
    for base in kind.__mro__[:-1]:
        tree = ast.parse(textwrap.dedent(inspect.getsource(base)))
        read |= _looked_up(tree, ("self",))
        methods = [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name in TAKING]
        read |= {key for method in methods for key in _taken(method)}
    own_code = kind.__module__.replace(".configuration_", ".modeling_")
    for module in (own_code, *(f"transformers.{name}" for name in COMMON_CODE)):
        read |= _looked_up(ast.parse(inspect.getsource(importlib.import_module(module))), CONFIGURATIONS)
    read = {key for key in read if not key.startswith("__") and not callable(getattr(kind, key, None))}
    return read | {"model_type"}


def _looked_up(tree: ast.AST, names: tuple[str, ...]) -> set[str]:
    """Give the names that code reads of a configuration: x in config.x, self.config.x, getattr(config, "x")."""

    def is_configuration(node: ast.expr) -> bool:
        named = isinstance(node, ast.Name) and node.id in names
        return named or (isinstance(node, ast.Attribute) and node.attr == "config" and "config" in names)

    names_read = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load) and is_configuration(node.value):
            names_read.add(node.attr)
        is_call = isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and len(node.args) > 1
        asks = is_call and node.func.id in ("getattr", "hasattr") and is_configuration(node.args[0])
        if asks and isinstance(node.args[1], ast.Constant):
            names_read.add(node.args[1].value)
    return names_read


def _taken(method: ast.FunctionDef) -> set[str]:
    """Give the keys that a method takes out of its keyword arguments."""
    return {
        node.args[0].value
        for node in ast.walk(method)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in ("pop", "get")
        and isinstance(node.func.value, ast.Name)
        and node.func.value.id == "kwargs"
        and isinstance(node.args[0], ast.Constant)
    }


def main() -> None:
    """Write what all families read, and what each reads beside it."""
    import transformers

    read = {model_type: keys_of(model_type) for model_type in FAMILIES}
    common = set.intersection(*read.values())
    lines = [f'"""{keys_read.__doc__}"""', "", f'TRANSFORMERS = "{transformers.__version__}"', ""]
    lines += ["OF_ALL = frozenset({", *_listed(common), "})  # fmt: skip", "OF_FAMILY: dict[str, frozenset[str]] = {"]
    for model_type, keys in read.items():
        lines += [f'    "{model_type}": frozenset({{', *(f"    {line}" for line in _listed(keys - common)), "    }),"]
    lines += ["}  # fmt: skip", "KEYS_READ = {model_type: OF_ALL | keys for model_type, keys in OF_FAMILY.items()}"]
    FILE.write_text("\n".join([*lines, ""]), encoding="utf-8")


def _listed(keys: set[str]) -> list[str]:
    return [f"    {line}" for line in textwrap.wrap(", ".join(f'"{key}"' for key in sorted(keys)), 110)]


if __name__ == "__main__":
    main()
