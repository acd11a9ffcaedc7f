"""Code-mixing: dictionaries, words, and the mixer. Imports nothing else of ours, and no jax."""

from commit_llm.codemix.dictionary import BilingualDictionary
from commit_llm.codemix.mixer import CodeMixer, Mixed

__all__ = ["BilingualDictionary", "CodeMixer", "Mixed"]
