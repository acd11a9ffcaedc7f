"""The figures of a suite: scores, differences, outcomes and tests."""

import json
import re
from unittest import mock

import numpy as np
import pytest

from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
from commit_llm.report.comparison.figures import DAGGER, difference, mark, method, score
from commit_llm.report.comparison.machine_readable import table
from commit_llm.report.comparison.markup import latex, markdown
from commit_llm.report.comparison.output_folder import PAGE, write_comparison
from commit_llm.report.comparison.systems import read_systems
from commit_llm.runs.entries import MATCH_METRICS, RANK_METRICS
from tests.report.comparison.evaluations import AWKWARD, LANGUAGES, compare, evaluation, questions, with_ranks


def test_figures(compared):
    (suite,) = compared.suites
    assert (suite.columns, suite.mean_of, suite.clusters) == (["el", "th", "en", "mean"], ("el", "th"), 12)
    commit = next(system for system in compared.systems if system.name == "commit")
    cells = suite.cells["exact_match"]["commit"]
    el, th = (
        np.mean([run.tasks[f"ogx_xquad_{language}"]["exact_match"] for run in commit.runs]) for language in ("el", "th")
    )
    assert cells["el"].score.value == pytest.approx(el, abs=0.01)
    assert cells["mean"].score.value == pytest.approx((el + th) / 2, abs=0.01)
    for cell in cells.values():
        assert cell.score.low < cell.score.value < cell.score.high
        assert cell.difference.low < cell.difference.value < cell.difference.high
        assert cell.differs == (max(cell.p_sign_flip, cell.p_bootstrap) < 0.05)
    assert cells["el"].differs
    assert cells["el"].difference.value == pytest.approx(
        cells["el"].score.value - suite.cells["exact_match"]["alpaca"]["el"].score.value
    )
    assert all(cell.difference is None for cell in suite.cells["f1"]["alpaca"].values())


def test_right_in_english(compared):
    (suite,) = compared.suites
    run = compared.systems[-1].runs[0]
    rows = run.rows["ogx_xquad_el"].values()
    english = sum(row["prediction"] == "Athens" for row in rows)
    found = suite.outcomes[AWKWARD]
    assert list(found) == ["el", "th"]
    assert found["el"].english == pytest.approx(100 * english / len(rows))
    assert sum(found["el"]) == pytest.approx(100)


def test_right_in_english_only_where_all_systems_know(tmp_path):
    """One was evaluated without the English references beside: it has no such table, and neither has the other."""
    one, two = (evaluation(tmp_path / name, 0.5, seed) for seed, name in enumerate(("one", "two")))
    path = two / "predictions.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        if row["task"].endswith("el"):
            del row["exact_match_english"]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    for given in ((one, two), (two, one)):
        found = compare_systems(read_systems(map(str, given)), ComparisonSettings(resamples=200))
        assert [list(shares) for shares in found.suites[0].outcomes.values()] == [["th"], ["th"]]
    write_comparison(found, tmp_path / "out")


def test_right_in_both_is_right_in_the_language(tmp_path):
    """Such as a year."""
    folders = [evaluation(tmp_path / name, 0.5, seed) for seed, name in enumerate("ab")]
    path = folders[1] / "predictions.jsonl"
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    for row in rows:
        row["exact_match_english"] = 100.0
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    found = compare_systems(read_systems(map(str, folders)), ComparisonSettings(resamples=200)).suites[0]
    right = found.cells["exact_match"]["b"]["el"].score.value
    assert found.outcomes["b"]["el"] == pytest.approx((right, 100 - right, 0))


