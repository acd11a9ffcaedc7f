"""The questions of a task: from the official XQuAD and MLQA files, from the hub, or a user's own."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from commit_llm.codemix.dictionaries.scripts import scripts, scripts_of
from commit_llm.errors import UserError
from commit_llm.evaluate.question_files import Question, from_records, read_own, read_squad
from commit_llm.evaluate.selection import Selection
from commit_llm.evaluate.tasks import Task
from commit_llm.files.hub import why_not_given
from commit_llm.files.hub_reach import hub_or_cache
from commit_llm.files.records import read_records


def load_questions(
    task: Task, data_dir: str | None, limit: int | None = None, per_context: int | None = None
) -> list[Question]:
    """Read a task's questions in the order of the file: all of them, or those that `Selection` chooses.

    data_dir: the folder of the files. None reads them from the hub.

    Raises UserError where the file is missing, has another shape, is in another script, or repeats an id.
    """
    selection = Selection(limit, per_context)
    if data_dir is None and task.file is None:
        return selection.of(from_records(load_records(task), f"{task.name} from the hub"))
    path = find_file(task, data_dir)
    if path is None:
        raise UserError(f"{task.name}: no {task.files()[0]} in {data_dir}; put it there, or name another --data-dir")
    questions = read_squad(path) if task.file is None else read_own(path)
    own = set(scripts_of(task.language))
    if all(own.isdisjoint(scripts(question.context)) for question in questions):
        letter = " or ".join(script.title() for script in scripts_of(task.language))
        raise UserError(f"{path}: no context has a {letter} letter; is it the file of another language?")
    return selection.of(questions)


def english_references(task: Task, questions: Sequence[Question], data_dir: str | None) -> list[tuple[str, ...]] | None:
    """Read the English references of the same questions. XQuAD is parallel, and so is MLQA with English.

    None for a task in English, for a user's own questions, without an English file beside the task's own, and where
    that lacks a question.
    """
    if task.language == "en" or task.file is not None:
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


def find_file(task: Task, data_dir: str | None) -> Path | None:
    """Find the file of a task in a folder. None where it is missing."""
    if task.file is not None:
        return task.file
    if data_dir is None:
        return None
    candidates = [Path(data_dir) / name for name in task.files()]
    return next((candidate for candidate in candidates if candidate.is_file()), None)


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
        with hub_or_cache():
            folder = snapshot_download(repository, repo_type="dataset", revision=revision, allow_patterns=pattern)
        under = Path(folder).glob(f"{config}/**/*.parquet")
        files = sorted(file for file in under if task.split in str(file.relative_to(folder)))
    except Exception as error:  # the library raises many kinds
        reason = why_not_given(error, repository, "data set")
        raise UserError(f"{task.name}: {repository} was not loaded from the hub: {reason}; or {way_out}") from None
    if not files:
        raise UserError(f"{task.name}: {repository} holds no {pattern} here; {way_out}")
    return [record for file in files for record in read_records(file)]
