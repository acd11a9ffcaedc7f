"""The table of scores, and the tasks that it warns of."""

import pytest

from commit_llm.cli.text.eval import scores_table

SCORES = {"exact_match": 12.5, "exact_match_stderr": 4.1, "f1": 20.25, "f1_stderr": 5.0, "items": 20, "truncated": 1}


@pytest.mark.parametrize(
    ("counts", "warning"),
    [
        ({}, None),  # of an evaluation that does not count them
        ({"empty": 2, "cut": 2}, None),
        ({"empty": 3, "cut": 0}, "warning: ogx_xquad_de: 3 of 20 answers are empty"),
        ({"empty": 0, "cut": 20}, "warning: ogx_xquad_de: 20 of 20 answers did not end within 256 tokens, and are cut"),
        (
            {"empty": 11, "cut": 3},
            "warning: ogx_xquad_de: 11 of 20 answers are empty, and 3 of 20 answers did not end within 256 tokens, "
            "and are cut",
        ),
    ],
)
def test_a_task_with_many_answers_that_are_empty_or_cut(counts, warning):
    table = scores_table({"ogx_xquad_de": SCORES | counts, "ogx_xquad_en": SCORES | {"empty": 0, "cut": 0}})
    assert table.splitlines()[3:] == ([] if warning is None else [warning])
