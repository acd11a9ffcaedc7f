"""Whether dictionaries and texts belong together: how many of the words they have, as they are and turned round."""

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING

from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.outcome import Counts

if TYPE_CHECKING:
    import pyarrow as pa

    from commit_llm.codemix.mixer import CodeMixer

FEW = 0.05  # share of words below which something is likely to be wrong


def complaint(mixer: "CodeMixer", counts: Counts, columns: "Mapping[str, pa.Array | pa.ChunkedArray]") -> str | None:
    """What to tell of dictionaries that have none, or nearly none, of a text's words; None where they have enough.

    counts are those of the columns, mixed. The coverage of both directions is in it.
    """
    if not counts.words or counts.hits >= FEW * counts.words:
        return None
    names = ", ".join(dictionary.name for dictionary in mixer.dictionaries)
    there = counts.hits / counts.words
    other = Counts(*turned(mixer).mix_columns(columns)[1].sum(axis=0).tolist())
    back = other.hits / max(1, other.words)
    found = f"{names}: has {_percent(there)} of the data's words, and turned round {_percent(back)}"
    if back > max(there, FEW):
        return f"{found}; take the dictionary of the other direction (en-el for English text, el-en for Greek)"
    return f"{found}; its source language must be the data's own (en-el for English text, el-en for Greek)"


def turned(mixer: "CodeMixer") -> "CodeMixer":
    """A mixer from the dictionaries' targets into their sources."""
    dictionaries = [
        BilingualDictionary.from_pairs(
            ((target, source) for source, targets in each.translations.items() for target in targets),
            f"{each.name}, turned round",
        )
        for each in mixer.dictionaries
    ]
    codes = [found for found in (mixer.directions[0].target, mixer.directions[0].source) if found]
    languages = "-".join(codes) if mixer.languages and len(codes) == 2 else None
    return dataclasses.replace(mixer, dictionary=dictionaries, languages=languages, control="none")


def _percent(share: float) -> str:
    return "none" if share == 0 else f"{100 * share:.1f} %"
