"""Clusters of questions: those of one context or article, in all languages that ask them."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from commit_llm.errors import UserError

By = Literal["context", "article"]


def clusters(tasks: Mapping[str, Sequence[Mapping[str, Any]]], by: By) -> tuple[dict[str, list[int]], int]:
    """Number the clusters from 0. Give the cluster of every row of every task, and the number of clusters.

    A cluster is a context (or article) of one language with the contexts of other languages that share a question
    with it. In XQuAD that is the same context in all languages. Question ids are the same in all languages. Context
    ids may differ, since each of MLQA's files has its own choice of contexts. Raises UserError where context ids name
    no article.
    """
    parent: dict[tuple[str, str], tuple[str, str]] = {}

    def root(node: tuple[str, str]) -> tuple[str, str]:
        while parent.setdefault(node, node) != node:
            parent[node] = parent[parent[node]]  # halves the way for the next time
            node = parent[node]
        return node

    of_question: dict[str, tuple[str, str]] = {}
    nodes: dict[str, list[tuple[str, str]]] = {}
    for task, rows in tasks.items():
        nodes[task] = [(task, _group(row["context_id"], task, by)) for row in rows]
        for row, node in zip(rows, nodes[task], strict=True):
            joined = root(of_question.setdefault(row["id"], node))
            parent[root(node)] = joined
    numbers: dict[tuple[str, str], int] = {}
    of_rows = {
        task: [numbers.setdefault(root(node), len(numbers)) for node in of_task] for task, of_task in nodes.items()
    }
    return of_rows, len(numbers)


def _group(context_id: str, task: str, by: By) -> str:
    if by == "context":
        return context_id
    article, separator, _ = context_id.rpartition("-")
    if not separator:
        raise UserError(
            f"--by article: {task} came from the hub, which does not say of which article a context is; evaluate with "
            "--data-dir, or compare --by context"
        )
    return article
