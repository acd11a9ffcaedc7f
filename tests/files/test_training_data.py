"""Training data by its name: a file, or a data set of the hub."""

import pytest

from commit_llm.errors import UserError
from commit_llm.files.training_data import load_data


def test_a_file_with_a_revision_is_refused(tmp_path):
    path = tmp_path / "a.txt"
    path.write_text("one\n")
    assert list(load_data(str(path))) == [{"text": "one"}]
    with pytest.raises(UserError, match=r"^--data-revision main: is for a data set of the hub, and .*a\.txt is a file"):
        load_data(str(path), revision="main")


def test_missing_data():
    with pytest.raises(UserError, match="no such data file"):
        load_data("./none")


@pytest.mark.slow
def test_hub_is_told_when_out_of_reach():
    with pytest.raises(UserError, match="nobody/nothing: neither a file here nor a data set loaded from the hub"):
        load_data("nobody/nothing")
