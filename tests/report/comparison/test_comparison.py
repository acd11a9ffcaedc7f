"""A comparison: its figures against the answers, its clusters, notes and files."""

import csv
import io
import json
import re
from unittest import mock

import numpy as np
import pytest
from rich.console import Console

from commit_llm.errors import UserError
from commit_llm.report.comparison.caveats import trained_on
from commit_llm.report.comparison.clusters import clusters
from commit_llm.report.comparison.comparison import Settings, compare_systems
from commit_llm.report.comparison.comparison_terminal import show
from commit_llm.report.comparison.machine_readable import as_data, table
from commit_llm.report.comparison.markup import latex, markdown
from commit_llm.report.comparison.output_folder import MARKER, PAGE, write_comparison
from commit_llm.report.comparison.systems import read_systems
from tests.report.comparison.evaluations import TRAINED, change, evaluation, questions

LANGUAGES = ("el", "th", "en")
AWKWARD = "a|b_&$x$*<i>"


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    """Two systems of three seeds, one of one."""
    made = tmp_path_factory.mktemp("evaluations")
    given = []
    for seed in range(3):
        given += [f"alpaca={evaluation(made / f'a{seed}', 0.4, seed, LANGUAGES)}"]
        given += [f"commit={evaluation(made / f'c{seed}', 0.8, 10 + seed, LANGUAGES)}"]
    return [*given, f"{AWKWARD}={evaluation(made / 'one', 0.4, 20, LANGUAGES)}"]


@pytest.fixture(scope="module")
def compared(folders):
    return compare_systems(read_systems(folders), Settings(resamples=500))


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
        found = compare_systems(read_systems(map(str, given)), Settings(resamples=200))
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
    found = compare_systems(read_systems(map(str, folders)), Settings(resamples=200)).suites[0]
    right = found.cells["exact_match"]["b"]["el"].score.value
    assert found.outcomes["b"]["el"] == pytest.approx((right, 100 - right, 0))


def test_holm_is_over_languages(folders):
    """Those of a system and metric, together; the mean is a test of its own."""
    with mock.patch("commit_llm.report.comparison.comparison.holm", side_effect=lambda p: p * 0 + 0.03) as raised:
        found = compare_systems(read_systems(folders), Settings(resamples=200))
    assert {len(call.args[0]) for call in raised.call_args_list} == {len(LANGUAGES)}
    cells = found.suites[0].cells["f1"][AWKWARD]
    assert {cells[language].p_sign_flip for language in LANGUAGES} == {0.03}
    assert {cells[language].p_bootstrap for language in LANGUAGES} == {0.03}
    assert cells["mean"].p_sign_flip > 0.03


def test_clusters_are_joined_where_they_share_a_question():
    """MLQA's files each hold other contexts, with other numbers; its question ids are the same in all languages."""

    def rows(*pairs):
        return [{"id": id, "context_id": context} for id, context in pairs]

    tasks = {"en": rows(("a", "0-0"), ("b", "0-0"), ("c", "1-0")), "hi": rows(("b", "5-1"), ("d", "5-1"), ("e", "0-0"))}
    found, number = clusters(tasks, "context")
    assert number == 3
    assert found == {"en": [0, 0, 1], "hi": [0, 0, 2]}
    found, number = clusters({"en": rows(("a", "0-0"), ("b", "0-1"), ("c", "1-0"))}, "article")
    assert (found, number) == ({"en": [0, 0, 1]}, 2)
    with pytest.raises(UserError, match="--by article: en came from the hub"):
        clusters({"en": rows(("a", "7"))}, "article")


def test_by_article(folders):
    found = compare_systems(read_systems(folders), Settings(resamples=200, by="article"))
    assert found.suites[0].clusters == 4
    assert "4 articles" in markdown(found)


