"""Which evaluations are seeds of one system, and what each is called."""

import pytest

from commit_llm.errors import UserError
from commit_llm.report.comparison.systems import read_systems
from tests.report.comparison.evaluations import evaluation


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


def test_the_same_model_is_not_two_seeds(tmp_path):
    for folder in ("a/x", "b/x"):
        evaluation(tmp_path / folder, 0.5, 1)
    evaluation(tmp_path / "c", 0.5, 2)
    with pytest.raises(UserError, match="are of the same model, not of two seeds"):
        read_systems([f"s={tmp_path}/a/x", f"s={tmp_path}/b/x", f"{tmp_path}/c"])
