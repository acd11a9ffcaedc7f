"""Every question with every system's answer, as compressed JSON within the comparison page."""

import base64
import gzip
import json
from collections.abc import Mapping
from typing import Any

from commit_llm.report.comparison.comparison import Comparison
from commit_llm.report.comparison.evaluated_run import RANKED_BY, has_texts
from commit_llm.runs.entries import RANK_METRICS

NOT_KEPT = "(not kept)"
Contexts = Mapping[tuple[str, str], str]


def packed_answers(comparison: Comparison, contexts: Contexts) -> str:
    """Pack the answers in letters that mean nothing to HTML: no text of an answer can end the page's element."""
    data = _data(comparison, contexts)
    plain = json.dumps(data, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "replace")
    return base64.b64encode(gzip.compress(plain, 6, mtime=0)).decode("ascii")


def _data(comparison: Comparison, contexts: Contexts) -> dict[str, Any]:
    """Gather what the list of questions shows.

    An answer is [text, exact match, F1, right in English]. Where the model ranks, it is [first candidate, whether that
    is the right one, how far up the right one is, 0, that in words].
    """
    runs = [(place, run) for place, system in enumerate(comparison.systems) for run in system.runs]
    tasks = []
    for suite in comparison.suites:
        for language, task in suite.tasks.items():
            first = next((rows for _, run in runs if _has_all_texts(rows := run.rows[task])), runs[0][1].rows[task])
            places = {id: place for place, id in enumerate(dict.fromkeys(row["context_id"] for row in first.values()))}
            tasks.append(
                {
                    "task": task,
                    "language": language,
                    "ranked": set(RANK_METRICS) <= set(suite.metrics),
                    "contexts": [contexts.get((task, id), NOT_KEPT) for id in places],
                    "questions": [
                        [
                            id,
                            places[row["context_id"]],
                            row.get("question", NOT_KEPT),
                            row.get("references", []),
                            [_answer(run.rows[task][id]) for _, run in runs],
                        ]
                        for id, row in first.items()
                    ],
                }
            )
    return {
        "systems": comparison.names,
        "baseline": comparison.names.index(comparison.baseline),
        "runs": [place for place, _ in runs],
        "tasks": tasks,
    }


def _has_all_texts(rows: Mapping[str, Mapping[str, Any]]) -> bool:
    return all(map(has_texts, rows.values()))


def _answer(row: Mapping[str, Any]) -> list[Any]:
    if "exact_match" not in row:
        return _ranked(row)
    english = int(row.get("exact_match_english") == 100 and row["exact_match"] < 100)
    return [row.get("prediction", NOT_KEPT), round(row["exact_match"]), round(row["f1"], 1), english]


def _ranked(row: Mapping[str, Any]) -> list[Any]:
    """Say where the right candidate is: 100 where it is the first, 0 where it is the last."""
    first = round(row["first"])
    if "candidates" not in row:
        return [NOT_KEPT, first, first, 0, f"right answer {'first' if first else 'not first'}"]
    candidates, right = row["candidates"], row["right"]
    with_context, without_context = (
        1 + sum(one[by] >= candidates[right][by] for place, one in enumerate(candidates) if place != right)
        for by in RANKED_BY
    )
    height = 100 * (len(candidates) - with_context) / max(1, len(candidates) - 1)
    words = f"right answer {with_context} of {len(candidates)}, without the context {without_context}"
    return [row["prediction"], first, round(height, 1), 0, words]
