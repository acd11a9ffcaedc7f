"""Reading evaluations to compare: which are seeds of one system, and what cannot be compared."""

import json

import pytest

from commit_llm.errors import UserError
from commit_llm.report.comparison.comparison import Settings, compare_systems
from commit_llm.report.comparison.systems import read_contexts, read_systems
from commit_llm.runs.evaluation import CONTEXTS, PREDICTIONS, RESULTS
from tests.report.comparison.evaluations import change, evaluation


def compare(*given, **settings):
    return compare_systems(read_systems([str(one) for one in given]), Settings(resamples=200, **settings))


def edit_predictions(folder, edit):
    path = folder / PREDICTIONS
    rows = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    path.write_text("".join(json.dumps(row) + "\n" for row in edit(rows)), encoding="utf-8")


@pytest.fixture
def pair(tmp_path):
    return evaluation(tmp_path / "one", 0.5, 1), evaluation(tmp_path / "two", 0.6, 2)


def test_names_and_seeds(tmp_path):
    """A name of its own, that of the folder, that of the output of `run`; one NAME for several seeds."""
    for name, seed in (("a", 1), ("b", 2), ("chain/eval", 3), ("own", 4)):
        evaluation(tmp_path / name, 0.5, seed)
    given = [f"x=1={tmp_path}/a", f"x=1={tmp_path}/b", f"{tmp_path}/chain", f"{tmp_path}/own"]
    with pytest.raises(UserError, match="not an evaluation directory"):
        read_systems(given)  # a name ends at the first =
    systems = read_systems([one.replace("x=1=", "x=") for one in given])
    assert [(system.name, system.seeds) for system in systems] == [("x", 2), ("chain", 1), ("own", 1)]
    assert systems[1].runs[0].folder == tmp_path / "chain" / "eval"
    (tmp_path / "a=b").mkdir()
    evaluation(tmp_path / "a=b", 0.5, 5)
    assert read_systems([f"{tmp_path}/a=b", f"{tmp_path}/own"])[0].name == "a=b"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (["{}/one"], "one: one system only; name at least two"),
        (["x={}/one", "x={}/two"], "one system only"),
        (["{}/one", "{}/nothing"], "{}/nothing: not an evaluation directory (no results.json in it)"),
        (["{}/one", "{}/empty"], "{}/empty: not an evaluation directory"),
        (["{}/one", "{}/one/."], "given twice"),
        (["{}/one", "{}/other/one"], "{}/other/one: is called 'one', as {}/one is; give each a name, as NAME="),
        (["{}/one", "one={}/two"], "is called 'one'"),
        (["={}/one", "{}/two"], "a name is 1 to 60 printable characters"),
        (["a\x1b[31m={}/one", "{}/two"], "a name is 1 to 60 printable characters"),
        (["{}/one", "y" * 5000], "yyy: cannot be looked for (File name too long); name an evaluation directory"),
        (["{}/one", "{}/circle"], "{}/circle: "),
    ],
)
def test_what_is_given_is_wrong(pair, tmp_path, given, message):
    evaluation(tmp_path / "other" / "one", 0.5, 3)
    (tmp_path / "empty").mkdir()
    (tmp_path / "circle").symlink_to("circle")
    with pytest.raises(UserError) as error:
        read_systems([one.replace("{}", str(tmp_path)) for one in given])
    assert message.replace("{}", str(tmp_path)) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda held: held.update(schema=2), "written with schema 2, this version reads 3; evaluate again"),
        (lambda held: held.update(tasks={"belebele": {"metrics": {}}}), "none of its tasks can be compared"),
        (lambda held: held["model"].update(training=["x"]), "training is no list of stages"),
        (lambda held: held["tasks"]["ogx_xquad_el"].update(items=35), "has answers to 36 of the 35 questions"),
        (lambda held: held["tasks"]["ogx_xquad_el"].pop("f1"), "ogx_xquad_el has no f1; evaluate again"),
        (
            lambda held: held["tasks"]["ogx_xquad_el"].update(exact_match=99.0),
            "exact_match of ogx_xquad_el is 99.0 in results.json, and",
        ),
    ],
)
def test_results_that_cannot_be_read(pair, edit, message):
    change(pair[1], edit)
    with pytest.raises(UserError) as error:
        read_systems(map(str, pair))
    assert message in str(error.value)
    assert str(pair[1]) in str(error.value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("suite", "../x"), ("suite", "a\x1b[31mb"), ("suite", "\ud800"), ("suite", ["x"]), ("suite", None),
        ("suite", ".."), ("language", "mean"), ("language", "[red]"), ("language", "x" * 61),
        ("language", {}), ("language", "el\n"),
        ("exact_match", 10**400), ("exact_match", float("nan")), ("exact_match", "50"), ("f1", True), ("items", True),
        ("items", 36.0), ("limit", "a\nb"), ("limit", [36]), ("task_version", 10**400), ("task_version", float("nan")),
        ("task_version", "\x1b[31m"), ("prompts_sha256", None), ("signature", ["x"]), ("signature", "x" * 2000),
        ("contexts", "a\nb"), ("contaminated_contexts", "no"), ("contaminated_contexts", -1),
    ],
)  # fmt: skip
def test_entries_of_another_type(pair, name, value):
    """One line with file, place and value, whichever entry it is; never a traceback, nor an escape in the terminal."""
    change(pair[1], lambda held: held["tasks"]["ogx_xquad_el"].update({name: value}))
    with pytest.raises(UserError) as error:
        read_systems(map(str, pair))
    assert f"{pair[1] / RESULTS}: ogx_xquad_el has {name} {ascii(value)[:40]}, which cannot be" in str(error.value)
    assert str(error.value).isprintable()


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda held: held["model"].pop("fingerprint"), "model has no fingerprint"),
        (lambda held: held["model"].update(fingerprint=["x"]), "model has fingerprint ['x'], which cannot be"),
        (lambda held: held["model"]["training"][0].update(ratio=10**400), "stage 1 of training has ratio 1000"),
        (lambda held: held["model"]["training"][0].update(tokens="many"), "stage 1 of training has tokens 'many'"),
        (lambda held: held["model"]["training"][0].update(data=["x"]), "stage 1 of training has data ['x']"),
        (lambda held: held["tasks"].update({"a\nb": {}}), "a task is called 'a\\nb'"),
        (lambda held: held["tasks"].update({"a b": held["tasks"]["ogx_xquad_el"]}), "a task is called 'a b'"),
    ],
)
def test_models_and_names_of_another_type(pair, edit, message):
    change(pair[1], edit)
    with pytest.raises(UserError) as error:
        read_systems(map(str, pair))
    assert f"{pair[1] / RESULTS}: {message}" in str(error.value)


