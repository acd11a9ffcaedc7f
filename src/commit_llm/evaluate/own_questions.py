"""A user's own questions as a task: asked as the model was tuned, scored as XQuAD is."""

import re
from dataclasses import replace
from pathlib import Path

from commit_llm.data.chat.prompt_file import PromptFile
from commit_llm.data.chat.slots import PlaceError
from commit_llm.data.chat.work_budget import RenderingError
from commit_llm.data.opened_prompt import Prompt
from commit_llm.data.prompt_flags import ALPACA, CHAT
from commit_llm.errors import UserError, shown
from commit_llm.evaluate.tasks import OWN, Task
from commit_llm.runs.evaluation import CHAT_LABELS, FILE_LABELS, INSTRUCTION_LABELS

CODE = re.compile(r"[a-z]{2,3}(-[A-Za-z0-9]{2,8})?")


def own_name(file: Path, language: str | None) -> str:
    """Give the name of the task of a file of questions: `questions_LANG`. Raises UserError without a language."""
    if language is None:
        raise UserError(f"--questions {file}: in which language? name it, such as --language el")
    if not CODE.fullmatch(language):
        raise UserError(f"--language {shown(language)}: not a code of a language; give one such as el, hi or pt-BR")
    return f"{OWN}_{language}"


def own_task(file: Path, language: str | None, prompt: Prompt) -> Task:
    """Make the task of a file of questions.

    language: of contexts, questions and answers.
    prompt: that questions are asked with. Of a chat template the message is that of the `_chat_` tasks.

    Raises UserError for a language that is none, and for a prompt without a place for the context.
    """
    name = own_name(file, language)
    code = name.removeprefix(f"{OWN}_").partition("-")[0]  # a region or a script changes no rule of scores
    task = Task(name, "own", code, INSTRUCTION_LABELS, "test", file=file)
    if isinstance(prompt, PromptFile):
        _require_both(prompt)
        return replace(task, labels=FILE_LABELS, prompt_file=prompt)
    return task if prompt is None else replace(task, labels=CHAT_LABELS)


def require_with_questions(questions: Path | None, language: str | None, prompt: str | None) -> None:
    """Raise UserError for flags of a user's own questions where there are none."""
    if questions is None and (language, prompt) != (None, None):
        name, value = ("language", language) if prompt is None else ("prompt", prompt)
        raise UserError(f"--{name} {value}: is for your own questions; name their file with --questions")


def own_task_without_model(file: Path, language: str | None, prompt: str | None) -> Task:
    """Make the task of a file of questions that are answered elsewhere.

    prompt: as --prompt names it; None is Alpaca's. Of `chat` only the messages are known here, and no template.
    """
    if prompt == CHAT:
        return replace(own_task(file, language, None), labels=CHAT_LABELS)
    return own_task(file, language, None if prompt in (None, ALPACA) else PromptFile.open(Path(prompt)))


def _require_both(prompt: PromptFile) -> None:
    """Raise UserError where a prompt has no place for a context beside the question."""
    try:
        prompt.passages("Where?", "Anna is at home.")
    except (RenderingError, PlaceError) as fault:
        raise UserError(f"{prompt.source}: {fault}; a question's context stands in {{{{ input }}}}") from None
