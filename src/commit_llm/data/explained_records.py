"""Show of a record what becomes of the words in each of its texts, and which of them are never mixed."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import NamedTuple

from commit_llm.codemix import CodeMixer
from commit_llm.codemix.outcome import Word
from commit_llm.codemix.settings import OUTPUT
from commit_llm.data.chat.conversation import ConversationError, read_conversation
from commit_llm.data.chat.mixable_contents import name_contents
from commit_llm.data.mixed_fields import Fields
from commit_llm.files.records import Record

REASONING = "reasoning"
FAULT = "no conversation"


class ExplainedText(NamedTuple):
    """Hold a text of a record.

    label: what it is, for people.
    name: as mixing has it; None for a text that is never mixed.
    text: its characters.
    words: what becomes of each; None where it is not mixed.
    """

    label: str
    name: str | None
    text: str
    words: Sequence[Word] | None = None


def explain_record(
    record: Record, row: int, mixer: CodeMixer, fields: Fields, epoch: int = 0, place: float = 0.0
) -> list[ExplainedText]:
    """Give the texts of a record in their order: of a conversation every message, and the reasoning before answers.

    row: its index in the whole data. epoch, place: where in training it is shown.

    Raises UserError for a field that is missing or no text.
    """
    texts = {name: text for name, text in fields.texts_of(record, row).items() if text is not None}
    words = mixer.explain(texts, row=row, epoch=epoch, place=place, mixed_fields=fields.mixed_of(texts))
    if not fields.has_conversation(record):
        return [ExplainedText(name, name, text, words.get(name)) for name, text in texts.items()]
    try:
        return _messages(fields.columns.renamed(record), row, fields, words)
    except ConversationError as fault:
        return [ExplainedText(FAULT, None, str(fault))]


def _messages(record: Record, row: int, fields: Fields, words: Mapping[str, Sequence[Word]]) -> list[ExplainedText]:
    messages = read_conversation(record, row)
    names, counts = name_contents(messages, fields.roles), Counter[str]()
    shown = []
    for number, message in enumerate(messages):
        role, content, name = message["role"], message["content"], names.get(number)
        if isinstance(thought := message.get("reasoning_content"), str) and thought:
            counts[REASONING] += 1
            shown.append(ExplainedText(f"{REASONING} {counts[REASONING]}", None, thought))
        if not content:
            shown.append(ExplainedText(f"message {number + 1}, {role}", None, "", ()))
        else:
            counts[role] += 1
            label = f"{role} {counts[role]}{f' ({OUTPUT})' if name == OUTPUT else ''}"
            shown.append(ExplainedText(label, name, content, None if name is None else words.get(name)))
    return shown
