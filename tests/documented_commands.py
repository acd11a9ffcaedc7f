"""Read the commands of the documentation: every command of every fenced bash block, with what marks it."""

import ast
import re
import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.conftest import ROOT

PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
MARKER = "# needs "

_FENCE = re.compile(r"^( *)```(\w*)\n(.*?)^ *```$", re.M | re.S)
_TITLE = re.compile(r"^##+ (.+)$", re.M)
_TOKEN = re.compile(
    r"""(?P<comment>(?<!\S)\#[^\n]*)
    |(?P<space>[ \t]+|\\\n)
    |(?P<end>\n|&&|\|\|?|;)
    |(?P<redirection>\d?>>?|<)
    |(?P<word>(?:\\.|\$\([^()]*\)|'[^']*'|"(?:\\.|[^"\\])*"|[^\s'"\\;|&<>])+)""",
    re.X | re.S,
)


@dataclass(frozen=True)
class Block:
    """Hold a fenced block. line: of its first command, counted from 1. section: the title that it stands under."""

    page: str
    line: int
    section: str
    language: str
    text: str


@dataclass(frozen=True)
class Command:
    """Hold a command: a program without its folder, and the words behind it, without quotes.

    marker: what the comment before it says that it needs.
    """

    page: str
    line: int
    section: str
    program: str
    words: tuple[str, ...]
    marker: str | None = None

    def __str__(self) -> str:
        return f"{self.page}:{self.line}: {shlex.join([self.program, *self.words])}"


def blocks(page: Path) -> list[Block]:
    """Give the fenced blocks of a page, of every language."""
    text = page.read_text(encoding="utf-8")
    outside = _FENCE.sub(lambda fence: re.sub(r"[^\n]", " ", fence[0]), text)  # a comment in a block is no title
    found = []
    for fence in _FENCE.finditer(text):
        titles = _TITLE.findall(outside, 0, fence.start())
        line = text.count("\n", 0, fence.start(3)) + 1
        found.append(Block(page.name, line, titles[-1] if titles else "", fence[2], fence[3]))
    return found


def commands(block: Block) -> list[Command]:
    """Give the commands of a block in their order; behind one, those of its `$(...)`.

    An assignment before a program is no part of the command, and nor is a redirection. Raise ValueError for a text
    that this cannot read, and for a marker without a command after it.
    """
    found: list[Command] = []
    words: list[str] = []
    begun, marker, into_file = 0, None, False
    for kind, text, line in _tokens(block):
        if kind == "comment" and not words and text.startswith(MARKER):
            if marker is not None:
                raise ValueError(f"{block.page}:{line}: marks nothing: {MARKER}{marker}")
            marker = text.removeprefix(MARKER).strip()
        elif kind == "redirection":
            into_file = True
        elif kind == "word":
            begun = begun if words else line
            words += [] if into_file else [text]
            into_file = False
        elif kind == "end" and words:
            found += _one_command(block, begun, words, marker)
            words, marker = [], None
    if marker is not None:
        raise ValueError(f"{block.page}:{block.line}: marks nothing: {MARKER}{marker}")
    return found


def documented() -> list[Command]:
    """Give every command of the documentation."""
    return [command for page in PAGES for block in bash_blocks(page) for command in commands(block)]


def bash_blocks(page: Path) -> list[Block]:
    return [block for block in blocks(page) if block.language == "bash"]


def _tokens(block: Block) -> Iterator[tuple[str, str, int]]:
    """Give kind, text and line of each token."""
    text = block.text.rstrip("\n") + "\n"
    place = 0
    while place < len(text):
        line = block.line + text.count("\n", 0, place)
        token = _TOKEN.match(text, place)
        if token is None:
            raise ValueError(f"{block.page}:{line}: no command that tests can read: {text[place : place + 40]!r}")
        yield str(token.lastgroup), token[0], line
        place = token.end()


def _one_command(block: Block, line: int, words: list[str], marker: str | None) -> Iterator[Command]:
    """Give the command that these words are, and those in it."""
    while re.match(r"\w+=", words[0]):
        words = words[1:]
    if words:
        program, *others = ("".join(shlex.split(word)) if "$(" not in word else word for word in words)
        yield Command(block.page, line, block.section, program.rpartition("/")[2], tuple(others), marker)
    for word in words:
        for inner in re.findall(r"\$\(([^()]*)\)", re.sub(r"'[^']*'", "", word)):
            yield from commands(Block(block.page, line, block.section, block.language, inner))


def is_test(place: str) -> bool:
    """Say whether there is such a file or folder, and such a test in it, as pytest names them."""
    name, _, function = place.partition("::")
    if not (ROOT / name).exists() or not function:
        return (ROOT / name).exists()
    tree = ast.parse((ROOT / name).read_text(encoding="utf-8"))
    functions = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
    return function.partition("[")[0] in functions
