"""Write the tables of docs/study.md from the results that come with the studies.

python -m tests.study.page_tables
"""

import re
from collections import defaultdict
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.evaluate.results import mean_and_error
from commit_llm.files.json_text import read_json_object
from commit_llm.files.records import read_records
from tests.conftest import ROOT

PAGE = ROOT / "docs" / "study.md"
RESULTS = ROOT / "studies" / "results"
BEGIN, END = "<!-- {}: python -m tests.study.page_tables -->\n", "<!-- end of {} -->\n"
BASELINE, SEEDS = "alpaca", range(3)
# The name of a study on the page -> its folder of results, and its language.
STUDIES = {"Spanish": ("smollm2-cpu", "es"), "Greek": ("smollm2-cpu-el", "el"), "Alpaca": ("smollm2-cpu-alpaca", "es")}
# How the page names an arm.
ARMS = {
    "untuned": "untuned",
    "alpaca": "`alpaca` (unmixed)",
    "alpaca-2e-5": "`alpaca`, learning rate 2e-5",
    "alpaca-3e-4": "`alpaca`, learning rate 3e-4",
    "commit-0.15": "0.15 of all words",
    "commit-0.3": "0.3 of all words",
    "commit-0.7": "`commit`, ratio 0.7",
    "commit": "`commit`, ratio 0.9",
    "codemix-naive": "ratio 0.9, in the template too",
    "commit-half-unmixed": "ratio 0.9, half of the examples unmixed",
    "commit-rising": "ratio rising to 0.9",
    "commit-annotated": "ratio 0.9, annotated",
    "commit-beside-text": "ratio 0.9, beside text in the language",
    "commit-noise": "ratio 0.9, the paper's dropouts and forgetful masking",
    "commit-shuffled": "ratio 0.9, shuffled dictionary",
}
RANKS = ("first", "first_without_context", "matched", "matched_without_context")

# The values of a task's figure in [0, 1], by question.
Values = dict[tuple[str, str], dict[str, float]]


class Trial(NamedTuple):
    """Hold a trial's results.

    values: by task and figure; contexts: of questions, by id; entries: of results.json, by task.
    """

    training: Mapping[str, Any]
    entries: Mapping[str, Mapping[str, Any]]
    values: Values
    contexts: dict[str, str]


def read_trials(folder: Path) -> dict[tuple[str, int], Trial]:
    """Read the trials of a study's results, by arm and seed, arms in the order of the page."""
    trials = {}
    for path in folder.rglob("trial.json"):
        results = read_json_object(path.with_name("results.json"))
        values, contexts = defaultdict[tuple[str, str], dict[str, float]](dict), {}
        for row in read_records(path.with_name("predictions.jsonl")):
            contexts[row["id"]] = row["context_id"]
            for name, value in row.items():
                if isinstance(value, int | float):
                    values[row["task"], name][row["id"]] = value if isinstance(value, bool) else value / 100
        training = results["model"]["training"] or [{}]
        made_of = read_json_object(path)["made_of"]
        trials[made_of["arm"], made_of["seed"]] = Trial(training[-1], results["tasks"], dict(values), contexts)
    order = list(ARMS)
    return dict(sorted(trials.items(), key=lambda item: (order.index(item[0][0]), item[0][1])))


def _figure(values: Mapping[str, float], contexts: Mapping[str, str], sign: str = "") -> str:
    """Write a mean with its error over contexts."""
    figures = mean_and_error("mean", list(values.values()), [contexts[key] for key in values])
    return f"{figures['mean']:{sign}.1f} ± {figures['mean_stderr']:.1f}"


