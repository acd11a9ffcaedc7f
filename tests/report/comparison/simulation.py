"""Simulated evaluations whose truth is known: does a test reject as often as it says, does an interval hold the truth?

`python -m tests.report.comparison.simulation` prints the table of docs/evaluation.md.

An answer is right where a latent sum is above 0: of its context, its question, the arm on that context, the seed, the
seed on that context, and noise. The deviation of the seeds is chosen so that exact match differs by 2.4 points between
the seeds of an arm (standard deviation), with XQuAD's paragraphs.
"""

import sys
from typing import NamedTuple

import numpy as np
from scipy.stats import binom

from commit_llm.report.comparison.significance import compare

# XQuAD: how many paragraphs have how many questions (240, 1,190), and articles (48). The same in every language.
PARAGRAPHS = {1: 3, 2: 3, 3: 22, 4: 56, 5: 138, 6: 1, 8: 2, 9: 3, 10: 5, 12: 1, 13: 1, 14: 1, 15: 2, 16: 1, 17: 1}
ARTICLES = {
    8: 1, 16: 1, 17: 1, 18: 1, 19: 2, 20: 1, 21: 5, 22: 2, 23: 7, 24: 9, 25: 11, 26: 1, 30: 1, 32: 1, 35: 1, 36: 1,
    39: 1, 74: 1,
}  # fmt: skip


class Case(NamedTuple):
    """Describe two arms.

    seeds: of both.
    deviations: of the effect of a seed, in both (0.075: 2.4 points).
    ahead: what the first arm has ahead, latent.
    """

    name: str
    seeds: tuple[int, int]
    deviations: tuple[float, float] = (0.075, 0.075)
    ahead: float = 0.0
    sizes: dict[int, int] = PARAGRAPHS


class Found(NamedTuple):
    """Hold shares of the simulations: the interval holds the truth; a test has p < 0.05, or both tests that count have.

    difference: the true one, in points.
    """

    difference: float
    covered: float
    bootstrap: float
    sign_flip: float
    star: float
    mcnemar: float
    deviation_of_seeds: float


def answers(case, rng):
    """Right or wrong: (seeds of both arms, questions); and the cluster of each question."""
    sizes = np.repeat(list(case.sizes), list(case.sizes.values()))
    cluster = np.repeat(np.arange(len(sizes)), sizes)
    common = rng.normal(-0.1, 0.7, len(sizes))[cluster] + rng.normal(0, 0.9, len(cluster))
    rows = []
    for ahead, seeds, deviation in zip((case.ahead, 0.0), case.seeds, case.deviations, strict=True):
        of_arm = common + ahead + rng.normal(0, 0.35, len(sizes))[cluster]
        for _ in range(seeds):
            of_seed = rng.normal(0, deviation) + rng.normal(0, 0.35, len(sizes))[cluster]
            rows.append(of_arm + of_seed + rng.normal(0, 0.5, len(cluster)) > 0)
    return np.array(rows), cluster


def simulate(case, simulations, resamples, seed=0):
    rng = np.random.default_rng(seed)
    own = case.seeds[0]
    drawn = [answers(case, rng)[0] for _ in range(300)] if case.ahead else []
    truth = 100 * np.mean([rows[:own].mean() - rows[own:].mean() for rows in drawn]) if drawn else 0.0
    found, deviations = [], []
    for number in range(simulations):
        rows, cluster = answers(case, rng)
        counts = np.bincount(cluster)[:, None]
        totals = np.array([np.bincount(cluster, 100.0 * row) for row in rows])[:, :, None]
        arms = [totals[:own], totals[own:]]
        _, (difference, _) = compare(arms, counts, np.eye(1), 1, resamples=resamples, seed=number)
        (_, low, high), by_bootstrap, by_sign_flip = difference
        found.append(
            (low[0] <= truth <= high[0], by_bootstrap[0] < 0.05, by_sign_flip[0] < 0.05,
             max(by_bootstrap[0], by_sign_flip[0]) < 0.05, mcnemar(rows[0], rows[own]) < 0.05)
        )  # fmt: skip
        deviations.append(rows[:own].mean(axis=1).var(ddof=1) if own > 1 else np.nan)
    return Found(float(truth), *np.mean(found, axis=0).tolist(), float(100 * np.sqrt(np.mean(deviations))))


def mcnemar(one, other):
    """Exact McNemar by question, two-sided."""
    better, worse = int((one & ~other).sum()), int((~one & other).sum())
    return min(1.0, 2 * binom.cdf(min(better, worse), better + worse, 0.5)) if better + worse else 1.0


ALIKE = (0.0, 0.0)
CASES = [
    Case("no difference, 5 seeds a side", (5, 5)),
    Case("no difference, 3 seeds a side", (3, 3)),
    Case("no difference, 5 seeds and 2", (5, 2)),
    Case("no difference, 3 seeds that differ much and 5 that do not", (3, 5), (0.15, 0.0375)),
    Case("no difference, 1 seed a side, seeds alike", (1, 1), ALIKE),
    Case("no difference, 5 seeds a side, seeds alike", (5, 5), ALIKE),
    Case("no difference, 5 seeds a side, by article", (5, 5), sizes=ARTICLES),
    Case("no difference, 1 seed a side, alike, by article", (1, 1), ALIKE, sizes=ARTICLES),
    Case("a difference, 5 seeds a side", (5, 5), ahead=0.22),
    Case("a difference, 3 seeds a side", (3, 3), ahead=0.22),
    Case("a difference, 3 seeds a side that differ much", (3, 3), (0.3, 0.3), ahead=1.5),
    Case("a difference, 1 seed a side, seeds alike", (1, 1), ALIKE, ahead=0.22),
]


def main():
    simulations = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    tests = ("bootstrap p < 0.05", "sign flip p < 0.05", "both", "McNemar p < 0.05")
    heads = ("true difference", "interval holds it", *tests)
    print(f"| case | seeds' standard deviation | {' | '.join(heads)} |\n|{' --- |' * (2 + len(heads))}")
    for case in CASES:
        found = simulate(case, simulations, 1000)
        shares = " | ".join(f"{100 * share:.1f} %" for share in found[1:6])
        seeds = "–" if np.isnan(found.deviation_of_seeds) else f"{found.deviation_of_seeds:.1f}"
        print(f"| {case.name} | {seeds} | {found.difference:.1f} | {shares} |", flush=True)


if __name__ == "__main__":
    main()
