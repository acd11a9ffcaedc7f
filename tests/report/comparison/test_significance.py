"""Intervals and tests: small cases by hand, and in simulation the share of errors that they promise."""

import json
import os
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import binom, t

from commit_llm.report.comparison.significance import compare, holm
from tests.report.comparison.simulation import ARTICLES, CASES, PARAGRAPHS, simulate
from tests.tiers import in_long_tier

SHARED = Path(os.environ.get("COMMIT_SHARED", "../shared"))
OF_CI = [case for case in CASES if case.name in ("no difference, 3 seeds a side", "a difference, 5 seeds a side")]
OTHERS = [case for case in CASES if case not in OF_CI]


def one_column(*arms, counts=None, resamples=4000, baseline=-1):
    """Scores of one question a cluster; each arm is a list of seeds, each seed a list of scores."""
    totals = [np.array(arm, float)[:, :, None] for arm in arms]
    counts = np.ones(totals[0].shape[1]) if counts is None else np.array(counts)
    return compare(totals, counts[:, None], np.eye(1), baseline % len(arms), resamples=resamples)


def test_sign_flips_by_hand():
    """Differences 2, 1, 1, -1 come to 3. Of the 16 ways to sign them, 4 come to 3 or more, 4 to -3 or less."""
    ways = [2 * a + b + c + d for a in (1, -1) for b in (1, -1) for c in (1, -1) for d in (1, -1)]
    assert sorted(way for way in ways if abs(way) >= 3) == [-5, -3, -3, -3, 3, 3, 3, 5]
    _, (difference, base) = one_column([[2, 1, 1, 0]], [[0, 0, 0, 1]])
    assert base is None
    assert difference.p_sign_flip[0] == 8 / 16
    assert difference.estimate.value[0] == 3 / 4


def test_sign_flips_of_many_clusters():
    """15 of 20 clusters are ahead by one point each: the sign test, whose distribution is known."""
    ahead, behind = [1] * 15 + [0] * 5, [0] * 15 + [1] * 5
    _, (difference, _) = one_column([ahead], [behind], resamples=20_000)
    assert difference.p_sign_flip[0] == pytest.approx(2 * binom.cdf(5, 20, 0.5), abs=0.005)


def test_clusters_count_and_not_questions():
    """Ten questions of one cluster that all changed are one change."""
    _, (apart, _) = one_column([[1] * 10], [[0] * 10])
    _, (together, _) = one_column([[10, 0]], [[0, 0]], counts=[10, 1])
    assert apart.p_sign_flip[0] == 2 / 2**10
    assert together.p_sign_flip[0] == 1.0


def test_the_bootstrap_by_hand():
    """Two clusters with 0 and 100: a resample scores 0, 50, 50 or 100; one degree of freedom makes tails wide."""
    (estimate, _), _ = one_column([[0, 100]], [[0, 0]])
    half = 50 * np.sqrt(2) * t.ppf(0.975, 1) / 1.959964
    assert estimate.value[0] == 50
    assert (estimate.low[0], estimate.high[0]) == pytest.approx((50 - half, 50 + half), rel=1e-4)


def test_the_bootstrap_of_many_clusters():
    """As wide as the textbook's interval of a mean."""
    scores = np.random.default_rng(0).normal(50, 10, 400)
    (estimate, _), _ = one_column([scores.tolist()], [[0] * 400], resamples=20_000)
    half = 1.96 * scores.std(ddof=1) / 20
    assert estimate.high[0] - estimate.low[0] == pytest.approx(2 * half, rel=0.03)


def test_seeds_by_hand():
    """Every cluster is alike, so that only seeds vary: 252 ways to deal ten seeds to two sides, Welch's interval."""
    seeds = np.array([[50, 52, 54, 56, 58], [46, 48, 50, 51, 53]], float)
    arms = [np.repeat(arm[:, None], 30, axis=1).tolist() for arm in seeds]
    _, (difference, _) = one_column(*arms, resamples=40_000)
    pool, value = seeds.ravel(), seeds[0].mean() - seeds[1].mean()
    chosen = [[n >> k & 1 for k in range(10)] for n in range(1024) if bin(n).count("1") == 5]
    dealt = [pool[np.array(way) == 1].mean() - pool[np.array(way) == 0].mean() for way in chosen]
    assert difference.p_sign_flip[0] == pytest.approx(np.mean(np.abs(dealt) >= value - 1e-9), abs=0.01)
    variances = seeds.var(axis=1, ddof=1) / 5
    freedom = variances.sum() ** 2 / (variances**2 / 4).sum()
    half = t.ppf(0.975, freedom) * np.sqrt(variances.sum())
    assert difference.estimate.high[0] - value == pytest.approx(half, rel=0.05)


def test_one_seed_has_no_seeds_to_vary():
    alone = one_column([[60, 70, 50, 40]], [[50, 60, 60, 40]])[1][0]
    thrice = one_column([[60, 70, 50, 40]] * 3, [[50, 60, 60, 40]] * 3)[1][0]
    assert thrice.estimate.low[0] == pytest.approx(alone.estimate.low[0], abs=2)


