"""Which questions belong together: those of a context or an article, in all languages in which they are asked."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal

from commit_llm.errors import UserError

By = Literal["context", "article"]


def clusters(tasks: Mapping[str, Sequence[Mapping[str, Any]]], by: By) -> tuple[dict[str, list[int]], int]:
    """The cluster of every row of every task, numbered from 0, and how many there are.

    A cluster is a context (or article) of a language together with those of other languages that share a question
    with it: in XQuAD, the same context in all languages. Question ids are the same in all languages, context ids need
    not be (MLQA's files each hold a choice of contexts). Raises UserError where context ids tell of no article.
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
            one, other = root(of_question.setdefault(row["id"], node)), root(node)
            parent[other] = one
    numbers: dict[tuple[str, str], int] = {}
    found = {
        task: [numbers.setdefault(root(node), len(numbers)) for node in of_task] for task, of_task in nodes.items()
    }
    return found, len(numbers)


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
