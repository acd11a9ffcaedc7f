"""What is resampled: clusters of questions and seeds, drawn anew or with their signs flipped.

Symbols: S seeds of an arm, C clusters, L columns of scores (a language each), K columns of results, R resamples.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from jaxtyping import Float
from numpy import ndarray

AT_A_TIME = 512  # resamples: with 10,000 clusters a block of weights takes 40 MB


class Arm(NamedTuple):
    """Hold what the resampling needs of an arm.

    shares: of each cluster in the scores, averaged over the seeds.
    deviations: of a cluster from what the score would give it. They sum to 0. Resampled they say how the score varies
    with the questions.
    own: the factor by which the differences between seeds are reduced, since a part is in the deviations already.
    effects: of each seed, reduced by that factor.
    variance: of the mean effect.
    """

    scores: Float[ndarray, "S K"]
    shares: Float[ndarray, "C K"]
    deviations: Float[ndarray, "C K"]
    own: Float[ndarray, "K"]
    effects: Float[ndarray, "S K"]
    variance: Float[ndarray, "K"]


def make_arm(totals: Float[ndarray, "S C L"], counts: Float[ndarray, "C L"], columns: Float[ndarray, "L K"]) -> Arm:
    """Prepare an arm. totals: the summed scores of each cluster. counts: its questions. columns: as of `compare`."""
    number = counts.sum(axis=0)
    scores = totals.sum(axis=1) / number
    of_clusters = (totals - scores[:, None] * counts) / number @ columns
    shares = totals.mean(axis=0) / number @ columns
    scores = scores @ columns
    seeds, width = scores.shape
    if seeds == 1:
        nothing = np.zeros(width)
        return Arm(scores, shares, of_clusters[0], nothing, np.zeros((1, width)), nothing)
    # Seeds differ also because each answers some questions otherwise by chance. That part is in the deviations of the
    # clusters already, and is taken out of what the seeds differ by (as two-way clustering does: Cameron, Gelbach and
    # Miller 2011).
    variance = scores.var(axis=0, ddof=1)
    by_chance = of_clusters.var(axis=0, ddof=1).sum(axis=0)
    share = np.divide(by_chance, variance, out=np.ones(width), where=variance > 0)
    own = np.sqrt(np.clip(1 - share, 0, 1))
    effects = own * (scores - scores.mean(axis=0)) * np.sqrt(seeds / (seeds - 1))
    return Arm(scores, shares, of_clusters.mean(axis=0), own, effects, own**2 * variance / seeds)


def draw_clusters(deviations: Float[ndarray, "C X"], resamples: int, rng: np.random.Generator) -> Float[ndarray, "R X"]:
    """Draw clusters with replacement, and sum what they deviate by."""
    number = len(deviations)
    even = np.full(number, 1 / number)
    return np.concatenate(
        [rng.multinomial(number, even, size).astype(np.float64) @ deviations for size in _blocks(resamples)]
    )


def draw_seeds(effects: Float[ndarray, "S K"], resamples: int, rng: np.random.Generator) -> Float[ndarray, "R K"]:
    """Draw as many seeds with replacement, and average their effects. Every column has the same seeds."""
    seeds = len(effects)
    if seeds == 1:
        return np.zeros((resamples, effects.shape[1]))
    drawn = rng.multinomial(seeds, np.full(seeds, 1 / seeds), resamples)
    return drawn @ effects / seeds


def flip_signs(
    differences: Sequence[Float[ndarray, "C K"]], resamples: int, rng: np.random.Generator, *, all_ways: bool
) -> list[Float[ndarray, "R K"]]:
    """Sum the differences of the clusters, each with its sign kept or changed: the same signs for all arms.

    all_ways: take every combination of signs instead, where there are no more of them than resamples.
    """
    together = np.concatenate(differences, axis=1)
    number = len(together)
    if all_ways and 2**number < resamples:
        signs = 1 - 2 * ((np.arange(2**number)[:, None] >> np.arange(number)) & 1)
        flipped = signs @ together
    else:
        flipped = np.concatenate(
            [(1.0 - 2 * rng.integers(0, 2, (size, number))) @ together for size in _blocks(resamples)]
        )
    return np.split(flipped, len(differences), axis=1)


def deal_seeds(arm: Arm, base: Arm, resamples: int, rng: np.random.Generator) -> Float[ndarray, "R K"]:
    """Deal the seeds of two arms out anew, and give the difference of the arms' mean effects."""
    of_arm, of_base = len(arm.scores), len(base.scores)
    pool = np.concatenate([arm.scores, base.scores])
    effects = (pool - pool.mean(axis=0)) * np.sqrt((arm.own**2 + base.own**2) / 2)
    dealt = rng.permuted(np.tile(np.arange(of_arm + of_base), (resamples, 1)), axis=1) < of_arm
    return np.where(dealt, 1 / of_arm, -1 / of_base) @ effects


def _blocks(resamples: int) -> list[int]:
    return [min(AT_A_TIME, resamples - start) for start in range(0, resamples, AT_A_TIME)]