def test_holm_is_over_languages(folders):
    """Those of a system and metric, together; the mean is a test of its own."""
    with mock.patch("commit_llm.report.comparison.suite_scores.holm", side_effect=lambda p: p * 0 + 0.03) as raised:
        found = compare_systems(read_systems(folders), ComparisonSettings(resamples=200))
    assert {len(call.args[0]) for call in raised.call_args_list} == {len(LANGUAGES)}
    cells = found.suites[0].cells["f1"][AWKWARD]
    assert {cells[language].p_sign_flip for language in LANGUAGES} == {0.03}
    assert {cells[language].p_bootstrap for language in LANGUAGES} == {0.03}
    assert cells["mean"].p_sign_flip > 0.03


def test_one_context_tells_nothing_of_others(tmp_path):
    """No interval and no test, and no NaN in any file."""

    def one(language):
        return list(questions(language, contexts=1))

    folders = [evaluation(tmp_path / name, 0.5, seed, ("el",), asked=one) for seed, name in enumerate("ab")]
    found = compare_systems(read_systems(map(str, folders)), ComparisonSettings(resamples=200))
    cell = found.suites[0].cells["f1"]["b"]["el"]
    assert (cell.score.low, cell.p_sign_flip, cell.differs) == (None, None, False)
    write_comparison(found, tmp_path / "out")
    texts = [path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir() if path.suffix != ".png"]
    assert not any(re.search(r"\bnan\b", text, re.I) for text in texts)


@pytest.mark.slow
def test_one_seed_on_a_side_is_a_difference_of_checkpoints(tmp_path):
    """No star, whichever side has the one seed; every form of the output says what it is."""
    several = [f"several={evaluation(tmp_path / f's{seed}', 0.2, seed, ('el',))}" for seed in range(3)]
    alone = f"alone={evaluation(tmp_path / 'one', 0.9, 9, ('el',))}"
    for arguments in ([*several, alone], [alone, *several], [several[0], alone]):
        found = compare_systems(read_systems(arguments), ComparisonSettings(resamples=500))
        cell = found.suites[0].cells["exact_match"][found.names[1]]["el"]
        assert max(cell.p_sign_flip, cell.p_bootstrap) < 0.05
        assert (cell.differs, cell.checkpoints_differ) == (False, True)
        shown = [mark(cell), difference(cell)[-1], score(cell)[-1]]
        assert shown == [DAGGER] * 3
        assert f"{DAGGER}: so too, but with one seed on a side" in method(found)
        assert markdown(found).count(f"]{DAGGER}") == 2  # exact match and F1
        assert r"$^{\dagger}$" in latex(found)
        assert ",checkpoints\n" in table(found)
        write_comparison(found, tmp_path / "out", overwrite=True)
        page = (tmp_path / "out" / PAGE).read_text(encoding="utf-8")
        assert (page.count("▲ "), page.count(f"{DAGGER}</span>")) == (0, 2)


def test_only_several_seeds_have_a_star(compared):
    (suite,) = compared.suites
    for name, cells in suite.cells["exact_match"].items():
        assert all(not cell.differs for cell in cells.values()) or name == "commit"
        assert all(not cell.checkpoints_differ for cell in cells.values()) or name == AWKWARD


def test_tasks_that_rank_have_scores_of_their_own(ranked):
    written, given = ranked.suites
    assert (written.name, list(written.cells), dict(written.chance)) == ("ogx_xquad", ["exact_match", "f1"], {})
    assert (given.name, list(given.cells)) == ("xquad_rank", [*RANK_METRICS, *MATCH_METRICS])
    assert given.chance == {"el": 33.33, "en": 33.33}
    for system in ranked.systems:
        for language, task in given.tasks.items():
            for metric, cells in given.cells.items():
                expected = system.runs[0].tasks[task][metric]
                assert cells[system.name][language].score.value == pytest.approx(expected, abs=0.01)
    assert not any(given.outcomes.values())


def test_where_one_side_has_no_pairs_the_others_scores_are_compared(ranks, tmp_path):
    """Such as of a version that did not match questions."""
    other = with_ranks(evaluation(tmp_path / "other", 0.5, 3), 0.5, 3, matched=False)
    assert list(compare(ranks[0], other).suites[1].cells) == list(RANK_METRICS)
