"""Prompts as token ids, shortened where they are longer than a model answers."""

from bisect import bisect_right
from collections.abc import Sequence
from typing import NamedTuple

from commit_llm.data.chat.template import ChatTemplate
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError, shown
from commit_llm.evaluate.chat_prompts import encode_message, require_no_control_token
from commit_llm.evaluate.prompt_batches import MAX_LENGTH, MAX_NEW_TOKENS
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.tasks import Task
from commit_llm.model.config import ModelConfig


class EncodedPrompt(NamedTuple):
    """Hold a prompt's ids, with what stands before the text, and whether the prompt was shortened."""

    ids: list[int]
    truncated: bool


def longest_prompt(task: Task, config: ModelConfig, max_length: int | None = None, room: int = MAX_NEW_TOKENS) -> int:
    """Give the number of tokens that a prompt of a task may have.

    The reference's tasks have 2,048 tokens for prompt and answer, as they have there, or the model's positions where
    these are fewer.

    max_length: tokens of prompt and answer, of the tasks that ask as the model was tuned. None: the model's positions.
    room: tokens that are kept for the answer.
    """
    positions = config.max_position_embeddings
    return ((max_length or positions) if task.as_tuned else min(MAX_LENGTH, positions)) - room


def encode_question(
    tokenizer: Tokenizer, task: Task, item: Question, longest: int, template: ChatTemplate | None = None
) -> EncodedPrompt:
    """Encode a question's prompt by the rules of its task.

    A longer prompt of the reference's tasks keeps its last `longest` ids, its beginning lost, as in the reference.
    Of a task that asks as the model was tuned the end of the context is left out, so that template, question and bos
    stay, and what is encoded is always a whole text.

    template: that a chat task is asked through; None for all other tasks.

    Raises UserError where a prompt is too long with a single character of its context, and where a text of a chat task
    has what would be read as a control token.
    """
    if not task.as_tuned:
        return keep_end(tokenizer.encode(task.prompt(item.context, item.question)), [], longest)

    if template is not None:
        require_no_control_token(tokenizer, template, task, item)

    def encode(characters: int) -> list[int]:
        prompt = task.prompt(item.context[:characters], item.question)
        if template is not None:
            return encode_message(tokenizer, template, prompt)
        return [*tokenizer.bos, *tokenizer.encode(prompt)]

    ids = encode(len(item.context))
    if len(ids) <= longest:
        return EncodedPrompt(ids, False)
    # A context without a character would take another template. A longer one has more tokens, give or take one: the
    # search ends at a length that fits, with a next one that does not.
    lengths = range(1, len(item.context))
    fitting = bisect_right(lengths, longest, key=lambda characters: len(encode(characters)))
    if not fitting:
        raise UserError(
            f"{task.name}: the prompt of question {shown(item.id)} has {len(encode(1)):,} tokens with a single "
            f"character of its context; --max-length, or the model's positions, leave room for {longest:,} beside "
            "the answer; leave the question out, or take a model with more positions"
        )
    return EncodedPrompt(encode(lengths[fitting - 1]), True)


def require_fitting(
    tokenizer: Tokenizer, task: Task, items: Sequence[Question], longest: int, template: ChatTemplate | None = None
) -> None:
    """Raise UserError where a prompt is too long even with the least of its context, or cannot be asked.

    An evaluation asks this of all questions before the first answer. template: as in `encode_question`.
    """
    if template is not None:
        for item in items:
            require_no_control_token(tokenizer, template, task, item)
    if task.as_tuned:
        for item in items:
            encode_question(tokenizer, task, item._replace(context=item.context[:1]), longest, template)


def keep_end(ids: list[int], bos: list[int], longest: int) -> EncodedPrompt:
    """Give the last ids of a prompt, as many as there is room for behind the bos.

    >>> keep_end([5, 6, 7, 8], [1], 4)
    EncodedPrompt(ids=[1, 6, 7, 8], truncated=True)
    """
    room = longest - len(bos)
    return EncodedPrompt([*bos, *ids[-room:]], len(ids) > room)