def test_suites_stand_apart(tmp_path):
    """The paper's tasks and those in the tuning prompt are never in one table."""

    def both(folder, seed):
        evaluation(folder, 0.5, seed)
        held = json.loads((folder / "results.json").read_text(encoding="utf-8"))
        rows = (folder / "predictions.jsonl").read_text(encoding="utf-8")
        evaluation(folder, 0.5, seed, ("el",), suite="xquad_instruct")
        with (folder / "predictions.jsonl").open("a", encoding="utf-8") as file:
            file.write(rows)
        change(folder, lambda other: other["tasks"].update(held["tasks"]))
        return str(folder)

    found = compare_systems(read_systems([both(tmp_path / "a", 1), both(tmp_path / "b", 2)]), Settings(resamples=200))
    assert {suite.name: list(suite.tasks) for suite in found.suites} == {
        "xquad_instruct": ["el"],
        "ogx_xquad": ["el", "th"],
    }


def test_notes(tmp_path, compared):
    assert compared.notes == (
        f"One seed only: {AWKWARD}. What is said of it holds for that checkpoint, not its method.",
    )
    one, two = evaluation(tmp_path / "one", seed=1), evaluation(tmp_path / "two", seed=2, training=None)
    several = [f"x={evaluation(tmp_path / str(seed), seed=seed)}" for seed in (7, 8)]
    notes = compare_systems(read_systems([str(one), *several]), Settings(resamples=200)).notes
    assert notes == (
        "one has one seed: differences are to that checkpoint, not to its method.",
        "Two seeds only: x. They say little of how seeds vary; take three or more.",
    )
    (seeds, unknown) = compare_systems(read_systems([str(one), str(two)]), Settings(resamples=200)).notes
    assert seeds.startswith("One seed a side: this is a difference between two checkpoints, not methods.")
    assert unknown == "Not known: what two was trained on, and whether that held the contexts."

    for folder in (one, two):
        change(folder, lambda held: [entry.update(contaminated_contexts=None) for entry in held["tasks"].values()])
    notes = compare_systems(read_systems([str(one), str(two)]), Settings(resamples=200)).notes
    assert "Not known: whether what one was trained on held the contexts." in notes

    def bfloat16(held):
        for entry in held["tasks"].values():
            entry["signature"] = entry["signature"].replace("float32", "bfloat16")

    change(two, bfloat16)
    notes = compare_systems(read_systems([str(one), str(two)]), Settings(resamples=200)).notes
    assert "Not all alike: products in bfloat16 and float32." in notes


def test_what_was_trained_on(tmp_path):
    align = TRAINED | {"data": "wiki.txt", "ratio": 0.5, "examples": 9, "tokens": 82_000_000}
    folders = [
        evaluation(tmp_path / "a", seed=1, training=(align, TRAINED)),
        evaluation(tmp_path / "b", seed=2, training=(align, TRAINED | {"tokens": 300_000})),
        evaluation(tmp_path / "c", seed=3, training=(TRAINED | {"ratio": 0},)),
        evaluation(tmp_path / "d", seed=4, training=None),
    ]
    two, one, none = read_systems([f"two={folders[0]}", f"two={folders[1]}", str(folders[2]), str(folders[3])])
    assert trained_on(two) == [
        "wiki.txt, mixed at ratio 0.5: 9 examples, 82,000,000 tokens",
        "alpaca.jsonl, mixed at ratio 0.9: 1,600 examples, 250,000 to 300,000 tokens",
    ]
    assert trained_on(one) == ["alpaca.jsonl: 1,600 examples, 250,000 tokens"]
    assert trained_on(none) == ["not known"]
    random = evaluation(tmp_path / "random", seed=5, training=())
    assert trained_on(read_systems([str(random), str(folders[0])])[0]) == ["nothing"]