def test_sign_flips_are_of_the_mean_over_seeds():
    """Two seeds that are right in one half each: together they are ahead in all 20 clusters, and not in ten."""
    halves = [[1] * 10 + [0] * 10, [0] * 10 + [1] * 10]
    _, (difference, _) = one_column(halves, [[0] * 20] * 2)
    assert difference.estimate.value[0] == 0.5
    assert difference.p_sign_flip[0] == 1 / 4001


def test_columns_and_their_mean():
    """Two languages of other sizes, their mean as a third column, and resamples that the languages share."""
    rng = np.random.default_rng(1)
    counts = np.array([[1, 2], [3, 2], [2, 4], [2, 2]] * 10)
    arms = [np.minimum(rng.integers(0, 3, (1, 40, 2)), counts) * 100.0 for _ in range(3)]
    columns = np.array([[1, 0, 0.5], [0, 1, 0.5]])
    estimates, differences = compare(arms, counts, columns, 1, resamples=500)
    for arm, estimate in zip(arms, estimates, strict=True):
        el, th = arm[0].sum(axis=0) / counts.sum(axis=0)
        assert estimate.value.tolist() == pytest.approx([el, th, (el + th) / 2])
    assert [difference is None for difference in differences] == [False, True, False]
    again = compare(arms, counts, columns, 1, resamples=500)[1][0]
    assert again.p_bootstrap.tolist() == differences[0].p_bootstrap.tolist()
    _, twins = compare([arms[0][:, :, :1].repeat(2, 2), arms[1][:, :, :1].repeat(2, 2)], counts[:, :1].repeat(2, 1),
                       columns, 1, resamples=500)  # fmt: skip
    assert len({round(float(width), 9) for width in twins[0].estimate.high - twins[0].estimate.low}) == 1


def test_a_single_cluster_says_nothing_of_others():
    estimates, (difference, _) = one_column([[1]], [[0]])
    assert np.isnan([estimates[0].low[0], difference.p_bootstrap[0], difference.p_sign_flip[0]]).all()


def test_no_difference_at_all():
    _, (difference, _) = one_column([[1, 0, 1]], [[1, 0, 1]])
    assert difference.p_bootstrap[0] == difference.p_sign_flip[0] == 1
    assert np.isnan([difference.estimate.low[0], difference.estimate.high[0]]).all()


def test_all_right_is_no_certainty():
    """Where all clusters are alike every resample is too: an interval of no width would promise too much."""
    estimates, (difference, _) = one_column([[100] * 20], [[0] * 20])
    assert np.isnan([estimates[0].low[0], estimates[1].high[0], difference.estimate.low[0]]).all()
    assert difference.p_sign_flip[0] < 0.001


@pytest.mark.parametrize(
    ("p", "raised"),
    [
        ([0.05], [0.05]),
        ([0.01, 0.02, 0.03, 0.04], [0.04, 0.06, 0.06, 0.06]),
        ([0.9, 0.001, 0.6], [1.0, 0.003, 1.0]),
        ([0.01, np.nan, 0.03], [0.02, np.nan, 0.03]),
    ],
)
def test_holm_by_hand(p, raised):
    assert holm(np.array(p)) == pytest.approx(raised, nan_ok=True)


def test_the_simulation_has_the_sizes_of_xquad():
    path = SHARED / "data" / "xquad" / "xquad.en.json"
    if not path.is_file():
        pytest.skip("needs the reference material (COMMIT_SHARED)")
    articles = [[len(p["qas"]) for p in article["paragraphs"]] for article in json.loads(path.read_text())["data"]]
    assert Counter(size for article in articles for size in article) == PARAGRAPHS
    assert Counter(map(sum, articles)) == ARTICLES


@pytest.mark.slow
@pytest.mark.parametrize("case", [*OF_CI, *in_long_tier(*OTHERS)], ids=lambda case: case.name)
def test_simulation(case):
    """Both tests reject at most 7 % at 0.05 without a difference; intervals hold the truth 93 to 97 times in 100.

    1,000 simulations say it within 1.4 points; docs/evaluation.md has the figures of 2,000. With two seeds on a side it
    is not so, which `compare` says. With three that differ otherwise than the five of the other side, sign flips alone
    reject too often, and both tests together do not.
    """
    found = simulate(case, 1000, 400)
    slack = 0.02 if min(case.seeds) == 2 or case.deviations[0] != case.deviations[1] else 0.0
    assert 0.93 - slack <= found.covered <= 0.97
    if case.ahead:
        assert found.star >= (0.5 if min(case.seeds) == 3 else 0.8)
    elif case.deviations[0] != case.deviations[1]:
        assert found.sign_flip > 0.1
        assert found.star <= 0.07 + slack
    else:
        assert max(found.bootstrap, found.sign_flip) <= 0.07 + slack
        assert found.mcnemar > 0.1
