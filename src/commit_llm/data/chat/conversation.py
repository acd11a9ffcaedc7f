"""Read a record as a conversation: from the columns that chat data sets have, and from instructions.

All become messages, so that one path lays them out: `messages`, ShareGPT's `conversations`, `prompt` with `completion`,
or an instruction with its input and output, a `system` and a `history` before it.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from commit_llm.errors import UserError, shown
from commit_llm.files.records import Record, text_of

ASSISTANT, USER, SYSTEM, TOOL = "assistant", "user", "system", "tool"
# Names that data sets have for the roles.
ROLES = {
    "assistant": ASSISTANT, "gpt": ASSISTANT, "chatgpt": ASSISTANT, "bing": ASSISTANT, "bard": ASSISTANT,
    "model": ASSISTANT, "user": USER, "human": USER, "system": SYSTEM, "developer": "developer", "tool": TOOL,
    "function": TOOL, "observation": TOOL, "function_response": TOOL, "ipython": "ipython",
}  # fmt: skip
THINK_START, THINK_END = "<think>", "</think>"
LISTS = ("messages", "conversations")  # columns that hold a list of messages
COLUMNS = "messages, conversations, prompt and completion, or instruction and output"


class ConversationError(Exception):
    """Raise for a record that is a conversation by its columns and none by what stands there. The message says why."""


def read_conversation(record: Record, index: int, *, strip_answers: bool = True) -> list[dict[str, Any]]:
    """Give the messages of a record: role, content, and whatever else they have.

    index: of the record, for messages.
    strip_answers: take the white space at both ends of answers away, so that an answer begins where a model begins.

    Raises UserError where the columns hold no conversation at all, ConversationError for a fault in this one.
    """
    messages = [_message(message) for message in _messages(record, index)]
    if not messages:
        raise ConversationError("it has no messages")
    for message in messages:
        if message["role"] == ASSISTANT:
            _split_thought(message)
            if strip_answers:
                message["content"] = message["content"].strip()
    return messages


def tools_of(record: Record) -> list[Any] | None:
    """Give the tools that a record's model is told of; None where there are none. Raises ConversationError."""
    tools = record.get("tools")
    if not isinstance(tools, list | None):
        raise ConversationError(f"its tools are {shown(tools)}")
    return tools or None


def chat_columns(record: Record) -> tuple[str, ...]:
    """Name the columns of a record that hold a conversation; none where it has none of these."""
    for column in LISTS:
        if isinstance(record.get(column), Sequence) and not isinstance(record[column], str):
            return (column,)
    both = "prompt" in record and "completion" in record
    is_null = record.get("prompt") is None and record.get("completion") is None  # of a table with several kinds of rows
    return ("prompt", "completion") if both and not is_null else ()


def _messages(record: Record, index: int) -> Sequence[Any]:
    columns = chat_columns(record)
    if len(columns) == 1:
        return record[columns[0]]
    if columns:
        return [*_as_messages(record["prompt"], USER), *_as_messages(record["completion"], ASSISTANT)]
    column = next((name for name in LISTS if name in record), None)
    if column is not None and record.get("instruction") is None:
        raise ConversationError(f"its {column} are {shown(record[column])}")
    if "instruction" in record and "output" in record:
        return _of_instruction(record, index)
    if "prompt" in record and "completion" in record:
        raise ConversationError("its prompt and completion are null")
    names = ", ".join(map(repr, record)) or "none"
    raise UserError(f"record {index + 1} of the data: no conversation in its columns ({names}); it takes {COLUMNS}")


def _as_messages(value: Any, role: str) -> Sequence[Any]:
    if isinstance(value, str):
        return [{"role": role, "content": value}]
    if not isinstance(value, list | None):
        raise ConversationError(f"its prompt or completion is {shown(value)}")
    return value or []


def _of_instruction(record: Record, index: int) -> list[dict[str, Any]]:
    """Make a conversation of an instruction, its input below it, and the turns of a history before it."""
    instruction, output = text_of(record, "instruction", index), text_of(record, "output", index)
    input = text_of(record, "input", index) if record.get("input") is not None else ""
    turns = []
    if system := record.get("system"):
        turns.append((SYSTEM, system))
    history = record.get("history")
    if not isinstance(history, list | tuple | None):
        raise ConversationError(f"its history is {shown(history)}")
    for pair in history or ():
        if not isinstance(pair, Sequence) or isinstance(pair, str) or len(pair) != 2:
            raise ConversationError("a turn of its history is not a pair of an instruction and an output")
        turns += zip((USER, ASSISTANT), pair, strict=True)
    turns += [(USER, f"{instruction}\n\n{input}" if input else instruction), (ASSISTANT, output)]
    return [{"role": role, "content": content} for role, content in turns]


def _message(message: Any) -> dict[str, Any]:
    """Give a message with the names that templates know."""
    if not isinstance(message, Mapping):
        raise ConversationError("a message is not an object")
    role = message["from"] if message.get("role") is None and "from" in message else message.get("role")
    if not isinstance(role, str) or role not in ROLES:
        raise ConversationError(f"a message has the role {shown(role)}")
    content = message.get(content_key(message))
    rest = {key: value for key, value in message.items() if key not in ("role", "from", "content", "value")}
    kept = {key: value for key, value in rest.items() if value is not None}
    return {"role": ROLES[role], "content": "".join(text for _, text in text_parts(content)), **kept}


def content_key(message: Mapping[str, Any]) -> str:
    """Name what a message has its content in. A table has both, and null in the one that a row does without."""
    return "value" if message.get("content") is None and "value" in message else "content"


def text_parts(content: Any) -> list[tuple[tuple[str | int, ...], str]]:
    """Give the texts that make up a content, each with the path to it: a text itself, or the parts of a list.

    It has none where there are calls of tools alone. Raises ConversationError for what is not a text.
    """
    if content is None:
        return []
    if isinstance(content, str):
        return [((), content)]
    parts = content if isinstance(content, list) else [None]
    texts = [part.get("text") or "" for part in parts if isinstance(part, Mapping) and part.get("type") == "text"]
    if len(texts) < len(parts) or not all(isinstance(text, str) for text in texts):
        raise ConversationError("a content is not a text")
    return [((number, "text"), text) for number, text in enumerate(texts)]


def _split_thought(message: dict[str, Any]) -> None:
    """Move a thought that stands before an answer to where templates look for it."""
    content = message["content"].lstrip()
    if content.startswith(THINK_START) and THINK_END in content:
        if message.get("reasoning_content"):
            raise ConversationError("an answer has two thoughts before it, one of them in reasoning_content")
        thought, answer = content.removeprefix(THINK_START).split(THINK_END, 1)
        message |= {"content": answer.lstrip("\n"), "reasoning_content": thought.strip("\n")}
