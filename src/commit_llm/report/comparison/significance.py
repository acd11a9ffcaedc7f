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

AT_A_TIME = 512  # resamples: with 10,000 clusters a block of weights takes 40 MB
LEVEL = 0.95


class Estimate(NamedTuple):
    """Scores, or differences of scores, each with its 95 % interval.

    NaN where one cluster, or many that are all alike, tell nothing of others.
    """

    value: Float[ndarray, "K"]
    low: Float[ndarray, "K"]
    high: Float[ndarray, "K"]


class Difference(NamedTuple):
    """A difference to the baseline, and how often chance alone would make one as large, by two tests."""

    estimate: Estimate
    p_bootstrap: Float[ndarray, "K"]
    p_sign_flip: Float[ndarray, "K"]


class _Arm(NamedTuple):
    """What the resampling needs of an arm. shares: of each cluster in the scores, averaged over the seeds.

    deviations: of a cluster from what the score would give it; they sum to 0, and resampled they say how the score
    varies with the questions. effects: of each seed, less the part that is in the deviations already. variance: of
    their mean.
    """

    scores: Float[ndarray, "S K"]
    shares: Float[ndarray, "C K"]
    deviations: Float[ndarray, "C K"]
    kept: Float[ndarray, "K"]
    effects: Float[ndarray, "S K"]
    variance: Float[ndarray, "K"]


def compare(
    arms: Sequence[Float[ndarray, "S C L"]],
    counts: Float[ndarray, "C L"],
    columns: Float[ndarray, "L K"],
    baseline: int,
    *,
    resamples: int,
    seed: int = 0,
) -> tuple[list[Estimate], list[Difference | None]]:
    """Each arm's scores, and their differences to those of the baseline (None for the baseline itself).

    arms: for each seed, the sum of the scores of a cluster's questions in each language. counts: its questions there.
    columns: each result as a weighted sum of the languages' scores: the identity, a mean.

    Bootstrap: the clusters are drawn with replacement (deviations from the score are weighted: a score is a ratio of
    sums, taken as linear; Cochran 1977, ch. 2), and so are the seeds of each arm. Percentile intervals, made wider by
    Student's factor for the degrees of freedom of the two together (Satterthwaite 1946; Hesterberg 2015): five seeds
    say little of how seeds vary. p_bootstrap: how often a resample, made wider in the same way, is as far from the
    difference as that is from 0. All figures are on the scale of the scores.

    Sign flips: without a difference, a cluster could have been answered so by either arm: its difference keeps or
    changes its sign; all ways are counted where there are no more than `resamples`. Likewise the seeds of both arms
    could have been those of the other: they are dealt out anew. Seeds are dealt where both arms have several.
    """
    rng = np.random.default_rng(seed)
    clusters = np.maximum((counts[:, :, None] * (columns != 0) > 0).any(axis=1).sum(axis=0), 1)
    known = [_arm(totals, counts, columns) for totals in arms]
    base = known[baseline]
    others = [n for n in range(len(arms)) if n != baseline]
    width = columns.shape[1]
    stacked = [arm.deviations for arm in known] + [known[n].deviations - base.deviations for n in others]
    drawn = _draw_clusters(np.concatenate(stacked, axis=1), resamples, rng).reshape(resamples, len(stacked), width)
    drawn *= np.sqrt(clusters / np.maximum(clusters - 1, 1))
    seeds = [_draw_seeds(arm.effects, resamples, rng) for arm in known]

    estimates = [
        _estimate(arm.scores.mean(axis=0), drawn[:, n], seeds[n], [arm], clusters) for n, arm in enumerate(known)
    ]
    differences: list[Difference | None] = [None] * len(arms)
    several = any(len(arm.scores) > 1 for arm in known)  # seeds are dealt at random, so flips are drawn with them
    flipped = _flip([known[n].shares - base.shares for n in others], resamples, rng, all_ways=not several)
    for place, n in enumerate(others):
        arm, spread = known[n], drawn[:, len(known) + place]
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
    """p-values of a family of tests, raised so that each may be held to the level of one (Holm 1979). NaN stays.

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


def _arm(totals: Float[ndarray, "S C L"], counts: Float[ndarray, "C L"], columns: Float[ndarray, "L K"]) -> _Arm:
    number = counts.sum(axis=0)
    scores = totals.sum(axis=1) / number
    of_clusters = (totals - scores[:, None] * counts) / number @ columns
    shares = totals.mean(axis=0) / number @ columns
    scores = scores @ columns
    seeds, width = scores.shape
    if seeds == 1:
        nothing = np.zeros(width)
        return _Arm(scores, shares, of_clusters[0], nothing, np.zeros((1, width)), nothing)
    # Seeds differ also because each answers some questions otherwise by chance. That part is in the deviations of the
    # clusters already, and is taken out of what the seeds differ by (as two-way clustering does: Cameron, Gelbach and
    # Miller 2011).
    variance = scores.var(axis=0, ddof=1)
    by_chance = of_clusters.var(axis=0, ddof=1).sum(axis=0)
    share = np.divide(by_chance, variance, out=np.ones(width), where=variance > 0)
    kept = np.sqrt(np.clip(1 - share, 0, 1))
    effects = kept * (scores - scores.mean(axis=0)) * np.sqrt(seeds / (seeds - 1))
    return _Arm(scores, shares, of_clusters.mean(axis=0), kept, effects, kept**2 * variance / seeds)


def _draw_clusters(deviations: Float[ndarray, "C X"], resamples: int, rng: np.random.Generator) -> ndarray:
    """What each resample's clusters, drawn with replacement, deviate by: (resamples, X)."""
    number = len(deviations)
    even = np.full(number, 1 / number)
    sizes = [min(AT_A_TIME, resamples - start) for start in range(0, resamples, AT_A_TIME)]
    return np.concatenate([rng.multinomial(number, even, size).astype(np.float64) @ deviations for size in sizes])


