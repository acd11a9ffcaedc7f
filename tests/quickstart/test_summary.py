"""The table that the quickstart prints."""

from commit_llm.quickstart.measure import ArmScores, LanguageScores
from commit_llm.quickstart.summary import table


def test_the_table_lines_up():
    greek = LanguageScores(79.5, 1.0, 80.5, 99.0, 1.0, 0.0, 0.0, 240)
    english = LanguageScores(0.0, 62.0, 62.0, 100.0, 0.0, 0.0, 0.0, 240)
    arms = {arm: ArmScores(greek, english) for arm in ("alpaca", "codemix-naive", "commit")}
    lines = table(arms).splitlines()
    assert {tuple(n for n, c in enumerate(line) if c == "|") for line in lines[:5]} == {
        tuple(n for n, c in enumerate(lines[0]) if c == "|")
    }
    assert lines[4].split() == ["commit", "|", "79.5", "80.5", "99.0", "1.0", "|", "0.0", "62.0", "100.0"]
