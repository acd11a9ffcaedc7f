"""A comparison as Markdown and as LaTeX."""

import re

from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
from commit_llm.report.comparison.markup import latex, markdown
from commit_llm.report.comparison.systems import read_systems
from tests.report.comparison.evaluations import evaluation


def test_markdown(compared):
    text = markdown(compared)
    lines = text.splitlines()
    tables = [line for line in lines if line.startswith("|")]
    widths = {len(re.split(r"(?<!\\)\|", line)) for line in tables}
    assert widths == {7, 5}  # a system and its four columns; a system and two more; and the ends
    cell = compared.suites[0].cells["exact_match"]["commit"]["el"]
    assert f"{cell.score.value:.1f} [{cell.score.low:.1f}, {cell.score.high:.1f}]*" in text
    assert r"a\|b\_\&$x$\*\<i\>" in text
    assert "<i>" not in text


def test_latex(compared):
    text = latex(compared)
    assert r"a|b\_\&\$x\$*$<$i$>$" in text
    assert text.count("{") == text.count("}")
    rows = [line for line in text.splitlines() if line.endswith(r"\\")]
    assert {line.replace(r"\&", "").count("&") for line in rows} == {4}
    assert "$^{*}$" in next(row for row in rows if row.startswith("commit"))


def test_latex_takes_no_name_for_an_option(tmp_path):
    given = [f"{name}={evaluation(tmp_path / str(seed), 0.5, seed)}" for seed, name in enumerate(("[2cm]", "*"))]
    text = latex(compare_systems(read_systems(given), ComparisonSettings(resamples=200)))
    assert "\n{}[2cm] & " in text
    assert "\n{}* & " in text


def test_ranks_have_their_own_tables_and_say_what_chance_does(ranked):
    text, tables = markdown(ranked), latex(ranked)
    assert "## xquad_rank\n" in text
    assert "By chance the right answer is first in 33.3 (el), 33.3 (en) percent, and 50 percent of the pairs of" in text
    assert text.count("### right answer first\n") == text.count("### first without the context\n") == 1
    assert text.count("### exact match\n") == 1
    assert "xquad\\_rank, right answer first / first without the context / questions matched /" in tables
    assert "ogx\\_xquad, exact match / F1." in tables