def _draw_seeds(effects: Float[ndarray, "S K"], resamples: int, rng: np.random.Generator) -> Float[ndarray, "R K"]:
    """The mean effect of as many seeds, drawn with replacement; the same seeds in every column."""
    seeds = len(effects)
    if seeds == 1:
        return np.zeros((resamples, effects.shape[1]))
    drawn = rng.multinomial(seeds, np.full(seeds, 1 / seeds), resamples)
    return drawn @ effects / seeds


def _estimate(value: ndarray, spread: ndarray, seeds: ndarray, arms: Sequence[_Arm], clusters: ndarray) -> Estimate:
    tails = [(1 - LEVEL) / 2, (1 + LEVEL) / 2]
    low, high = np.quantile(spread + seeds, tails, axis=0) * _widening(spread, arms, clusters)
    # Every resample comes to the same where all clusters are alike (a score of 0 or 100): that is no certainty.
    nothing = (clusters == 1) | (np.ptp(spread + seeds, axis=0) < 1e-9)
    return Estimate(value, np.where(nothing, np.nan, value + low), np.where(nothing, np.nan, value + high))


def _widening(spread: ndarray, arms: Sequence[_Arm], clusters: ndarray) -> Float[ndarray, "K"]:
    """Student's quantile over the normal one, at Satterthwaite's degrees of freedom."""
    from scipy.special import ndtri, stdtrit

    of_clusters = spread.var(axis=0)
    total, by_freedom = of_clusters.copy(), of_clusters**2 / np.maximum(clusters - 1, 1)
    for arm in arms:
        total += arm.variance
        by_freedom += arm.variance**2 / max(len(arm.scores) - 1, 1)
    freedom = np.divide(total**2, by_freedom, out=np.full_like(total, 1e9), where=by_freedom > 0)
    quantile = (1 + LEVEL) / 2
    return stdtrit(freedom, quantile) / ndtri(quantile)


def _flip(
    differences: Sequence[Float[ndarray, "C K"]], resamples: int, rng: np.random.Generator, *, all_ways: bool
) -> list[ndarray]:
    """For each arm, what its difference is when each cluster's keeps or changes its sign: (resamples, K).

    All combinations, where that is wanted and there are no more of them.
    """
    together = np.concatenate(differences, axis=1)
    number = len(together)
    if all_ways and 2**number < resamples:
        signs = 1 - 2 * ((np.arange(2**number)[:, None] >> np.arange(number)) & 1)
        flipped = signs @ together
    else:
        sizes = [min(AT_A_TIME, resamples - start) for start in range(0, resamples, AT_A_TIME)]
        flipped = np.concatenate([(1.0 - 2 * rng.integers(0, 2, (size, number))) @ together for size in sizes])
    return np.split(flipped, len(differences), axis=1)


def _p_sign_flip(
    value: ndarray, flipped: ndarray, arm: _Arm, base: _Arm, resamples: int, rng: np.random.Generator
) -> Float[ndarray, "K"]:
    own, theirs = len(arm.scores), len(base.scores)
    if min(own, theirs) > 1:
        pool = np.concatenate([arm.scores, base.scores])
        effects = (pool - pool.mean(axis=0)) * np.sqrt((arm.kept**2 + base.kept**2) / 2)
        dealt = rng.permuted(np.tile(np.arange(own + theirs), (resamples, 1)), axis=1) < own
        flipped = flipped + np.where(dealt, 1 / own, -1 / theirs) @ effects
    as_far = (abs(flipped) >= abs(value) * (1 - 1e-9)).sum(axis=0)
    # Drawn at random, what was seen counts as one of the ways; of all ways it is one.
    return (1 + as_far) / (resamples + 1) if len(flipped) == resamples else as_far / len(flipped)
