"""From an amount of mixing that is asked for to the draw probability that gives it: the explicit first pass."""

from collections.abc import Collection, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, NamedTuple

import numpy as np

from commit_llm.codemix.outcome import Counts, Outcome
from commit_llm.codemix.settings import amount
from commit_llm.errors import UserError

if TYPE_CHECKING:
    import pyarrow as pa

    from commit_llm.codemix.mixer import CodeMixer

CLOSE = {"share": 0.0005, "cmi": 0.05}  # near enough: a twentieth of a point
MOST_STEPS = 24  # each halves the interval
CHANGED = Counts._fields.index("changed")  # in style original a word may be replaced by itself
GRID = 10  # ratios that are looked at for the greatest code-mixing index


class Fit(NamedTuple):
    """requested and reached are shares in [0, 1] or code-mixing indices in [0, 50]; highest is what can be reached."""

    mixer: "CodeMixer"
    requested: float
    reached: float
    highest: float


def fit(
    mixer: "CodeMixer",
    columns: Mapping[str, "pa.Array | pa.ChunkedArray"],
    *,
    target_share: float | None = None,
    target_cmi: float | None = None,
    mixed_fields: Collection[str] | None = None,
) -> Fit:
    """The mixer with the ratio at which it replaces the share of unprotected words asked for.

    Or at which the examples' mean code-mixing index (see `mean_cmi`) is the one asked for: the lower of two ratios
    that give it, since the index falls again where most words are replaced. The texts are mixed with the mixer's own
    draws of the first epoch, so that the ratio gives on these very texts what was asked for, and nearly that on
    others like them.

    columns are texts by field, an example a row. Raises UserError where the amount cannot be reached, naming the
    highest that can.
    """
    what, requested = amount(target_share, target_cmi)
    measure, close = MEASURES[what], CLOSE[what]

    def counted(ratio: float) -> np.ndarray:
        return mixer.with_ratio(ratio).mix_columns(columns, mixed_fields=mixed_fields)[1]

    # The share grows with the ratio, the index only up to the ratio that gives the most.
    ratios = [1.0] if what == "share" else [step / GRID for step in range(1, GRID + 1)]
    highest, greatest = max(((measure(counted(ratio)), ratio) for ratio in ratios), key=itemgetter(0))
    if requested > highest + close:
        why = _why(counted(greatest))
        raise UserError(f"--target-{what} {requested}: the highest that can be reached is {highest:.4g} ({why})")
    low, high, ratio, reached = 0.0, greatest, greatest, highest
    for _ in range(MOST_STEPS):
        if abs(reached - requested) <= close:
            break
        low, high = (ratio, high) if reached < requested else (low, ratio)
        # In proportion where that stays within the interval, as the share of words nearly is; else halved.
        guess = ratio * requested / reached if reached else 0.0
        ratio = guess if low < guess < high else (low + high) / 2
        reached = measure(counted(ratio))
    ratio = round(ratio, 6)  # short enough to read and to type
    return Fit(mixer.with_ratio(ratio), requested, measure(counted(ratio)), highest)


def _why(counts: np.ndarray) -> str:
    """Where the words that cannot be replaced are."""
    total = Counts(*counts.sum(axis=0).tolist())
    parts = [
        (total.not_in_dictionary, "not in the dictionary"),
        (total.identity_only, "translated by themselves"),
        (total.name, "names or acronyms"),
        (total.skipped, "in the list to skip"),
        (total.not_drawn, "in examples that are left unmixed"),
    ]
    words = total.words
    if not words:
        return "there is no word to mix"
    return "of the words, " + ", ".join(f"{100 * n / words:.1f} % are {what}" for n, what in parts if n)


def share(counts: np.ndarray) -> float:
    """Replaced words (by another one) of all unprotected ones, in [0, 1]. counts: (examples, fields of Counts)."""
    words = int(counts[:, : Outcome.PROTECTED].sum())
    return int(counts[:, CHANGED].sum()) / words if words else 0.0


def mean_cmi(counts: np.ndarray) -> float:
    """Mean over the examples of their code-mixing index, in [0, 50] (Das and Gambäck, 2014; metrics.py).

    An example's words are one utterance; all translations count as one language. Examples without a word are left
    out.
    """
    words = counts[:, : Outcome.PROTECTED].sum(axis=1)
    changed = counts[:, CHANGED][words > 0]
    words = words[words > 0]
    return float(100 * np.mean(np.minimum(changed, words - changed) / words)) if len(words) else 0.0


MEASURES = {"share": share, "cmi": mean_cmi}
