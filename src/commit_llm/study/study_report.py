"""What a study ends with: a comparison in each language, and its tables as one Markdown file."""

from collections.abc import Sequence
from pathlib import Path

from commit_llm.files.whole import whole_file
from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
from commit_llm.report.comparison.comparison import Comparison
from commit_llm.report.comparison.markup import markdown
from commit_llm.report.comparison.output_folder import write_comparison
from commit_llm.report.comparison.systems import read_systems
from commit_llm.runs.chain import EVALUATION
from commit_llm.runs.entries import is_line
from commit_llm.runs.evaluation import RESULTS
from commit_llm.study.finished import read_made
from commit_llm.study.study_file import Study
from commit_llm.study.study_folder import ARMS, COMPARED, FINISHED, HOURS, TABLE
from commit_llm.study.trials import ANY, Trial


def report(study: Study, out: Path, trials: Sequence[Trial], *, allow_contamination: bool = False) -> list[Path]:
    """Compare the arms in each language, and write the tables. Gives the folders of the comparisons.

    trials: those that have results. A language with fewer than two arms is not compared.

    Raises UserError where evaluations are missing, malformed or not alike, as `compare` does.
    """
    compared, parts = [], [f"# Study in {', '.join(study.languages)}"]
    for language in study.languages:
        here = [trial for trial in trials if trial.language in (ANY, language)]
        arms = list(dict.fromkeys(trial.arm for trial in here))
        if len(arms) < 2:
            continue
        baseline = study.baseline if study.baseline in arms else arms[0]
        systems = read_systems([f"{trial.arm}={_evaluation(out, trial)}" for trial in here])
        settings = ComparisonSettings(baseline=baseline, allow_contamination=allow_contamination)
        comparison = compare_systems(systems, settings)
        folder = out / COMPARED / language
        folder.parent.mkdir(exist_ok=True)
        write_comparison(comparison, folder, overwrite=True)
        compared.append(folder)
        parts += ["", _in_language(comparison, language)]
    for name, lines in ((HOURS, _hours(out, trials)), (TABLE, parts)):
        with whole_file(out / name, overwrite=True) as new:
            new.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")
    return compared


def _evaluation(out: Path, trial: Trial) -> Path:
    """Give the evaluation of a trial: the whole one where it was made here, else the results without texts."""
    whole = out / ARMS / trial.folder / EVALUATION
    return whole if (whole / RESULTS).is_file() else out / FINISHED / trial.folder


def _in_language(comparison: Comparison, language: str) -> str:
    """Write a comparison's Markdown, its headings a level deeper, under the language's."""
    lines = markdown(comparison).splitlines()
    deeper = ["#" + line if line.startswith("#") else line for line in lines if line != "# Comparison"]
    return "\n".join([f"## {language}", *deeper])


def _hours(out: Path, trials: Sequence[Trial]) -> list[str]:
    """Write how long each trial took."""
    lines = [
        "| arm | training in | seed | hours of training | of evaluation | on | processor | version |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for trial in trials:
        made = read_made(out / FINISHED / trial.folder)
        hours = [_as_hours(made.get(f"{part}_seconds")) for part in ("training", "evaluating")]
        seed = str(trial.seed) if trial.stages else ""
        where = [_in_a_table(made.get(name)) for name in ("devices", "processor", "version")]
        lines.append(f"| {' | '.join([trial.arm, trial.language, seed, *hours, *where])} |")
    return lines


def _in_a_table(value: object) -> str:
    """Write a word of results that may have been handed in: nothing else can stand in the table."""
    return value if isinstance(value, str) and is_line(value) and "|" not in value else "not known"


def _as_hours(seconds: object) -> str:
    return f"{seconds / 3600:.2f}" if isinstance(seconds, int) else "not known"
