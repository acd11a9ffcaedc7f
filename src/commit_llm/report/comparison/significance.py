"""Intervals and tests for scores of arms with several seeds, over questions that come in clusters.

Two things vary. Questions of one context are answered alike, so a cluster (a context, or an article) is the unit and
not the question. And another seed gives another model, so an arm is what its seeds have in common. Both are resampled:
the clusters jointly for all arms and languages (they are paired), the seeds of each arm by themselves (they are not).
An arm of one seed has no seeds to resample: what is found then holds for that checkpoint.

Symbols: S seeds of an arm, C clusters, L columns of scores (a language each), K columns of results, R resamples.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

from commit_llm.report.comparison.resampling import Arm, deal_seeds, draw_clusters, draw_seeds, flip_signs, make_arm

CONFIDENCE = 0.95


class Estimate(NamedTuple):
    """Hold scores, or differences of scores, each with its 95 % interval.

    low, high: NaN where there is one cluster or all are alike, which says nothing about other clusters.
    """

    value: Float[ndarray, "K"]
    low: Float[ndarray, "K"]
    high: Float[ndarray, "K"]


class Difference(NamedTuple):
    """Hold a difference to the baseline, and how often chance alone would make one as large, by two tests."""

    estimate: Estimate
    p_bootstrap: Float[ndarray, "K"]
    p_sign_flip: Float[ndarray, "K"]


def compare(
    arms: Sequence[Float[ndarray, "S C L"]],
    counts: Float[ndarray, "C L"],
    columns: Float[ndarray, "L K"],
    baseline: int,
    *,
    resamples: int,
    seed: int = 0,
) -> tuple[list[Estimate], list[Difference | None]]:
    """Estimate each arm's scores, and their differences to those of the baseline (None for the baseline itself).

    arms: for each seed, the sum of the scores of a cluster's questions in each language.
    counts: the questions of a cluster in each language.
    columns: each result as a weighted sum of the languages' scores: the identity, a mean.

    Bootstrap: the clusters are drawn with replacement (deviations from the score are weighted: a score is a ratio of
    sums, taken as linear; Cochran 1977, ch. 2), and so are the seeds of each arm. Percentile intervals, made wider by
    Student's factor for the degrees of freedom of the two together (Satterthwaite 1946; Hesterberg 2015): five seeds
    say little of how seeds vary. p_bootstrap: how often a resample, made wider in the same way, is as far from the
    difference as that is from 0. All figures are on the scale of the scores.

    Sign flips: if the arms do not differ, either could have answered a cluster so. The difference of each cluster
    therefore keeps or changes its sign. All ways are counted where there are no more than `resamples`. Likewise the
    seeds of either arm could have been those of the other: they are dealt out anew, where both arms have several.
    """
    rng = np.random.default_rng(seed)
    clusters = np.maximum((counts[:, :, None] * (columns != 0) > 0).any(axis=1).sum(axis=0), 1)
    ready = [make_arm(totals, counts, columns) for totals in arms]
    base = ready[baseline]
    compared = [n for n in range(len(arms)) if n != baseline]
    width = columns.shape[1]
    stacked = [arm.deviations for arm in ready] + [ready[n].deviations - base.deviations for n in compared]
    drawn = draw_clusters(np.concatenate(stacked, axis=1), resamples, rng).reshape(resamples, len(stacked), width)
    drawn *= np.sqrt(clusters / np.maximum(clusters - 1, 1))
    seeds = [draw_seeds(arm.effects, resamples, rng) for arm in ready]

    estimates = [
        _estimate(arm.scores.mean(axis=0), drawn[:, n], seeds[n], [arm], clusters) for n, arm in enumerate(ready)
    ]
    differences: list[Difference | None] = [None] * len(arms)
    several = any(len(arm.scores) > 1 for arm in ready)  # seeds are dealt at random, so flips are drawn with them
    flipped = flip_signs([ready[n].shares - base.shares for n in compared], resamples, rng, all_ways=not several)
    for place, n in enumerate(compared):
        arm, spread = ready[n], drawn[:, len(ready) + place]
        value = arm.scores.mean(axis=0) - base.scores.mean(axis=0)
        of_seeds = seeds[n] - seeds[baseline]
        estimate = _estimate(value, spread, of_seeds, [arm, base], clusters)
        wide = _widening(spread, [arm, base], clusters) * (spread + of_seeds)
        p_bootstrap = (1 + (abs(wide) >= abs(value)).sum(axis=0)) / (resamples + 1)
        differences[n] = Difference(
            estimate,
            np.where(clusters > 1, p_bootstrap, np.nan),
            np.where(clusters > 1, _p_sign_flip(value, flipped[place], arm, base, resamples, rng), np.nan),
        )
    return estimates, differences


def holm(p: Float[ndarray, "N"]) -> Float[ndarray, "N"]:
    """Raise the p-values of a family of tests, for comparison with the level of one test (Holm 1979). NaN stays.

    >>> holm(np.array([0.01, 0.04, 0.03])).tolist()
    [0.03, 0.06, 0.06]
    """
    raised = np.full(len(p), np.nan)
    order = [n for n in np.argsort(p) if not np.isnan(p[n])]
    highest = 0.0
    for place, n in enumerate(order):
        highest = max(highest, min(1.0, (len(order) - place) * p[n]))
        raised[n] = highest
    return raised


def _estimate(value: ndarray, spread: ndarray, seeds: ndarray, arms: Sequence[Arm], clusters: ndarray) -> Estimate:
    tails = [(1 - CONFIDENCE) / 2, (1 + CONFIDENCE) / 2]
    low, high = np.quantile(spread + seeds, tails, axis=0) * _widening(spread, arms, clusters)
    # Every resample comes to the same where all clusters are alike (a score of 0 or 100): that is no certainty.
    nothing = (clusters == 1) | (np.ptp(spread + seeds, axis=0) < 1e-9)
    return Estimate(value, np.where(nothing, np.nan, value + low), np.where(nothing, np.nan, value + high))


def _widening(spread: ndarray, arms: Sequence[Arm], clusters: ndarray) -> Float[ndarray, "K"]:
    """Divide Student's quantile, at Satterthwaite's degrees of freedom, by the normal one."""
    from scipy.special import ndtri, stdtrit

    of_clusters = spread.var(axis=0)
    total, by_freedom = of_clusters.copy(), of_clusters**2 / np.maximum(clusters - 1, 1)
    for arm in arms:
        total += arm.variance
        by_freedom += arm.variance**2 / max(len(arm.scores) - 1, 1)
    freedom = np.divide(total**2, by_freedom, out=np.full_like(total, 1e9), where=by_freedom > 0)
    quantile = (1 + CONFIDENCE) / 2
    return stdtrit(freedom, quantile) / ndtri(quantile)


def _p_sign_flip(
    value: ndarray, flipped: ndarray, arm: Arm, base: Arm, resamples: int, rng: np.random.Generator
) -> Float[ndarray, "K"]:
    if min(len(arm.scores), len(base.scores)) > 1:
        flipped = flipped + deal_seeds(arm, base, resamples, rng)
    as_far = (abs(flipped) >= abs(value) * (1 - 1e-9)).sum(axis=0)
    # Drawn at random, what was seen counts as one of the ways; of all ways it is one.
    return (1 + as_far) / (resamples + 1) if len(flipped) == resamples else as_far / len(flipped)
