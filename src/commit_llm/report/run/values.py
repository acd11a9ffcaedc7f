"""Values of a run's recipe and provenance as a page may show them: files by their names, and nothing too long."""

from collections.abc import Mapping
from typing import Any

from commit_llm.data.names import last_part, public_name
from commit_llm.report.page import text

LONGEST = 100  # characters: a hash of 64 is shown, a list of all documents is not
DEEPEST = 5
FILES = ("path", "run", "skip_words")
FILES_OR_HUB = ("model", "tokenizer", "data", "dictionary")


def shown(value: Any, name: str = "", depth: int = 0) -> str:
    """A value as HTML. name: what it is the value of, which says whether it may be a path."""
    if value is None:
        return "<span class='quiet'>not set</span>"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, Mapping | list | tuple) and (not value or depth > DEEPEST):
        return f"<span class='quiet'>{'not shown' if value else 'none'}</span>"
    if isinstance(value, Mapping):
        pairs = (
            f"<div><dt>{text(str(key))}</dt> <dd>{shown(one, str(key), depth + 1)}</dd></div>"
            for key, one in value.items()
        )
        return f"<dl class='inner'>{''.join(pairs)}</dl>"
    if isinstance(value, list | tuple):
        return ", ".join(shown(one, name, depth + 1) for one in value)
    told = str(value)
    if isinstance(value, str) and name in FILES_OR_HUB:
        told = public_name(value)
    elif isinstance(value, str) and (name in FILES or value.startswith(("/", "~", "./", "../"))):
        told = last_part(value)
    if len(told) > LONGEST:
        return f"<span class='quiet'>{len(told):,} characters, not shown</span>"
    return f"<bdi>{text(told)}</bdi>" if told else "<span class='quiet'>empty</span>"