def test_a_language_stands_once_in_a_suite(pair):
    """Two tasks of one suite and language would be one column, and one of them be lost."""
    for folder in pair:
        change(folder, lambda held: held["tasks"]["ogx_xquad_th"].update(language="el"))
    with pytest.raises(UserError, match="ogx_xquad_el and ogx_xquad_th are both of suite ogx_xquad in language el"):
        compare(*pair)


@pytest.mark.parametrize("name", ["suite", "language"])
def test_all_say_the_same_of_a_task(pair, name):
    change(pair[1], lambda held: held["tasks"]["ogx_xquad_el"].update({name: "de"}))
    with pytest.raises(UserError, match=f"cannot be compared: {name} .* and de;"):
        compare(*pair)


@pytest.mark.parametrize(
    ("edit", "message"),
    [
        (lambda rows: rows[:-3], "has answers to 33 of the 36 questions of ogx_xquad_th"),
        (lambda rows: [*rows[:-1], rows[0]], "question 'q0-0' of ogx_xquad_el stands there twice"),
        (lambda rows: [{**rows[0], "exact_match": "100"}, *rows[1:]], "row 1 is no answer with its scores"),
        (lambda rows: [{**rows[0], "exact_match": 1e9}, *rows[1:]], "row 1 is no answer with its scores"),
        (lambda rows: [{**rows[0], "references": [1]}, *rows[1:]], "row 1 is no answer with its scores"),
        (lambda rows: [{**rows[0], "id": "other"}, *rows[1:]], "has no answer to 1 questions, such as 'q0-0'"),
    ],
)
def test_answers_that_are_not_whole(pair, edit, message):
    edit_predictions(pair[1], edit)
    with pytest.raises(UserError) as error:
        compare(*pair)
    assert message in str(error.value)


