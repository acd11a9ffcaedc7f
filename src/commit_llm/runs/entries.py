"""The entries of results.json: what each must hold. The file may come from anywhere, and its names stand in paths."""

import re
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

from commit_llm.codemix.ratio_schedule import is_written_ratio
from commit_llm.errors import UserError

MEAN = "mean"  # the last column of a comparison; no language is called so
# Scores that every task has, and what tables call them: one that the model answers, and one whose answers it ranks.
METRICS = {"exact_match": "exact match", "f1": "F1"}
RANK_METRICS = {"first": "right answer first", "first_without_context": "first without the context"}
# Scores that tasks that rank have where a context has two questions that can be matched with their answers.
MATCH_METRICS = {"matched": "questions matched", "matched_without_context": "matched without the context"}
RANK_SUITE = "_rank"  # the end of the name of a suite of tasks that rank
LARGEST = 10**15  # examples, tokens, questions, steps
SHOWN = 40  # characters of a wrong value

Check = Callable[[Any], bool]


def is_score(value: Any) -> bool:
    """Tell whether a value is a figure on the scale of 0 to 100."""
    return isinstance(value, int | float) and not isinstance(value, bool) and 0 <= value <= 100


def metrics_of(suite: Any) -> dict[str, str]:
    """Give the scores that the tasks of a suite have, and what tables call them. The first is 0 or 100 of an answer.

    >>> list(metrics_of("xquad_instruct")), list(metrics_of("xquad_rank"))
    (['exact_match', 'f1'], ['first', 'first_without_context'])
    """
    return RANK_METRICS if isinstance(suite, str) and suite.endswith(RANK_SUITE) else METRICS


def shared_metrics(suite: str, entries: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Give the scores that all these entries of a suite have, and what tables call them."""
    entries = list(entries)
    return metrics_of(suite) | {
        name: label for name, label in MATCH_METRICS.items() if all(name in entry for entry in entries)
    }


def is_line(value: Any) -> bool:
    """Tell whether a value is text that can stand in a line."""
    return isinstance(value, str) and value.isprintable() and len(value) <= 1000


def is_many(answers: int | None, items: int) -> bool:
    """Tell whether so many of a task's answers are empty, or cut, that a reader of its scores must know."""
    return answers is not None and answers > items / 10


def _is_name(value: Any) -> bool:
    return isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,59}", value) is not None


def _is_number(value: Any) -> bool:
    return type(value) is int and 0 <= value < LARGEST


def _is_shares(value: Any) -> bool:
    """Tell whether a value holds the shares of languages, and the number of questions that they are of."""
    if not isinstance(value, dict) or not _is_number(value.get("items")):
        return False
    return all(is_score(share) for kind, share in value.items() if kind != "items")


def _or_none(check: Check) -> Check:
    return lambda value: value is None or check(value)


ENTRY: dict[str, Check] = {
    "suite": _is_name,
    "language": lambda value: _is_name(value) and value != MEAN,
    "task_version": lambda value: is_line(value) or (type(value) in (int, float) and abs(value) < LARGEST),
    "limit": _or_none(_is_number),
    "prompts_sha256": is_line,
    "signature": is_line,
    "items": lambda value: _is_number(value) and value > 0,
}
COUNTS = ("contexts", "contaminated_contexts", "truncated", "empty", "cut", "per_context", "left_out")
ENTRY_MAY: dict[str, Check] = {
    **dict.fromkeys(COUNTS, _or_none(_is_number)),
    **dict.fromkeys(("in_context", "exact_match_english_only", "chance", *MATCH_METRICS), _or_none(is_score)),
    "answer_language": _or_none(_is_shares),
    "language_identifier": _or_none(is_line),
    "template_sha256": _or_none(is_line),
}
STAGE_MAY: dict[str, Check] = {
    "data": _or_none(lambda value: isinstance(value, str)),
    "ratio": _or_none(is_written_ratio),
    "ways": _or_none(lambda value: isinstance(value, str)),
    "examples": _or_none(_is_number),
    "tokens": _or_none(_is_number),
}


def require_entries(path: Path, model: Mapping[str, Any], tasks: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise UserError where an entry is missing or of another type. It names file, place and value."""
    for name, entry in tasks.items():
        if not is_line(name) or ("suite" in entry and not _is_name(name)):
            raise UserError(f"{path}: a task is called {ascii(name)[:SHOWN]}; evaluate again with this version")
        if "suite" in entry:
            _require(path, name, entry, ENTRY | dict.fromkeys(metrics_of(entry["suite"]), is_score), ENTRY_MAY)
    _require(path, "model", model, {"fingerprint": is_line}, {})
    training = model.get("training")
    if training is None:
        return
    if not isinstance(training, list) or not all(isinstance(stage, dict) for stage in training):
        raise UserError(f"{path}: malformed: training is not a list of stages; evaluate again with this version")
    for number, stage in enumerate(training, 1):
        _require(path, f"stage {number} of training", stage, {}, STAGE_MAY)


def _require(
    path: Path, of: str, entry: Mapping[str, Any], must: Mapping[str, Check], may: Mapping[str, Check]
) -> None:
    for name, check in {**must, **may}.items():
        if name in must and name not in entry:
            raise UserError(f"{path}: {of} has no {name}; evaluate again with this version")
        if not check(entry.get(name)):
            value = ascii(entry.get(name))[:SHOWN]
            raise UserError(f"{path}: {of} has {name} {value}, which cannot be; evaluate again with this version")
