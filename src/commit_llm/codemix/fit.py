"""Find the ratio that gives an amount of mixing: the explicit first pass over texts."""

from collections.abc import Collection, Mapping
from operator import itemgetter
from typing import TYPE_CHECKING, Literal, NamedTuple

import numpy as np

from commit_llm.codemix.mixer import CodeMixer
from commit_llm.codemix.outcome import Counts, Outcome
from commit_llm.errors import SettingError, SettingName

if TYPE_CHECKING:
    import pyarrow as pa

CLOSE = {"share": 0.0005, "cmi": 0.05}  # near enough: a twentieth of a point
MOST_STEPS = 24  # each halves the interval
CHANGED = Counts._fields.index("changed")  # in style original a word may be replaced by itself
GRID = 10  # ratios that are tried for the greatest code-mixing index


class Fit(NamedTuple):
    """Hold a mixer with the ratio found, and amounts: shares in [0, 1], or code-mixing indices in [0, 50].

    requested: the amount asked for.
    reached: the amount that the mixer gives on the same texts.
    highest: the most that any ratio gives.
    """

    mixer: CodeMixer
    requested: float
    reached: float
    highest: float

    @property
    def ratio(self) -> float:
        """Give the ratio found."""
        return self.mixer.settings.last_ratio


def fit_ratio(
    mixer: CodeMixer,
    columns: Mapping[str, "pa.Array | pa.ChunkedArray"],
    *,
    target_share: float | None = None,
    target_cmi: float | None = None,
    mixed_fields: Collection[str] | None = None,
) -> Fit:
    """Find the ratio at which a mixer gives one of two amounts.

    columns: texts by field, an example a row.
    target_share: the share of unprotected words to be replaced or annotated, in (0, 1].
    target_cmi: the mean code-mixing index of the examples (see `mean_cmi`), in (0, 50]. Of two ratios that give it
        the lower one is taken, since the index falls again where most words are replaced.

    The texts are mixed with the mixer's own draws of the first epoch. So the ratio gives on these very texts what was
    asked for, and nearly that on others like them.

    Raises SettingError where the amount cannot be reached, naming the highest or the lowest that can. The index is
    not fitted where words are annotated: counts do not tell at which of them both languages stand.
    """
    what, requested = amount(target_share, target_cmi)
    measure, close = MEASURES[what], CLOSE[what]
    if what == "cmi" and mixer.settings.surface == "annotate":
        reason = ": annotated words stand beside their translations; ask for "
        raise SettingError(SettingName("target_cmi"), reason, SettingName("target_share"))

    def counted(ratio: float) -> np.ndarray:
        return mixer.with_ratio(ratio).mix_columns(columns, mixed_fields=mixed_fields)[1]

    # The share grows with the ratio, the index only up to the ratio that gives the most.
    ratios = [1.0] if what == "share" else [step / GRID for step in range(1, GRID + 1)]
    highest, greatest = max(((measure(counted(ratio)), ratio) for ratio in ratios), key=itemgetter(0))
    if requested > highest + close:
        reason = f"the highest that can be reached is {highest:.4g} ({_unreplaced(counted(greatest))})"
        raise SettingError(SettingName(f"target_{what}"), f" {requested}: {reason}")
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
    reached = measure(counted(ratio))
    if reached > requested + close and (lowest := measure(counted(0.0))) > requested + close:
        reason = f" {requested}: the lowest that can be reached is {lowest:.4g}, of sentences alone; lower "
        raise SettingError(SettingName(f"target_{what}"), reason, SettingName("sentence_ratio"))
    return Fit(mixer.with_ratio(ratio), requested, reached, highest)


def amount(target_share: float | None, target_cmi: float | None) -> tuple[Literal["share", "cmi"], float]:
    """Give the amount of mixing that is asked for: a share of words in (0, 1], or a mean index in (0, 50].

    Raises SettingError where it is out of its range, or not one of the two.
    """
    if target_share is not None and target_cmi is None:
        if not 0 < target_share <= 1:
            reason = f" {target_share}: the share of words to replace is above 0 and at most 1"
            raise SettingError(SettingName("target_share"), reason)
        return "share", target_share
    if target_cmi is not None and target_share is None:
        if not 0 < target_cmi <= 50:
            reason = f" {target_cmi}: the mean code-mixing index is above 0 and at most 50"
            raise SettingError(SettingName("target_cmi"), reason)
        return "cmi", target_cmi
    raise SettingError(SettingName("target_share"), " and ", SettingName("target_cmi"), ": ask for one of the two")


def _unreplaced(counts: np.ndarray) -> str:
    """Say where the words are that were not replaced. counts: (examples, numbers)."""
    total = Counts(*counts.sum(axis=0).tolist())
    if not total.words:
        return "there is no word to mix"
    shares = [
        f"{100 * total[outcome] / total.words:.1f} % {outcome.label}"
        for outcome in Outcome
        if outcome not in (Outcome.REPLACED, Outcome.PROTECTED) and total[outcome]
    ]
    return f"of the words, {', '.join(shares)}"


def share(counts: np.ndarray) -> float:
    """Give the share of unprotected words that are another word now, or annotated. counts: (examples, numbers)."""
    words = int(counts[:, : Outcome.PROTECTED].sum())
    return int(counts[:, CHANGED].sum()) / words if words else 0.0


def mean_cmi(counts: np.ndarray) -> float:
    """Give the mean over the examples of their code-mixing index, in [0, 50] (Das and Gambäck, 2014; metrics.py).

    An example's words are one utterance; all translations count as one language, also those of several languages,
    which metrics.py tells apart. Examples without a word are left out.
    """
    words = counts[:, : Outcome.PROTECTED].sum(axis=1)
    changed = counts[:, CHANGED][words > 0]
    words = words[words > 0]
    return float(100 * np.mean(np.minimum(changed, words - changed) / words)) if len(words) else 0.0


MEASURES = {"share": share, "cmi": mean_cmi}
