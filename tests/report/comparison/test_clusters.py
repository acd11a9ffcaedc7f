"""Clusters of questions: contexts and articles, joined over languages."""

import pytest

from commit_llm.errors import UserError
from commit_llm.report.comparison.clusters import clusters
from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
from commit_llm.report.comparison.markup import markdown
from commit_llm.report.comparison.systems import read_systems


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
    found = compare_systems(read_systems(folders), ComparisonSettings(resamples=200, by="article"))
    assert found.suites[0].clusters == 4
    assert "4 articles" in markdown(found)
