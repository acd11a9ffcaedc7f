"""The paths in a recipe: which of its fields hold some, and the folder that they begin at."""

from pathlib import Path
from typing import Any

# Beside `model`, and `prompt` where that is a file.
PATHS = ("data", "data_unmixed", "dictionary", "sentences", "skip_words", "target_text", "tokenizer", "chat_template")


def rooted(value: Any, root: Path) -> Any:
    """Begin a path at the root where there is such a file; anything else, such as a hub id, stays.

    value: of a field that holds paths: one, or several; each may be FILE=WEIGHT.
    """
    if isinstance(value, tuple):
        return tuple(rooted(item, root) for item in value)
    if not isinstance(value, str):
        return value
    (name, rest) = (value, "") if (root / value).exists() else value.rpartition("=")[::2]
    path = root / name
    return value if not name or not path.exists() else f"{path}={rest}" if rest else str(path)
