"""Questions from the official XQuAD and MLQA files (SQuAD layout)."""

import json
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import UserError
from commit_llm.evaluate.tasks import Task


class Question(NamedTuple):
    """context_id is `article-paragraph`, counted from 0: the same in every language of XQuAD."""

    id: str
    context_id: str
    context: str
    question: str
    references: tuple[str, ...]


def load_questions(task: Task, data_dir: str | None, limit: int | None = None) -> list[Question]:
    """A task's questions in file order, the first `limit` of them.

    Raises UserError where the file is missing, has another shape, or repeats an id.
    """
    if data_dir is None:
        raise UserError(f"{task.name}: say where the data is with --data-dir DIR; it must hold {task.files()[0]}")
    candidates = [Path(data_dir) / name for name in task.files()]
    path = next((candidate for candidate in candidates if candidate.is_file()), None)
    if path is None:
        raise UserError(f"{task.name}: no {task.files()[0]} in {data_dir}")
    questions = read_squad(path)
    if limit is not None and limit < 1:
        raise UserError(f"--limit {limit}: must be at least 1")
    return questions[:limit]


def read_squad(path: Path) -> list[Question]:
    """Every question of a file in SQuAD layout, texts untouched (a leading U+FEFF stays)."""
    try:
        articles = json.loads(path.read_bytes().decode("utf-8"))["data"]
        questions = [
            Question(
                _text(question["id"]),
                f"{a}-{p}",
                _text(paragraph["context"]),
                _text(question["question"]),
                tuple(_text(answer["text"]) for answer in question["answers"]),
            )
            for a, article in enumerate(articles)
            for p, paragraph in enumerate(article["paragraphs"])
            for question in paragraph["qas"]
        ]
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 at byte {error.start}") from None
    except json.JSONDecodeError as error:
        raise UserError(f"{path}:{error.lineno}: malformed JSON: {error.msg}") from None
    except (KeyError, TypeError, AttributeError, RecursionError) as error:
        raise UserError(f"{path}: not in SQuAD layout (data, paragraphs, context, qas): {error!r}") from None
    if not questions:
        raise UserError(f"{path}: holds no question")
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise UserError(f"{path}: question id {question.id!r} stands there twice")
        if not question.references:
            raise UserError(f"{path}: question {question.id!r} has no answer to compare with")
        seen.add(question.id)
    return questions


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{str(value)[:40]!r} is no text")
    return value
