"""Read two files of parallel texts: line beside line, or paragraph beside paragraph in SQuAD layout."""

from collections.abc import Iterator
from itertools import zip_longest
from pathlib import Path
from typing import NamedTuple

from commit_llm.data.squad_paragraphs import read_paragraphs
from commit_llm.errors import UserError, shown
from commit_llm.files.data_format import SUFFIXES, layout_of
from commit_llm.files.encoding_advice import iconv_line
from commit_llm.files.text_stream import encoding_of, lines_of_text, unmarked_utf_16
from commit_llm.files.unpacking import head_of, opened

LONGEST_LINE = 1 << 20  # characters
OF_ONE_KIND = "give two files of lines, or two in SQuAD layout (.json)"


class ParallelTexts(NamedTuple):
    """Hold pairs of a text and its translation, and how many they are."""

    number: int
    pairs: Iterator[tuple[str, str]]


def open_parallel(source: Path, target: Path) -> ParallelTexts:
    """Open two files whose lines, or whose paragraphs, are translations of each other.

    Lines are read one at a time. Files may be packed, and in UTF-16 with its mark.

    Raises UserError where a file is missing, empty or of another format, the two are of two kinds, their numbers
    differ, or the questions of two paragraphs do.
    """
    kinds = [_has_paragraphs(path) for path in (source, target)]
    if kinds[0] != kinds[1]:
        squad, lines = (source, target) if kinds[0] else (target, source)
        raise UserError(f"{squad}: is .json, in SQuAD layout, and {lines} has lines of text; {OF_ONE_KIND}")
    if kinds[0]:
        return _parallel_paragraphs(source, target)
    number = sum(1 for _ in _lines(source))
    _require_as_many(source, number, target, sum(1 for _ in _lines(target)), "lines")
    return ParallelTexts(number, zip(_lines(source), _lines(target), strict=True))


def _has_paragraphs(path: Path) -> bool:
    """Say whether a file is one in SQuAD layout, by its name. Raises UserError where it has no lines of text either."""
    layout = layout_of(path)
    if layout in SUFFIXES and layout not in (".json", ".txt"):
        raise UserError(f"{path}: a {layout} file has no plain lines of text; {OF_ONE_KIND}")
    if not path.is_file():
        raise UserError(f"{path}: no such file; {OF_ONE_KIND}")
    return layout == ".json"


def _require_as_many(source: Path, of_source: int, target: Path, of_target: int, what: str) -> None:
    """Raise UserError where a file is empty, or the two have different numbers."""
    for path, number in ((source, of_source), (target, of_target)):
        if not number:
            raise UserError(f"{path}: holds no {what}; {OF_ONE_KIND}")
    if of_source != of_target:
        raise UserError(
            f"{source} has {of_source:,} {what}, and {target} {of_target:,}; each is to be the translation of its like"
        )


def _lines(path: Path) -> Iterator[str]:
    with opened(path) as file:
        head = head_of(file)
        encoding = encoding_of(head)
        if not encoding.mark and (name := unmarked_utf_16(head)):
            raise UserError(f"{path}: {name} without a byte-order mark; convert it: {iconv_line(path, name)}")
        for number, line in enumerate(lines_of_text(file, path, LONGEST_LINE, encoding), 1):
            if len(line) > LONGEST_LINE:
                raise UserError(f"{path}:{number}: a line of over {LONGEST_LINE:,} characters; give a paragraph a line")
            yield line


def _parallel_paragraphs(source: Path, target: Path) -> ParallelTexts:
    of_source, of_target = read_paragraphs(source), read_paragraphs(target)
    _require_as_many(source, len(of_source), target, len(of_target), "paragraphs")
    for number, (one, two) in enumerate(zip(of_source, of_target, strict=True), 1):
        for id, other in zip_longest(one.ids, two.ids):
            if id != other:
                raise UserError(
                    f"{target}: paragraph {number} has question {shown(other)} where {source} has {shown(id)}; "
                    "give the same paragraphs in two languages"
                )
    pairs = ((one.text, two.text) for one, two in zip(of_source, of_target, strict=True))
    return ParallelTexts(len(of_source), pairs)
