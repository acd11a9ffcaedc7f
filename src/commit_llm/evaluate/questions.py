"""Questions from the official XQuAD and MLQA files (SQuAD layout), or from the hub."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.codemix.dictionaries.scripts import script_of, scripts
from commit_llm.errors import UserError, shown
from commit_llm.evaluate.selection import Selection
from commit_llm.evaluate.tasks import Task
from commit_llm.files.hub import why_not_given
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


def load_questions(
    task: Task, data_dir: str | None, limit: int | None = None, per_context: int | None = None
) -> list[Question]:
    """Read a task's questions in the order of the file: all of them, or those that `Selection` chooses.

    data_dir: the folder of the files. None reads them from the hub.

    Raises UserError where the file is missing, has another shape, is in another script, or repeats an id.
    """
    selection = Selection(limit, per_context)
    if data_dir is None:
        return selection.of(from_hub(load_records(task), task.name))
    path = find_file(task, data_dir)
    if path is None:
        raise UserError(f"{task.name}: no {task.files()[0]} in {data_dir}")
    questions = read_squad(path)
    script = script_of(task.language)
    if all(script not in scripts(question.context) for question in questions):
        raise UserError(f"{path}: no context has a {script.title()} letter; is it the file of another language?")
    return selection.of(questions)


def english_references(task: Task, questions: Sequence[Question], data_dir: str | None) -> list[tuple[str, ...]] | None:
    """Read the English references of the same questions. XQuAD is parallel, and so is MLQA with English.

    None for a task in English, without an English file beside the task's own, or where that lacks a question.
    """
    if task.language == "en":
        return None
    english = task.in_english
    if data_dir is not None and find_file(english, data_dir) is None:
        return None
    try:
        references = {question.id: question.references for question in load_questions(english, data_dir)}
    except UserError:
        if data_dir is not None:
            raise
        return None  # the hub cannot be reached, and its cache on this machine lacks the English questions
    if any(question.id not in references for question in questions):
        return None
    return [references[question.id] for question in questions]


def find_file(task: Task, data_dir: str) -> Path | None:
    """Find the file of a task in a folder. None where it is missing."""
    candidates = [Path(data_dir) / name for name in task.files()]
    return next((candidate for candidate in candidates if candidate.is_file()), None)


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
    return _checked(questions, str(path))


def from_hub(records: Sequence[dict[str, Any]], name: str) -> list[Question]:
    """Make questions from the records of a hub data set: id, context, question, answers {text}."""
    contexts: dict[str, int] = {}
    try:
        questions = [
            Question(
                _text(record["id"]),
                str(contexts.setdefault(_text(record["context"]), len(contexts))),
                record["context"],
                _text(record["question"]),
                tuple(_text(text) for text in record["answers"]["text"]),
            )
            for record in records
        ]
    except (KeyError, TypeError) as error:
        raise UserError(
            f"{name}: the hub's rows have another shape (id, context, question, answers): {error!r}"
        ) from None
    return _checked(questions, f"{name} from the hub")


def _checked(questions: list[Question], where: str) -> list[Question]:
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


# Data set, and the revision that has Parquet files. MLQA's main revision is a script, which we do not run.
SOURCES = {"xquad": ("google/xquad", None), "mlqa": ("facebook/mlqa", "refs/convert/parquet")}


def load_records(task: Task) -> list[dict[str, Any]]:
    """Load a task's records from the hub, or from the hub's cache on this machine: id, context, question, answers.

    Raises UserError, which says what file to get by hand. Without a network it does so at once.
    """
    from huggingface_hub import snapshot_download

    repository, revision = SOURCES[task.dataset]
    config = f"xquad.{task.language}" if task.dataset == "xquad" else f"mlqa.{task.language}.{task.language}"
    pattern = f"{config}/*{task.split}*.parquet"
    way_out = f"put {task.files()[0]} into a folder and name it with --data-dir"
    try:
        folder = snapshot_download(repository, repo_type="dataset", revision=revision, allow_patterns=pattern)
        under = Path(folder).glob(f"{config}/**/*.parquet")
        files = sorted(file for file in under if task.split in str(file.relative_to(folder)))
    except Exception as error:  # the library raises many kinds
        reason = why_not_given(error, repository, "data set")
        raise UserError(f"{task.name}: {repository} was not loaded from the hub: {reason}; or {way_out}") from None
    if not files:
        raise UserError(f"{task.name}: {repository} holds no {pattern} here; {way_out}")
    return [record for file in files for record in read_records(file)]
