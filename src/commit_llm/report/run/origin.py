"""The origin of a run as tables: its recipe, and where its model, data and tokenizer come from."""

from collections.abc import Iterable, Mapping
from typing import Any

from commit_llm.files.provenance import last_part, public_name
from commit_llm.report.page import text

FILE_HEADS = ("what", "file", "bytes", "licence", "source", "SHA-256")


def recipe_tables(recipe: Mapping[str, Any], named: str, defaults: Mapping[str, Any]) -> str:
    """Write every field of a recipe: first those in which it differs from the recipe of a name.

    named: that name.
    defaults: the fields of that recipe.
    """
    different = [name for name, value in recipe.items() if value != defaults.get(name)]
    same = {name: value for name, value in recipe.items() if name not in different}
    rows = ((text(name), shown(recipe[name], name), shown(defaults.get(name), name)) for name in different)
    differing = _table(("field", "this run", f"recipe {named}"), rows)
    alike = _table(("field", "value"), ((text(name), shown(value, name)) for name, value in same.items()))
    return (
        differing if different else f"<p>All is as the recipe {text(named)} has it.</p>\n"
    ) + f"<details><summary>{len(same)} fields as in recipe {text(named)}</summary>\n{alike}</details>\n"


def provenance_tables(provenance: Mapping[str, Any]) -> str:
    """Write what provenance.json says: files with hash and licence, versions, and whatever else is in it."""
    files, rest = provenance.get("files"), {name: value for name, value in provenance.items() if name != "files"}
    parts = []
    if isinstance(files, Mapping) and all(isinstance(file, Mapping) for file in files.values()) and files:
        parts.append(_table(FILE_HEADS, (_file(role, file) for role, file in files.items())))
    elif files is not None:
        rest["files"] = files
    plain = {name: value for name, value in rest.items() if not _is_table(value)}
    parts.append(_table((), ((text(name), shown(value, name)) for name, value in plain.items())))
    for name, value in rest.items():
        if _is_table(value):
            heads = list(dict.fromkeys(key for row in value for key in row))
            rows = ([shown(row[head], head) if head in row else "" for head in heads] for row in value)
            parts.append(f"<h3>{text(name)}</h3>\n{_table(heads, rows)}")
    return "".join(parts)


def _file(role: str, file: Mapping[str, Any]) -> tuple[str, ...]:
    size = file.get("bytes")
    return (
        text(role),
        shown(file.get("path"), "path"),
        f"{size:,}" if isinstance(size, int) else shown(size),
        _declared(file.get("licence")),
        _declared(file.get("url")),
        f"<code>{shown(file.get('sha256'))}</code>",
    )


def _declared(value: Any) -> str:
    return "<span class='quiet'>not declared</span>" if value is None else shown(value)


def _is_table(value: Any) -> bool:
    return isinstance(value, list) and bool(value) and all(isinstance(row, Mapping) for row in value)


def _table(heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    """Write rows of HTML under heads of plain text; the first cell of a row is its head."""
    heads = list(heads)
    top = "".join(f"<th scope='col'>{text(head)}</th>" for head in heads)
    lines = []
    for row in rows:
        first, *rest = row
        cells = "".join(
            f"<td data-head='{text(head)}'>{cell}</td>" for head, cell in zip(heads[1:] or [""], rest, strict=True)
        )
        lines.append(f"<tr><th scope='row'>{first}</th>{cells}</tr>\n")
    head = f"<thead><tr>{top}</tr></thead>\n" if top else ""
    return f"<table class='listing'>\n{head}<tbody>\n{''.join(lines)}</tbody></table>\n"


LONGEST = 100  # characters: a hash of 64 is shown, a list of all documents is not
DEEPEST = 5
FILES = ("path", "run", "skip_words")
FILES_OR_HUB = ("model", "tokenizer", "data", "data_unmixed", "dictionary", "sentences", "target_text")


def shown(value: Any, name: str = "", depth: int = 0) -> str:
    """Write a value as HTML. name: of the field, which says whether the value may be a path."""
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
    content = str(value)
    if isinstance(value, str) and name in FILES_OR_HUB:
        content = public_name(value)
    elif isinstance(value, str) and (name in FILES or value.startswith(("/", "~", "./", "../"))):
        content = last_part(value)
    if len(content) > LONGEST:
        return f"<span class='quiet'>{len(content):,} characters, not shown</span>"
    return f"<bdi>{text(content)}</bdi>" if content else "<span class='quiet'>empty</span>"
