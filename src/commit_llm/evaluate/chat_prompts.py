"""The prompts of chat tasks: a user's message in the model's own chat template, up to where the model writes."""

from collections.abc import Sequence

from commit_llm.data.chat.conversation import USER
from commit_llm.data.chat.template import ChatTemplate, find_chat_template
from commit_llm.data.chat.work_budget import RenderingError
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError, shown
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.tasks import Task

ANOTHER = "correct it, or take an _instruct_ task or --prompt alpaca"


def template_for(tasks: Sequence[Task], tokenizer: Tokenizer, stops: Sequence[int]) -> ChatTemplate | None:
    """Give the chat template that tasks are asked through. None where none of them is a chat task.

    stops: the ids that end a text.

    Raises UserError where the tokenizer's folder has no template, or one that cannot ask with a single user message.
    """
    task = next((task for task in tasks if task.chat), None)
    if task is None:
        return None
    template = find_chat_template(tokenizer, stops)
    require_asking(task, tokenizer, template)
    return template


def require_asking(task: Task, tokenizer: Tokenizer, template: ChatTemplate | None) -> None:
    """Raise UserError where a chat task cannot be asked: without a template, or through one that refuses a message."""
    if template is None:
        raise UserError(
            f"{tokenizer.path.parent}: has no chat template, and {task.name} asks through it; put the model's "
            f"chat_template.jinja there, or take {_with_alpaca(task)}, which has the Alpaca prompt"
        )
    encode_message(tokenizer, template, task.prompt("Anna", "?"))


def encode_message(tokenizer: Tokenizer, template: ChatTemplate, message: str) -> list[int]:
    """Encode a conversation of one user message, and what asks for an answer. A bos is the template's own, or none.

    Raises UserError where the template refuses the message, or writes another one.
    """
    try:
        text = template.render([{"role": USER, "content": message}], True)
    except RenderingError as fault:
        raise UserError(f"{template.source}: does not take a single user message: {fault}; {ANOTHER}") from None
    if message.strip() not in text:
        raise UserError(f"{template.source}: changes a user message, so a question would become another one; {ANOTHER}")
    return tokenizer.encode_rendered(text).ids


def require_no_control_token(tokenizer: Tokenizer, template: ChatTemplate, task: Task, item: Question) -> None:
    """Raise UserError where a text of a question would be read as a control token of the template."""
    if any(template.has_control(tokenizer, text) for text in (item.context, item.question)):
        raise UserError(
            f"{task.name}: a text of question {shown(item.id)} has what a model reads as a control token, such as "
            f"the end of a turn; leave it out, or take {_with_alpaca(task)}, where it stays text"
        )


def _with_alpaca(task: Task) -> str:
    """Name the way to ask the same questions of models without a template."""
    return "--prompt alpaca" if task.file is not None else task.name.replace("_chat_", "_instruct_")
