"""Say whether dictionaries, sentences and texts belong together: how many they share, as they are and turned round."""

import dataclasses
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, TypeAlias

from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.finding.sentences import find_sentences, sentence_key
from commit_llm.codemix.mixer import CodeMixer
from commit_llm.codemix.outcome import Counts

if TYPE_CHECKING:
    import pyarrow as pa

Columns: TypeAlias = "Mapping[str, pa.Array | pa.ChunkedArray]"

FEW = 0.05  # share of words below which something is likely to be wrong
LOOKED_AT = 1000  # examples whose sentences are looked up
OTHER_WAY = "(en-el for English text, el-en for Greek)"


def complaint(mixer: CodeMixer, counts: Counts, columns: Columns) -> str | None:
    """Say what is wrong with dictionaries that have none, or nearly none, of a text's words; None if they have enough.

    counts: those of the columns, mixed.

    Each dictionary is judged by itself, so that another does not hide one of the wrong direction. Beside others that
    have enough words, one may have few: a list of terms. The text says how many words both directions have. So is each
    file of sentences, which has none of the first 1,000 examples.
    """
    if not counts.words:
        return None
    complaints = [*_complaints_of_dictionaries(mixer, counts, columns), *_complaints_of_sentences(mixer, columns)]
    return ". ".join(complaints) or None


def _complaints_of_dictionaries(mixer: CodeMixer, counts: Counts, columns: Columns) -> Iterator[str]:
    enough = counts.hits >= FEW * counts.words
    several = len(mixer.dictionaries) > 1
    for dictionary in mixer.dictionaries:
        alone, own = mixer, counts
        if several or mixer.vocabulary.sentences:
            alone = CodeMixer(dictionary, mixer.settings, weights=None, sentence_weights=None)
            own = _counts(alone, columns)
        if message := _complaint_of_one(alone, own, columns, 0.0 if several and enough else FEW):
            yield message


def _complaints_of_sentences(mixer: CodeMixer, columns: Columns) -> Iterator[str]:
    if not mixer.vocabulary.sentences:
        return
    languages = mixer.vocabulary.source_languages
    texts = [text for column in columns.values() for text in column.slice(0, LOOKED_AT).to_pylist() if text]
    keys = {sentence_key(text[start:end]) for text in texts for start, end in find_sentences(text, languages)}
    for pairs in mixer.vocabulary.sentences:
        if keys.isdisjoint(pairs.translations):
            shares = f"{pairs.name}: has no sentence of the data's first {LOOKED_AT:,} examples"
            if keys.isdisjoint(map(sentence_key, pairs.translations.values())):
                yield f"{shares}; its sources are to be sentences of the data, one each {OTHER_WAY}"
            else:
                yield f"{shares}, but their translations; take the file of the other direction {OTHER_WAY}"


def _complaint_of_one(mixer: CodeMixer, counts: Counts, columns: Columns, needed: float) -> str | None:
    """Say what is wrong with the one dictionary of a mixer. needed: the share of words that it must have."""
    share = counts.hits / max(1, counts.words)
    if share >= FEW:
        return None
    turned_counts = _counts(turned(mixer), columns)
    turned_share = turned_counts.hits / max(1, turned_counts.words)
    name = mixer.dictionaries[0].name
    shares = f"{name}: has {_percent(share)} of the data's words, and turned round {_percent(turned_share)}"
    if turned_share > max(share, FEW):
        return f"{shares}; take the dictionary of the other direction {OTHER_WAY}"
    if share and share >= needed:
        return None
    whole_share = _share_with_skipped_words(mixer, columns)
    if whole_share >= FEW:
        of_words = f"{name}: has {_percent(whole_share)} of the data's words"
        return f"{of_words}, but --skip-words leaves {_percent(share)}; take words off its list"
    return f"{shares}; its source language must be the data's own {OTHER_WAY}"


def _share_with_skipped_words(mixer: CodeMixer, columns: Columns) -> float:
    """Give the share of words that a mixer would have if its settings named none to be skipped."""
    if not mixer.settings.skip_words:
        return 0.0
    settings = dataclasses.replace(mixer.settings, skip_words=frozenset())
    counts = _counts(CodeMixer(mixer.dictionaries, settings), columns)
    return counts.hits / max(1, counts.words)


def _counts(mixer: CodeMixer, columns: Columns) -> Counts:
    return Counts(*mixer.mix_columns(columns)[1].sum(axis=0).tolist())


def turned(mixer: CodeMixer) -> CodeMixer:
    """Make a mixer from the dictionaries' targets into their sources."""
    dictionaries = [
        BilingualDictionary.from_pairs(
            ((target, source) for source, targets in dictionary.translations.items() for target in targets),
            # Its name tells the languages.
            f"{languages.target}-{languages.source}" if languages.source and languages.target else dictionary.name,
        )
        for dictionary, languages in zip(mixer.dictionaries, mixer.vocabulary.directions, strict=True)
    ]
    source, target, *_ = mixer.vocabulary.directions[0]
    languages = f"{target}-{source}" if mixer.settings.languages and source and target else None
    settings = dataclasses.replace(
        mixer.settings, languages=languages, dictionary_control="none", sentence_weights=None, choice="uniform"
    )
    return CodeMixer(dictionaries, settings)


def _percent(share: float) -> str:
    return "none" if share == 0 else f"{100 * share:.1f} %"