def test_files_that_are_missing_or_malformed(pair):
    (pair[1] / PREDICTIONS).unlink()
    with pytest.raises(UserError, match=r"predictions.jsonl: no such data file"):
        read_systems(map(str, pair))
    (pair[1] / RESULTS).write_text("[1]")
    with pytest.raises(UserError, match=r"results.json: malformed"):
        read_systems(map(str, pair))
    for row in (
        '{"task": "t"}',
        '{"task": [], "context_id": "0", "context": "x"}',
        '{"task": "t", "context_id": "0", "context": 1}',
    ):
        (pair[0] / CONTEXTS).write_text(f"{row}\n")
        with pytest.raises(UserError, match=r"contexts.jsonl: malformed"):
            read_contexts(pair[0])


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"limit": 36}, "limit none and 36"),
        ({"task_version": 2.0}, "task version 1.0 and 2.0"),
        ({"prompts_sha256": "0" * 64}, "and 00000000"),
    ],
)
def test_only_like_is_compared(pair, tmp_path, changes, message):
    other = evaluation(tmp_path / "other", 0.6, 2, **changes)
    with pytest.raises(UserError) as error:
        compare(pair[0], other)
    assert f"ogx_xquad_el: {pair[0]} and {other} cannot be compared: " in str(error.value)
    assert message in str(error.value)


@pytest.mark.parametrize("part", ["labels:el", "bos:no", "normaliser:squad-1.1", "decoding:greedy-256"])
def test_signatures_are_held_to_each_other(pair, part):
    def other(held):
        entry = held["tasks"]["ogx_xquad_el"]
        entry["signature"] = entry["signature"].replace(part, f"{part.split(':')[0]}:other")

    change(pair[1], other)
    with pytest.raises(UserError, match=f"{part.replace(':', ' ')} and other"):
        compare(*pair)


def test_the_same_model_is_not_two_seeds(tmp_path):
    for folder in ("a/x", "b/x"):
        evaluation(tmp_path / folder, 0.5, 1)
    evaluation(tmp_path / "c", 0.5, 2)
    with pytest.raises(UserError, match="are of the same model, not of two seeds"):
        read_systems([f"s={tmp_path}/a/x", f"s={tmp_path}/b/x", f"{tmp_path}/c"])


def test_contamination_is_refused_unless_allowed(pair, tmp_path):
    seen = evaluation(tmp_path / "seen", 0.9, 3, contaminated_contexts=2)
    with pytest.raises(UserError, match=r"seen, ogx_xquad_el: 2 of 12 contexts \(and 1 more\).*--allow"):
        compare(pair[0], seen)
    allowed = compare(pair[0], seen, allow_contamination=True)
    assert sum("2 of 12 contexts" in note for note in allowed.notes) == 2


def test_what_no_two_share(tmp_path):
    one, two = evaluation(tmp_path / "one", languages=("el",)), evaluation(tmp_path / "two", languages=("th",))
    with pytest.raises(UserError, match=r"no task was evaluated in all of them: .*one has ogx_xquad_el; .*two has"):
        compare(one, two)
    both = evaluation(tmp_path / "both", languages=("el", "th"))
    found = compare(both, two)
    assert [suite.columns for suite in found.suites] == [["th"]]
    assert "Not compared, since not all systems have answers to them here: ogx_xquad_el." in found.notes


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"baseline": "three"}, "--baseline three: no such system; there are one, two"),
        ({"resamples": 10}, "--resamples 10: must be 100 to 100000"),
        ({"resamples": 10**9}, "--resamples 1000000000: must be 100 to 100000"),
        ({"seed": -1}, "--seed -1: must be 0 or more"),
    ],
)
def test_settings_out_of_range(pair, settings, message):
    with pytest.raises(UserError, match=message):
        compare_systems(read_systems(map(str, pair)), Settings(**settings))