def _table(heads: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    lines = [heads, ["---"] * len(heads), *rows]
    return "".join(re.sub(r"\|  \|", "| |", f"| {' | '.join(line)} |") + "\n" for line in lines)


def _named(rows: Sequence[tuple[str, Sequence[str]]]) -> list[list[str]]:
    """Write the name of an arm in the first of its rows alone."""
    return [["" if place and rows[place - 1][0] == name else name, *cells] for place, (name, cells) in enumerate(rows)]


def ranks(trials: Mapping[tuple[str, int], Trial], language: str) -> str:
    """Write the ranks of every trial."""
    task = f"xquad_rank_{language}"
    rows = [
        (
            ARMS[arm],
            [
                str(seed),
                *(f"{trial.training[name]:,}" if trial.training else "-" for name in ("steps", "tokens")),
                *(_figure(trial.values[task, name], trial.contexts) for name in RANKS),
            ],
        )
        for (arm, seed), trial in trials.items()
    ]
    heads = ("arm", "seed", "steps", "tokens", "first", "first, no context", "matched", "matched, no context")
    return _table(heads, _named(rows))


def answers(trials: Mapping[tuple[str, int], Trial], language: str) -> str:
    """Write what the answers of every trial are, in the language and in English."""
    own, english = f"xquad_instruct_{language}", "xquad_instruct_en"
    rows = []
    for (arm, seed), trial in trials.items():
        cells, entry = [str(seed)], trial.entries[own]
        for task in (own, english):
            f1 = trial.entries[task]["f1"]
            cells.append(f"{_figure(trial.values[task, 'exact_match'], trial.contexts)}, {f1:.1f}")
        shares = entry["answer_language"]
        of_language = " / ".join(f"{shares[name]:.0f}" for name in ("target", "english", "other", "unknown"))
        cells[2:2] = [f"{entry['exact_match_english_only']:.1f}", of_language, f"{entry['in_context']:.0f}"]
        rows.append((ARMS[arm], cells))
    heads = (
        "arm", "seed", f"exact match, F1 ({language})", "right in English only",
        "in the language / English / another / unknown", "in the context", "exact match, F1 (en)",
    )  # fmt: skip
    return _table(heads, _named(rows))


def differences(trials: Mapping[tuple[str, int], Trial], language: str) -> str:
    """Write the paired differences of every arm to the baseline, of each seed that both have and of all of them.

    Below them stand those between seeds of the baseline: what chance and the sample change alone.
    """
    keys = _keys(trials, language)
    rows = []
    for arm in dict.fromkeys(arm for arm, _ in trials):
        seeds = [seed for seed in SEEDS if {(arm, seed), (BASELINE, seed)} <= trials.keys()]
        for group in [[seed] for seed in seeds] + ([seeds] if len(seeds) > 1 else []):
            pairs = [(trials[arm, seed], trials[BASELINE, seed]) for seed in group]
            if arm != BASELINE:
                rows.append((ARMS[arm], [", ".join(map(str, group)), *_differences(pairs, keys)]))
    for one, other in ((1, 0), (2, 0), (2, 1)):
        if {(BASELINE, one), (BASELINE, other)} <= trials.keys():
            pair = (trials[BASELINE, one], trials[BASELINE, other])
            rows.append((f"{ARMS[BASELINE]} with another seed", [f"{one} - {other}", *_differences([pair], keys)]))
    heads = [f"minus {ARMS[BASELINE]}", "seeds", "first", "first, no context", "matched", "matched, no context"]
    heads += [f"{'F1' if name == 'f1' else 'exact match'} ({task[-2:]})" for task, name in keys[len(RANKS) :]]
    return _table(heads, _named(rows))


def _keys(trials: Mapping[tuple[str, int], Trial], language: str) -> list[tuple[str, str]]:
    """List what is compared: ranks, and answers where the trials have them."""
    ranked = [(f"xquad_rank_{language}", name) for name in RANKS]
    return ranked + [(task, name) for task in _answered(trials, language) for name in ("exact_match", "f1")]


def _answered(trials: Mapping[tuple[str, int], Trial], language: str) -> list[str]:
    """List the tasks that were answered in words, in the language and in English."""
    asked = next(iter(trials.values())).entries
    return [task for task in (f"xquad_instruct_{language}", "xquad_instruct_en") if task in asked]


def _differences(pairs: Sequence[tuple[Trial, Trial]], keys: Sequence[tuple[str, str]]) -> list[str]:
    """Write the mean over pairs of trials of each question's difference."""
    cells = []
    for key in keys:
        means = {
            question: sum(one.values[key][question] - other.values[key][question] for one, other in pairs) / len(pairs)
            for question in pairs[0][0].values[key]
        }
        cells.append(_figure(means, pairs[0][0].contexts, "+"))
    return cells


def tables() -> dict[str, str]:
    """Give the tables of the page by name. A study without answers has no table of them."""
    written = {}
    for name, (folder, language) in STUDIES.items():
        trials = read_trials(RESULTS / folder)
        written[f"{name} ranks"] = ranks(trials, language)
        if _answered(trials, language):
            written[f"{name} answers"] = answers(trials, language)
        written[f"{name} differences"] = differences(trials, language)
    return written


def with_tables(page: str) -> str:
    """Give the page with the tables as the results have them."""
    for name, table in tables().items():
        begin, end = BEGIN.format(name), END.format(name)
        before, _, rest = page.partition(begin)
        _, closed, after = rest.partition(end)
        assert closed, f"docs/study.md has no place for {name}"
        page = f"{before}{begin}{table}{end}{after}"
    return page


if __name__ == "__main__":
    PAGE.write_text(with_tables(PAGE.read_text(encoding="utf-8")), encoding="utf-8")
