"""Say what the row of each new piece is made of: shares of old rows of the embedding, or of the head.

pieces         ' γάτα' was  ' γ' 'ά' 'τα'     a third of each
translations   γάτα -> cat, kitty             half of ' cat', a quarter of each of ' kit' 'ty'
both           half of one, half of the other
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Literal

from commit_llm.vocabulary.growable import Growable

Initialise = Literal["pieces", "translations", "both"]
Shares = dict[int, float]  # of old rows, by id; their sum is 1


def of_pieces(old: Growable, pieces: Sequence[str]) -> list[Shares]:
    """Make each new row the mean of the rows that its text had before."""
    return [_mean(old.ids_of_piece(piece)) for piece in pieces]


def of_translations(
    old: Growable, new: Growable, pieces: Sequence[str], first_id: int, pairs: Iterable[tuple[str, str]]
) -> list[Shares | None]:
    """Make each new row the mean of the English words whose translations the piece is a part of.

    pairs: an English word, and a translation. It counts by the share of the translation's letters that the piece has.

    Gives None for a piece of no translation.
    """
    sums: defaultdict[int, Shares] = defaultdict(lambda: defaultdict(float))
    for source, target in pairs:
        english = _mean([number for word in old.words(f" {source}") for number in old.ids_of(word)])
        ids = [number for word in new.words(f" {target}") for number in new.ids_of(word)]
        for number in ids:
            if number < first_id or not english:
                continue
            share = len(pieces[number - first_id]) / len(target)
            for english_id, part in english.items():
                sums[number][english_id] += share * part
    return [_normalised(sums[number]) if number in sums else None for number in range(first_id, first_id + len(pieces))]


def joined(initialise: Initialise, by_pieces: Sequence[Shares], by_words: Sequence[Shares | None]) -> list[Shares]:
    """Choose what the rows are made of: of translations, or of these and the old pieces, half of each.

    A piece of no translation is made of its old pieces in any case.
    """
    rows = []
    for of_old, of_english in zip(by_pieces, by_words, strict=True):
        if of_english is None:
            rows.append(of_old)
        elif initialise == "translations":
            rows.append(of_english)
        else:
            ids = {**of_old, **of_english}
            rows.append({number: (of_old.get(number, 0.0) + of_english.get(number, 0.0)) / 2 for number in ids})
    return rows


def _mean(ids: Sequence[int]) -> Shares:
    shares: Shares = defaultdict(float)
    for number in ids:
        shares[number] += 1 / len(ids)
    return dict(shares)


def _normalised(sums: Shares) -> Shares:
    total = sum(sums.values())
    return {number: part / total for number, part in sums.items()}
