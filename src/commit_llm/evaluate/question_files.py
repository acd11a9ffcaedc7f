"""Files and records of questions: the layout of SQuAD, rows of the hub, a user's own."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import UserError, shown
from commit_llm.files.data_format import has_json_lines, layout_of, require_data_file
from commit_llm.files.encoding_advice import not_utf_8
from commit_llm.files.json_text import parse_json
from commit_llm.files.records import read_records
from commit_llm.files.text_stream import opened_as_utf_8

# What a table of texts makes of answers that are a list, or the hub's {text: ...}.
AS_LIST = re.compile(r"\s*(\[\s*['\"].*\]|\{\s*['\"].*\})\s*", re.DOTALL)


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
    return _of_squad(parse_json(_text_of(path), path, half_characters=True), path)


def read_own(path: Path) -> list[Question]:
    """Read a user's own questions: a file in SQuAD layout, or records of id, context, question and answers.

    A record without an id has its number for one. Its answers are a text, texts, or as the hub has them: {text: texts}.

    Raises UserError, naming the record, where one has another shape, or an empty text.
    """
    require_data_file(path)
    if layout_of(path) == ".json" and not has_json_lines(path):
        content = parse_json(_text_of(path), path)
        if isinstance(content, dict) and "data" in content:
            return _require_words(_of_squad(content, path), path)
    return _require_words(from_records(read_records(path), str(path)), path)


def _of_squad(content: Any, path: Path) -> list[Question]:
    try:
        questions = [
            Question(
                _text(question["id"]),
                f"{a}-{p}",
                _text(paragraph["context"]),
                _text(question["question"]),
                tuple(_text(answer["text"]) for answer in question["answers"]),
            )
            for a, article in enumerate(content["data"])
            for p, paragraph in enumerate(article["paragraphs"])
            for question in paragraph["qas"]
        ]
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: not in SQuAD layout (data, paragraphs, context, qas): {error!r}") from None
    return checked(questions, str(path))


def _text_of(path: Path) -> str:
    """Read a text, unpacked where it is packed, in UTF-8 or in what the mark at its head says."""
    with opened_as_utf_8(path) as file:
        content = file.read()
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf_8(path, f"at byte {error.start}", content, error.start) from None


def _require_words(questions: list[Question], path: Path) -> list[Question]:
    """Give questions as they are. Raises UserError for an empty text, and for a list that was written as a text."""
    for question in questions:
        where = f"{path}: question {shown(question.id)}"
        for name, text in (
            ("context", question.context),
            ("question", question.question),
            *(("answer", text) for text in question.references),
        ):
            if not text.strip():
                raise UserError(f"{where}: its {name} is empty; write one, or leave the question out")
        if any(AS_LIST.fullmatch(text) for text in question.references):
            raise UserError(
                f"{where}: its answer is {shown(question.references[0])}, a list that was written as a text; save the "
                "questions as .jsonl, where answers stay lists"
            )
    return questions


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
    """Give questions as they are. Raises UserError where there is none, an id twice, or no answer to compare with."""
    if not questions:
        raise UserError(f"{where}: holds no question; name another file")
    seen: set[str] = set()
    for question in questions:
        if question.id in seen:
            raise UserError(f"{where}: question id {shown(question.id)} occurs there twice; rename or leave out one")
        if not question.references:
            raise UserError(f"{where}: question {shown(question.id)} has no answer to compare with; write one")
        seen.add(question.id)
    return questions


def _text(value: Any) -> str:
    if not isinstance(value, str):
        raise TypeError(f"{shown(value)} is not a text")
    return value
