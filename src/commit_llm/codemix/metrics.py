"""Measure how mixed a text is, as the code-switching literature does, over language tags.

    tokens   the  σκύλος  barks  at  http://x.gr  τα  παιδιά  |  a  dog
    tags      0      1      0     0      -1       1     1     |  0   0      -1: of no language
    offsets   0                                               7        9    a text's are tags[offsets[n]:offsets[n + 1]]

Tokens of no language (tag -1) are passed over everywhere: they are no words, and a switch is seen across them.
"""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from commit_llm.codemix.outcome import Outcome, Word


class MixingMetrics(NamedTuple):
    """Hold the measures of a corpus. cmi is 0 to 100 (at most 50 with two languages); the others are 0 to 1."""

    cmi: float
    m_index: float
    i_index: float
    spf: float


def code_mixing_index(tags: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Give the CMI of each utterance, float64 in [0, 100): the share of words that are not in its main language.

    CMI = 100 (1 - max_l n_l / (n - u)), n tokens, u of them of no language, n_l in language l; 0 where n = u (an
    empty utterance too). One token gives 0; two languages reach 50 at most.
    Das and Gambäck, "Identifying languages at the word level in code-mixed Indian social media text", ICON 2014.
    Gambäck and Das (LREC 2016) later add the switch points to it; that is not computed here.

    >>> code_mixing_index(np.array([0, 1, 0, 0, -1, 1, 1, 0, 0], np.int8), np.array([0, 7, 9]))
    array([50.,  0.])
    """
    counts = _counts(tags, offsets)
    words = counts.sum(axis=1)
    return np.where(words > 0, 100.0 * (1.0 - counts.max(axis=1, initial=0) / np.maximum(words, 1)), 0.0)


def switch_point_fraction(tags: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Give the SPF of each utterance, float64 in [0, 1]: switches of language per boundary between two words.

    SPF = #{i: l_i != l_(i+1)} / (w - 1) over the w words of the utterance; 0 where w < 2, where nothing can switch.
    Pratapa et al., "Language modeling for code-mixing: the role of linguistic theory based synthetic data", ACL 2018.

    >>> switch_point_fraction(np.array([0, 1, 0, 0, -1, 1, 1, 0, 0], np.int8), np.array([0, 7, 9]))
    array([0.6, 0. ])
    """
    switches, boundaries = _switches(tags, offsets)
    return switches / np.maximum(boundaries, 1)


def multilingual_index(tags: np.ndarray) -> float:
    """Give the M-index of a corpus, in [0, 1]: 0 is one language, 1 is all languages in equal parts.

    M = (1 - sum_l p_l^2) / ((k - 1) sum_l p_l^2), p_l being language l's share of the words and k the number of
    languages that occur; 0 where fewer than two do.
    Barnett et al., "The LIDES coding manual", International Journal of Bilingualism 4(2), 2000.

    >>> multilingual_index(np.array([0, 0, 0, 1, -1], np.int8))
    0.6
    """
    counts = np.bincount(tags[tags >= 0])
    counts = counts[counts > 0]
    if len(counts) < 2:
        return 0.0
    squares = float(np.sum((counts / counts.sum()) ** 2))
    return (1.0 - squares) / ((len(counts) - 1) * squares)


def integration_index(tags: np.ndarray, offsets: np.ndarray) -> float:
    """Give the I-index of a corpus, in [0, 1]: the probability that the language switches from one word to the next.

    I = 1 / (n - 1) sum_i [l_i != l_(i+1)] over the n words of the corpus; 0 where no word follows another.
    Guzmán et al., "Metrics for modeling code-switching across corpora", Interspeech 2017.
    This differs from the paper, whose corpus is one conversation: rows of a data set follow each other by chance, so
    only neighbours within an utterance are counted, above and below the line. With offsets [0, len(tags)] it is the
    paper's.

    >>> integration_index(np.array([0, 1, 0, 0, -1, 1, 1, 0, 0], np.int8), np.array([0, 7, 9]))
    0.5
    """
    switches, boundaries = _switches(tags, offsets)
    return float(switches.sum() / max(boundaries.sum(), 1))


def mixing_metrics(tags: np.ndarray, offsets: np.ndarray) -> MixingMetrics:
    """Give all four for a corpus. CMI and SPF are means over the utterances with a word of some language; 0 of none."""
    spoken = _counts(tags, offsets).sum(axis=1) > 0
    cmi, spf = (
        float(measure(tags, offsets)[spoken].mean()) if spoken.any() else 0.0
        for measure in (code_mixing_index, switch_point_fraction)
    )
    return MixingMetrics(cmi, multilingual_index(tags), integration_index(tags, offsets), spf)


def tags_of_words(utterances: Iterable[Sequence[Word]]) -> tuple[np.ndarray, np.ndarray]:
    """Give tags (int8) and offsets (int64) of mixed texts: one tag a word of the source text, in its place.

        the  σκύλος  barks  |  the  dog  (σκύλος)  barks     a replaced word, an annotated one
         0     1       0    |   0    0      1        0

    0 for a word that stays, -1 for a protected one. A replaced word has the number of its translation's language, in
    the order in which they occur, from 1; languages that are not known are one. It is one word, however many its
    translation has; phrases and sentences are as many as they have in the source. Of what is annotated both stand
    there: the source, and then the translation, as long.
    """
    numbers: dict[str | None, int] = {}
    rows = []
    for words in utterances:
        row: list[int] = []
        for word in words:
            if word.outcome is not Outcome.REPLACED or word.annotation is not None:
                row += [-1 if word.outcome is Outcome.PROTECTED else 0] * word.words
            if word.outcome is Outcome.REPLACED:
                row += [numbers.setdefault(word.language, len(numbers) + 1)] * word.words
            row += [-1] * word.protected
        rows.append(row)
    tags = np.array([tag for row in rows for tag in row], np.int8)
    return tags, np.cumsum([0, *map(len, rows)], dtype=np.int64)


def _counts(tags: np.ndarray, offsets: np.ndarray) -> np.ndarray:
    """Count the words of each language in each utterance, int64 (utterances, languages)."""
    languages = int(tags.max(initial=-1)) + 1
    utterances = len(offsets) - 1
    spoken = tags >= 0
    cell = np.repeat(np.arange(utterances), np.diff(offsets))[spoken] * languages + tags[spoken]
    return np.bincount(cell, minlength=utterances * languages).reshape(utterances, languages)


def _switches(tags: np.ndarray, offsets: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Count switches and boundaries of each utterance, int64, of its words alone."""
    utterances = len(offsets) - 1
    spoken = tags >= 0
    words, where = tags[spoken], np.repeat(np.arange(utterances), np.diff(offsets))[spoken]
    inside = where[1:] == where[:-1]
    switched = inside & (words[1:] != words[:-1])
    return tuple(np.bincount(where[1:][these], minlength=utterances) for these in (switched, inside))  # type: ignore[return-value]
