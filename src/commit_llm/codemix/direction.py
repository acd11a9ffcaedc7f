"""Say whether dictionaries and texts belong together: how many of the words they have, as they are and turned round."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.mixer import CodeMixer
from commit_llm.codemix.outcome import Counts

if TYPE_CHECKING:
    import pyarrow as pa

FEW = 0.05  # share of words below which something is likely to be wrong


def complaint(mixer: CodeMixer, counts: Counts, columns: "Mapping[str, pa.Array | pa.ChunkedArray]") -> str | None:
    """Say what is wrong with dictionaries that have none, or nearly none, of a text's words; None if they have enough.

    counts: those of the columns, mixed.

    The text says how many words both directions have.
    """
    if not counts.words or counts.hits >= FEW * counts.words:
        return None
    names = ", ".join(dictionary.name for dictionary in mixer.dictionaries)
    share = counts.hits / counts.words
    turned_counts = Counts(*turned(mixer).mix_columns(columns)[1].sum(axis=0).tolist())
    turned_share = turned_counts.hits / max(1, turned_counts.words)
    shares = f"{names}: has {_percent(share)} of the data's words, and turned round {_percent(turned_share)}"
    if turned_share > max(share, FEW):
        return f"{shares}; take the dictionary of the other direction (en-el for English text, el-en for Greek)"
    return f"{shares}; its source language must be the data's own (en-el for English text, el-en for Greek)"


def turned(mixer: CodeMixer) -> CodeMixer:
    """Make a mixer from the dictionaries' targets into their sources."""
    dictionaries = [
        BilingualDictionary.from_pairs(
            ((target, source) for source, targets in dictionary.translations.items() for target in targets),
            f"{dictionary.name}, turned round",
        )
        for dictionary in mixer.dictionaries
    ]
    source, target, *_ = mixer.vocabulary.directions[0]
    languages = f"{target}-{source}" if mixer.settings.languages and source and target else None
    settings = dataclasses.replace(mixer.settings, languages=languages, dictionary_control="none")
    return CodeMixer(dictionaries, settings)


def _percent(share: float) -> str:
    return "none" if share == 0 else f"{100 * share:.1f} %"
