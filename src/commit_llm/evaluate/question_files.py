"""Files and records of questions: the layout of SQuAD, rows of the hub, a user's own."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import UserError, shown
from commit_llm.files.data_format import require_data_file
from commit_llm.files.json_text import parse_json, utf8_of
from commit_llm.files.records import read_records


class Question(NamedTuple):
    """Hold a question, its context and its right answers.

    context_id: `article-paragraph`, both counted from 0. From the hub: the number of the context, counted from 0.
    It is the same in every language of XQuAD.
    references: right answers. There is at least one.
    """

    id: str
    context_id: str
    context: str
    question: str
    references: tuple[str, ...]


def read_squad(path: Path) -> list[Question]:
    """Read every question of a file in SQuAD layout. Texts stay as they are, a leading U+FEFF too."""
    try:
        articles = parse_json(utf8_of(path), path, half_characters=True)["data"]
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
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: not in SQuAD layout (data, paragraphs, context, qas): {error!r}") from None
    return checked(questions, str(path))


def read_own(path: Path) -> list[Question]:
    """Read a user's own questions: a file in SQuAD layout, or records of id, context, question and answers.

    A record without an id has its number for one. Its answers are a text, texts, or as the hub has them: {text: texts}.

    Raises UserError, naming the record, where one has another shape.
    """
    require_data_file(path)
    # As the name of a key; within a text the quotes would be escaped.
    if path.suffix.lower() == ".json" and '"paragraphs"' in utf8_of(path):
        return read_squad(path)
    return from_records(read_records(path), str(path))


def from_records(records: Sequence[Mapping[str, Any]], where: str) -> list[Question]:
    """Make questions of records of id, context, question and answers. where: they come from, for messages."""
    contexts: dict[str, int] = {}
    questions = []
    for number, record in enumerate(records, 1):
        try:
            id, context = record.get("id", number), _text(record["context"])
            question = Question(
                str(id) if isinstance(id, int) else _text(id),
                str(contexts.setdefault(context, len(contexts))),
                context,
                _text(record["question"]),
                tuple(map(_text, _answers(record["answers"]))),
            )
        except (KeyError, TypeError) as error:
            missing = f"no {error}" if isinstance(error, KeyError) else str(error)
            raise UserError(
                f"{where}: record {number}: {missing}; a question is a record of id, context, question and answers"
            ) from None
        if not context.strip():
            raise UserError(f"{where}: record {number}: its context is empty; questions are about a text")
        questions.append(question)
    return checked(questions, where)


def _answers(value: Any) -> Sequence[Any]:
    """Give the answers of a record, however they are written."""
    if isinstance(value, Mapping):
        value = value["text"]
    if isinstance(value, str):
        return [value]
    if not isinstance(value, Sequence):
        raise TypeError(f"answers {shown(value)} are no texts")
    return [answer["text"] if isinstance(answer, Mapping) else answer for answer in value]


def checked(questions: list[Question], where: str) -> list[Question]:
    if not questions:
        raise UserError(f"{where}: holds no question")
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise UserError(f"{where}: question id {shown(question.id)} stands there twice")
        if not question.references:
            raise UserError(f"{where}: question {shown(question.id)} has no answer to compare with")
        seen.add(question.id)
    return questions


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{shown(value)} is no text")
    return value
