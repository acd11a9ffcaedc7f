"""What is asked of a model: a prompt, an instruction with its input, or a conversation up to where the model answers.

{"prompt": "Where is Athens?"}                                    -> one text
{"instruction": "Answer the question.", "input": "Where ..."}     -> an instruction, and its input
{"messages": [{"role": "user", "content": "Where is Athens?"}]}   -> a conversation
"""

import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

from commit_llm.data.chat.conversation import (
    ASSISTANT,
    LISTS,
    USER,
    ConversationError,
    read_conversation,
    tools_of,
)
from commit_llm.data.column_advice import advice, require_columns, require_fields
from commit_llm.data.column_names import AS_THEY_ARE, ColumnNames, columns_of
from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import BOM, an_object, parse_json
from commit_llm.files.records import Record, read_records

STANDARD_INPUT = "standard input"
ASKED = ("instruction", "input", "messages")  # fields that columns of other names may be
COLUMNS = "prompt, instruction (and input), or messages"
A_LIST = re.compile(rb"""\s*\[[\s\[]*[{"\]]""")  # of JSON; a prompt such as [INST] or [1] is none


class RequestError(Exception):
    """Raise for a request that cannot be asked. The message says why, and the way out."""


class NothingAskedError(RequestError):
    """Raise for a record without a field that asks."""


@dataclass(frozen=True)
class Request:
    """Hold what is asked.

    messages: of a conversation, the last one not the model's. None where it is an instruction.
    instruction, input: where there are no messages.
    tools: that the model is told of.
    """

    instruction: str = ""
    input: str = ""
    messages: Sequence[dict[str, Any]] | None = None
    tools: Sequence[Any] | None = None

    def as_messages(self) -> list[dict[str, Any]]:
        """Give a conversation: an instruction is the message of a user, its input below it."""
        if self.messages is not None:
            return list(self.messages)
        text = f"{self.instruction}\n\n{self.input}" if self.input else self.instruction
        return [{"role": USER, "content": text}]

    def as_instruction(self) -> tuple[str, str]:
        """Give instruction and input: a single message of a user is an instruction. Raises RequestError."""
        if self.messages is None:
            return self.instruction, self.input
        if [message["role"] for message in self.messages] != [USER]:
            roles = ", ".join(message["role"] for message in self.messages)
            raise RequestError(
                f"it is a conversation ({roles}), and this prompt takes one instruction; give a single message of "
                "a user, or take --prompt chat"
            )
        return self.messages[0]["content"], ""


def request_of(record: Record) -> Request:
    """Read what a record asks. What else it has is passed over. Raises RequestError where it asks nothing."""
    column = next((name for name in (*LISTS, "prompt") if isinstance(record.get(name), list)), None)
    name = next((name for name in ("prompt", "text") if record.get(name) is not None), None)
    try:
        if column is not None:
            return _conversation({"messages": record[column]}, record)
        if record.get("instruction") is not None:
            instruction, input = _text(record, "instruction"), _text(record, "input")
            if record.get("system") or record.get("history"):
                turns = {name: record.get(name) for name in ("system", "history")}
                return _conversation({"instruction": instruction, "input": input, "output": "", **turns}, record)
            return _not_empty(Request(instruction, input, tools=tools_of(record)))
        if name is not None:
            return _not_empty(Request(_text(record, name), tools=tools_of(record)))
    except ConversationError as error:
        raise RequestError(str(error)) from None
    raise NothingAskedError(
        f"it asks nothing: it has {', '.join(map(shown, record)) or 'no field'}, and takes {COLUMNS}"
    )


def read_requests(source: Path | IO[bytes], names: ColumnNames = AS_THEY_ARE) -> list[tuple[dict[str, Any], Request]]:
    """Read records and what they ask: of a data file, or of standard input. A plain line is a prompt, its `text`.

    Standard input is JSON lines where it begins with a brace, and a JSON list where it begins as one; else a prompt a
    line. Blank lines are passed over.

    names: columns of other names. The records that are given keep them.

    Raises UserError naming file and record where one asks nothing, where a named column is not there, or its field is
    none.
    """
    if isinstance(source, Path):
        records, name = read_records(source), str(source)
    else:
        records, name = list(_records_of_stream(source)), STANDARD_INPUT
        if not records:
            raise UserError(f"{STANDARD_INPUT}: holds no prompt; give JSON lines ({COLUMNS}), or a prompt a line")
    if names:
        require_fields(names, ("text",))
        require_columns(names, columns_of(records), name)
    pairs = []
    for number, record in enumerate(records, 1):
        try:
            pairs.append((record, request_of(names.renamed(record))))
        except RequestError as error:
            hint = advice(record, ASKED, names) if isinstance(error, NothingAskedError) else ""
            raise UserError(f"{name}: record {number}: {error}{hint and f'; {hint}'}") from None
    return pairs


def _records_of_stream(stream: IO[bytes]) -> Iterator[dict[str, Any]]:
    content = stream.read().removeprefix(BOM)
    if A_LIST.match(content):
        yield from _records_of_list(content)
        return
    is_json = content.lstrip().startswith(b"{")
    for number, line in enumerate(io.BytesIO(content), 1):
        try:
            text = line.decode("utf-8").rstrip("\r\n")
        except UnicodeDecodeError:
            raise UserError(f"{STANDARD_INPUT}:{number}: not UTF-8; convert it to UTF-8") from None
        if not text.strip():
            continue
        if is_json:
            yield an_object(parse_json(text, STANDARD_INPUT, number), f"{STANDARD_INPUT}:{number}")
        else:
            yield {"text": text}


def _records_of_list(content: bytes) -> Iterator[dict[str, Any]]:
    try:
        rows = parse_json(content.decode("utf-8"), STANDARD_INPUT)
    except UnicodeDecodeError as error:
        number = content.count(b"\n", 0, error.start) + 1
        raise UserError(f"{STANDARD_INPUT}:{number}: not UTF-8; convert it to UTF-8") from None
    for number, row in enumerate(rows):
        yield an_object(row, f"{STANDARD_INPUT}: item {number}")


def _conversation(columns: Record, record: Record) -> Request:
    messages = read_conversation(columns, 0)
    if "output" in columns:
        messages.pop()  # the answer that is to be written
    if messages[-1]["role"] == ASSISTANT:
        raise RequestError("it ends with an answer of the model's; leave that out, for the model to write")
    return Request(messages=messages, tools=tools_of(record))


def _text(record: Record, name: str) -> str:
    value = record.get(name)
    if not isinstance(value, str | None):
        raise RequestError(f"its {name} is not a text, but {shown(value)}")
    return value or ""


def _not_empty(request: Request) -> Request:
    if not (request.instruction.strip() or request.input.strip()):
        raise RequestError("it is empty; take it out, or write a prompt there")
    return request
