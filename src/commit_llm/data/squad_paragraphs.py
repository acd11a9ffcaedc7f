"""Read the paragraphs of a file in SQuAD layout, whatever its questions are."""

from itertools import chain
from pathlib import Path
from typing import Any, NamedTuple

from commit_llm.errors import UserError
from commit_llm.files.data_format import LONGEST, has_json_lines, layout_of
from commit_llm.files.encoding_advice import not_utf_8
from commit_llm.files.json_text import parse_json
from commit_llm.files.text_stream import opened_as_utf_8
from commit_llm.files.unpacking import head_of

LARGEST = 4 * LONGEST  # bytes of a file, which is read as a whole


class Paragraph(NamedTuple):
    """Hold a paragraph, and the ids of its questions, which are the same in translations."""

    text: str
    ids: tuple[str, ...]


def is_squad(path: Path) -> bool:
    """Say whether a file is in SQuAD layout: one object of JSON, which no file of records is."""
    if layout_of(path) != ".json" or not path.is_file() or has_json_lines(path):
        return False
    with opened_as_utf_8(path) as file:
        return head_of(file).lstrip().startswith(b"{")


def read_paragraphs(path: Path) -> list[Paragraph]:
    """Read the paragraphs of a file, packed or not. Raises UserError where it is too large, or of another layout."""
    with opened_as_utf_8(path) as file:
        content = file.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UserError(f"{path}: over {LARGEST >> 20} MB, which are not read at once; give files of lines")
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError as error:
        raise not_utf_8(path, f"at byte {error.start}", content, error.start) from None
    value = parse_json(text, path) if text.strip() else {"data": []}
    try:
        articles = [article["paragraphs"] for article in value["data"]]
        return [_paragraph(paragraph) for paragraph in chain.from_iterable(articles)]
    except (KeyError, TypeError, AttributeError) as error:
        raise UserError(f"{path}: not in SQuAD layout (data, paragraphs, context, qas): {error!r}") from None


def _paragraph(value: Any) -> Paragraph:
    if not isinstance(value["context"], str):
        raise TypeError(f"a context that is {type(value['context']).__name__}")
    return Paragraph(value["context"], tuple(str(question["id"]) for question in value.get("qas", [])))
