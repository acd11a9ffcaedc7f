"""Code-mixing: dictionaries, words, and the mixer. Imports nothing else of ours, and no jax.

The names are imported when they are first asked for: recipes need the settings alone, and quickly.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
    from commit_llm.codemix.mixer import CodeMixer
    from commit_llm.codemix.outcome import Counts, Mixed, MixedExample, Outcome, Word

__all__ = ["BilingualDictionary", "CodeMixer", "Counts", "Mixed", "MixedExample", "Outcome", "Word"]
HOMES = {"BilingualDictionary": "dictionaries.dictionary", "CodeMixer": "mixer"}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES.get(name, 'outcome')}"), name)
