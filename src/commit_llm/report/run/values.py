"""Values of a run's recipe and provenance as a page may show them: files by their names, and nothing too long."""

from collections.abc import Mapping
from pathlib import Path, PureWindowsPath
from typing import Any

from commit_llm.data.records import SUFFIXES
from commit_llm.report.page import text

OURS = (*SUFFIXES, ".tsv", ".csv", ".model")  # of files: no id of the hub ends so
LONGEST = 100  # characters: a hash of 64 is shown, a list of all documents is not
DEEPEST = 5
FILES = ("path", "run", "skip_words")
FILES_OR_HUB = ("model", "tokenizer", "data", "dictionary")


def public(value: str) -> str:
    """The name of a file or folder without the folders it is in, which are nobody's business.

    An id of the hub, such as `tatsu-lab/alpaca`, is shown whole.

    >>> public("/home/anna/data/alpaca.json"), public("data/el-en.txt=0.5"), public("tatsu-lab/alpaca")
    ('alpaca.json', 'el-en.txt=0.5', 'tatsu-lab/alpaca')
    """
    suffix = Path(value.rpartition("=")[0] or value).suffix
    owner, slash, name = value.partition("/")
    hub = slash and owner not in ("", ".", "..", "~") and name and not set("/\\") & set(name)
    return value if hub and suffix not in OURS and not Path(value).exists() else _name(value)


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
        told = public(value)
    elif isinstance(value, str) and (name in FILES or value.startswith(("/", "~", "./", "../"))):
        told = _name(value)
    if len(told) > LONGEST:
        return f"<span class='quiet'>{len(told):,} characters, not shown</span>"
    return f"<bdi>{text(told)}</bdi>" if told else "<span class='quiet'>empty</span>"


def _name(path: str) -> str:
    return (PureWindowsPath(path) if "\\" in path else Path(path)).name or path