def test_runs_of_one_name_that_are_not_seeds_of_one_recipe(tmp_path):
    """They may be compared, but nobody is told that they were trained as the first was."""
    one = evaluation(tmp_path / "one", seed=1)
    two = evaluation(tmp_path / "two", seed=2, training=(TRAINED, TRAINED | {"ratio": 0.5}))
    other = evaluation(tmp_path / "other", seed=3)
    found = compare_systems(read_systems([f"x={one}", f"x={two}", str(other)]), Settings(resamples=200))
    assert "The runs of x differ in more than the seed: what they were trained on is below." in found.notes
    assert [line.rpartition(" (")[2] for line in trained_on(found.systems[0])] == ["run 1)", "run 2)", "run 2)"]


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
    text = latex(compare_systems(read_systems(given), Settings(resamples=200)))
    assert "\n{}[2cm] & " in text
    assert "\n{}* & " in text


def test_very_many_languages(tmp_path):
    """A chart has a largest height: matplotlib draws none of more than 65,536 dots."""
    from commit_llm.report.comparison.score_charts import _size

    assert _size(1000, 8)[1] * 160 < 2**16


def test_csv(compared):
    rows = list(csv.DictReader(io.StringIO(table(compared))))
    assert len(rows) == 3 * 4 * 2
    row = next(row for row in rows if (row["system"], row["language"], row["metric"]) == ("commit", "th", "f1"))
    cell = compared.suites[0].cells["f1"]["commit"]["th"]
    assert float(row["difference_low"]) == pytest.approx(cell.difference.low, rel=1e-5)
    assert row["seeds"] == "3"
    assert next(row for row in rows if row["system"] == "alpaca")["difference"] == ""


def test_json(compared):
    data = json.loads(json.dumps(as_data(compared), allow_nan=False))
    found = data["suites"]["ogx_xquad"]["scores"]["f1"]["commit"]["mean"]
    assert found["difference"]["value"] == compared.suites[0].cells["f1"]["commit"]["mean"].difference.value
    assert len(data["signatures"]) == 7 * 3


def test_terminal(compared):
    """Every language and system has its line; a name with brackets is no markup."""
    console = Console(width=100, file=io.StringIO())
    show(compared, console)
    text = console.file.getvalue()
    assert text.count("commit ") >= 8
    assert AWKWARD in text
    assert max(map(len, text.splitlines())) <= 100
    cell = compared.suites[0].cells["f1"]["commit"]["mean"]
    assert f"{cell.score.value:.1f} [{cell.score.low:.1f}, {cell.score.high:.1f}]" in text


def test_one_context_tells_nothing_of_others(tmp_path):
    """No interval and no test, and no NaN in any file."""

    def one(language):
        return list(questions(language, contexts=1))

    folders = [evaluation(tmp_path / name, 0.5, seed, ("el",), asked=one) for seed, name in enumerate("ab")]
    found = compare_systems(read_systems(map(str, folders)), Settings(resamples=200))
    cell = found.suites[0].cells["f1"]["b"]["el"]
    assert (cell.score.low, cell.p_sign_flip, cell.differs) == (None, None, False)
    write_comparison(found, tmp_path / "out")
    texts = [path.read_text(encoding="utf-8") for path in (tmp_path / "out").iterdir() if path.suffix != ".png"]
    assert not any(re.search(r"\bnan\b", text, re.I) for text in texts)


def test_the_folder(compared, tmp_path):
    """Whole or not at all; only a comparison is overwritten."""
    names = write_comparison(compared, tmp_path / "out")
    assert {"scores.md", "scores.tex", "scores.csv", MARKER, PAGE, "ogx_xquad-scores.png"} <= set(names)
    assert (tmp_path / "out" / "ogx_xquad-languages.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(UserError, match="exists already"):
        write_comparison(compared, tmp_path / "out")
    assert write_comparison(compared, tmp_path / "out", overwrite=True) == names
    (tmp_path / "other").mkdir()
    (tmp_path / "other" / "thesis.tex").touch()
    with pytest.raises(UserError, match="holds something else"):
        write_comparison(compared, tmp_path / "other", overwrite=True)


def test_the_same_figures_every_time(folders, compared):
    again = compare_systems(read_systems(folders), Settings(resamples=500))
    assert as_data(again) == as_data(compared)
