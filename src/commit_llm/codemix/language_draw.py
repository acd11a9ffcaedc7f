"""Draw one language for each example, where it is not drawn for each word (`draw_language`)."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commit_llm.codemix.dictionaries.lexicon import cumulated
from commit_llm.codemix.randomness import LANGUAGE, fold_all, hash64, unit_float


@dataclass(frozen=True)
class LanguageDraw:
    """Draw among languages.

    codes: of the languages; a file's name where its language is not known.
    weights: of the languages: that of all their dictionaries, or of their files of sentences where they have none.
    """

    codes: Sequence[str]
    weights: Sequence[float]

    def number(self, seed: int, epoch: int, row: int) -> int:
        """Give the number of an example's language."""
        drawn = unit_float(hash64(seed, epoch, row, LANGUAGE))
        return next(number for number, share in enumerate(cumulated(self.weights)) if drawn < share)

    def numbers(self, seed: int, epoch: int, rows: np.ndarray) -> np.ndarray:
        """Give those of several examples, int64.

        >>> draw = LanguageDraw(["el", "hi"], [3.0, 1.0])
        >>> rows = np.arange(50)
        >>> draw.numbers(7, 1, rows).tolist() == [draw.number(7, 1, row) for row in rows.tolist()]
        True
        """
        draws = fold_all(LANGUAGE, fold_all(hash64(seed, epoch), rows))  # fold gives the same for either order
        return np.searchsorted(cumulated(self.weights), (draws >> np.uint64(11)) * 2.0**-53, side="right")
