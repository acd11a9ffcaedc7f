"""What is within the output of `commit-llm run`, and what it is called."""

import pytest

from commit_llm.runs.chain import EVALUATION, RUN, find_in_chain, name_of


@pytest.mark.parametrize(("inside", "folder"), [("greek", "greek"), ("greek/run", "greek"), ("greek/run", "greek/run")])
def test_the_run_within_the_output_of_run(tmp_path, inside, folder):
    (tmp_path / inside).mkdir(parents=True)
    (tmp_path / inside / "config.yaml").touch()
    assert find_in_chain(tmp_path / folder, RUN, "config.yaml") == tmp_path / inside
    assert name_of(tmp_path / inside, RUN) == "greek"


def test_what_is_not_there_stays_as_it_was_named(tmp_path):
    assert find_in_chain(tmp_path / "none", EVALUATION, "results.json") == tmp_path / "none"
    assert name_of(tmp_path / "run", EVALUATION) == "run"
