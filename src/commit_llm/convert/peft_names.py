"""PEFT's names of modules and tensors, derived from the one table of parameter names."""

from collections.abc import Collection, Mapping, Sequence

from commit_llm.convert.parameter_names import PARAMETER_NAMES, ParameterName
from commit_llm.errors import UserError, shown
from commit_llm.model.adapter import Adapter

ALL_LINEAR = "all-linear"  # what PEFT takes for the names of all kernels
PREFIX = "base_model.model."  # of every tensor of a file of PEFT's
TARGET_FLAG, SAVED_FLAG = "--lora-target-modules", "--modules-to-save"


def _module(name: ParameterName) -> str:
    """Give the path of the module that has a weight: `model.layers.{}.self_attn.q_proj`."""
    return name.hugging_face.removesuffix(".weight")


def _last(path: str) -> str:
    return path.rpartition(".")[2]


# Our name -> the path of the module, of kernels that an adapter can lie beside, and of what it can hold whole.
TARGETS = {name.path[-1]: _module(name) for name in PARAMETER_NAMES if name.per_layer and name.transposed}
SAVED = {name.path[-1]: _module(name) for name in PARAMETER_NAMES if name.path in (("embedding",), ("head",))}


def targets_of(modules: Sequence[str], where: str = TARGET_FLAG) -> tuple[str, ...]:
    """Give the kernels that PEFT's `target_modules` name, in the order of our table.

    where: the flag, or the file and its field, for messages.

    Raises UserError for a name that belongs to none, and where there is no name.

    >>> targets_of(["v_proj", "self_attn.q_proj"])
    ('query', 'value')
    """
    if ALL_LINEAR in modules:
        if others := [module for module in modules if module != ALL_LINEAR]:
            raise UserError(
                f"{where}: {ALL_LINEAR} stands alone, and names all modules; leave it out, or {shown(others[0])} and "
                "what else is there"
            )
        return tuple(TARGETS)
    return _ours(modules, TARGETS, where, f"; {ALL_LINEAR} names all of them")


def saved_of(modules: Sequence[str], where: str = SAVED_FLAG) -> tuple[str, ...]:
    """Give what PEFT's `modules_to_save` name, as `targets_of` does; none where there is no name.

    >>> saved_of(["lm_head", "model.embed_tokens"])
    ('embedding', 'head')
    """
    return _ours(modules, SAVED, where) if modules else ()


def _ours(modules: Sequence[str], known: Mapping[str, str], where: str, more: str = "") -> tuple[str, ...]:
    """Give our names of modules: PEFT takes a module whose path is a name, or ends with it behind a dot.

    Of a path, what is within a layer counts: all layers are meant, and a name with a layer's number is that of one.
    """
    names = ", ".join(map(_last, known.values())) + more
    if not modules:
        raise UserError(f"{where}: names no module; known are {names}")
    for module in modules:
        if not any(_ends_with(path, module) for path in known.values()):
            raise UserError(f"{where}: no module is named {shown(module)}; known are {names}")
    return tuple(ours for ours, path in known.items() if any(_ends_with(path, module) for module in modules))


def _ends_with(path: str, module: str) -> bool:
    return f".{path.rpartition('{}.')[2]}".endswith(f".{module}")


def module_names(ours: Collection[str]) -> list[str]:
    """Give PEFT's short names of our kernels, or of the embedding and the head, sorted.

    >>> module_names(["query", "value"]), module_names(["embedding"])
    (['q_proj', 'v_proj'], ['embed_tokens'])
    """
    return sorted(_last(path) for name, path in {**TARGETS, **SAVED}.items() if name in ours)


def adapter_names(adapter: Adapter) -> list[ParameterName]:
    """List the names of an adapter's parameters (`model.adapter.declare_adapter`) in PEFT's files.

    >>> adapter_names(Adapter(8, 16.0, ("query",), ()))[0].hugging_face
    'base_model.model.model.layers.{}.self_attn.q_proj.lora_A.weight'
    """
    names = [
        ParameterName(("layers", f"{ours}_lora_{part.lower()}"), f"{PREFIX}{path}.lora_{part}.weight", transposed=True)
        for ours, path in TARGETS.items()
        if ours in adapter.targets
        for part in ("A", "B")
    ]
    of_model = {name.path[-1]: name for name in PARAMETER_NAMES if not name.per_layer}
    saved = [of_model[ours] for ours in SAVED if ours in adapter.saved]
    return names + [name._replace(hugging_face=PREFIX + name.hugging_face) for name in saved]
