"""COMMIT: adapt an English-centric language model to another language by code-mixed instruction tuning.

`__all__` is what a library's user needs; docs/mixing.md shows it. A name is imported when it is first asked for, so
that `import commit_llm` and the command's help take no time.
"""

import sys
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import TYPE_CHECKING, Any

__version__ = "0.2.0"

__all__ = [
    "BilingualDictionary",
    "CodeMixer",
    "Counts",
    "MixingSettings",
    "Outcome",
    "Recipe",
    "SentencePairs",
    "UserError",
    "find_recipe",
    "fit_ratio",
]


def lazy_names(package: str, homes: Mapping[str, str]) -> tuple[Callable[[str], Any], Callable[[], list[str]]]:
    """Give a package its `__getattr__` and `__dir__`. homes: the module of each name, by name."""

    def find(name: str) -> Any:
        if name not in homes:
            raise AttributeError(f"module {package!r} has no attribute {name!r}")
        return getattr(import_module(homes[name]), name)

    def names() -> list[str]:
        return sorted({*vars(sys.modules[package]), *homes})

    return find, names


if TYPE_CHECKING:
    from commit_llm.codemix import (
        BilingualDictionary,
        CodeMixer,
        Counts,
        MixingSettings,
        Outcome,
        SentencePairs,
        fit_ratio,
    )
    from commit_llm.errors import UserError
    from commit_llm.recipes import Recipe, find_recipe
else:
    __getattr__, __dir__ = lazy_names(
        __name__,
        {
            **dict.fromkeys(__all__, "commit_llm.codemix"),
            "UserError": "commit_llm.errors",
            "Recipe": "commit_llm.recipes",
            "find_recipe": "commit_llm.recipes",
        },
    )
