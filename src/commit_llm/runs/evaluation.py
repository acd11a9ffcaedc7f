"""The files of an evaluation directory: results.json with its schema, signatures, answers. No jax, no numpy."""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import read_json_object
from commit_llm.files.own import open_own

SCHEMA = 4
READABLE = (3, SCHEMA)  # 3: its entries have no `empty` and no `cut`, its answers no `finish_reason`
# In a signature: the task asks with the instruction prompt that models are tuned with, through the chat template of the
# model itself, or with a prompt that a user wrote. All three ask as the model was tuned.
INSTRUCTION_LABELS, CHAT_LABELS, FILE_LABELS = "alpaca", "chat", "file"
AS_TUNED = (INSTRUCTION_LABELS, CHAT_LABELS, FILE_LABELS)
RESULTS, PREDICTIONS, CONTEXTS = "results.json", "predictions.jsonl", "contexts.jsonl"

Results = dict[str, dict[str, Any]]


class Evaluation(NamedTuple):
    """Hold what results.json says.

    model: fingerprint (SHA-256 of the parameters), dtype (of the matrix products), training (its stages, oldest
        first; None where nobody knows them).
    tasks: an entry for each task, by name.
    """

    model: dict[str, Any]
    tasks: Results


def write_lines(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Write a .jsonl file."""
    with open_own(path, "w", encoding="utf-8", newline="\n", errors="surrogatepass") as file:
        for row in rows:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")


def write_results(path: Path, results: Results, model: Mapping[str, Any]) -> None:
    """Write results.json. model: as in `Evaluation`."""
    content = {"schema": SCHEMA, "model": model, "tasks": results}
    text = json.dumps(content, indent=2, ensure_ascii=False, allow_nan=False)
    with open_own(path, "w", encoding="utf-8") as file:
        file.write(text + "\n")


def read_evaluation(folder: Path) -> Evaluation:
    """Read the results.json of an evaluation directory.

    Raises UserError where there is none, where it is malformed, or was written with a schema that is not read.
    """
    path = folder / RESULTS
    try:
        content = read_json_object(path)
        if (schema := content["schema"]) not in READABLE:
            raise UserError(
                f"{path}: written with schema {shown(schema)}, this version reads {READABLE[0]} and {SCHEMA}; "
                "evaluate again with this version"
            )
        model, tasks = content["model"], content["tasks"]
    except (FileNotFoundError, NotADirectoryError):
        raise UserError(f"{folder}: not an evaluation directory (no {RESULTS} in it)") from None
    except KeyError as error:
        raise UserError(f"{path}: malformed: has no {error.args[0]}; evaluate again with this version") from None
    for name, value in [("model", model), ("tasks", tasks), *(tasks.items() if isinstance(tasks, dict) else ())]:
        if not isinstance(value, dict):
            raise UserError(
                f"{path}: malformed: {shown(name)} is {shown(value)}, not an object; evaluate again with this version"
            )
    return Evaluation(model, tasks)


def read_results(folder: Path) -> Results:
    """Read the tasks' entries of an evaluation directory; raise what `read_evaluation` raises."""
    return read_evaluation(folder).tasks


BETWEEN_PARTS, AFTER_NAME = "|", ":"


def write_signature(parts: Mapping[str, object]) -> str:
    """Write named parts as one line. `read_signature` gives them back as text.

    A name holds neither sign, and a value holds no `|`.

    >>> write_signature({"task": "ogx_xquad_el", "limit": 5})
    'task:ogx_xquad_el|limit:5'
    """
    return BETWEEN_PARTS.join(f"{name}{AFTER_NAME}{value}" for name, value in parts.items())


def read_signature(signature: str) -> dict[str, str]:
    """Read the parts of a signature, by name.

    >>> read_signature("task:ogx_xquad_el|words:icu:74")
    {'task': 'ogx_xquad_el', 'words': 'icu:74'}
    """
    parts = (part.partition(AFTER_NAME) for part in signature.split(BETWEEN_PARTS))
    return {name: value for name, _, value in parts}
