"""The three ways of tuning, compared as `commit-llm compare` does: the page that the quickstart ends with."""

from pathlib import Path

from commit_llm.pipeline import EVALUATION
from commit_llm.quickstart.experiment import ARMS
from commit_llm.report.comparison.comparison import Settings, compare_systems
from commit_llm.report.comparison.folder import PAGE, write_comparison
from commit_llm.report.comparison.systems import read_systems

COMPARISON = "comparison"


def compare_arms(out: Path) -> Path:
    """Write `out/comparison`; its page, to be opened in a browser."""
    systems = read_systems([f"{arm}={out / arm / EVALUATION}" for arm in ARMS])
    write_comparison(compare_systems(systems, Settings()), out / COMPARISON)
    return out / COMPARISON / PAGE
