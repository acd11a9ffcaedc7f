"""What is never touched wherever it stands: code, LaTeX, addresses, placeholders."""

import re
from functools import cache

# A text without any of these has nothing to protect. The kernel looks for the same (kernel.py, needs_protection).
TRIGGER = re.compile(r"[`~$\\@{]|://|www\.")

# The first that begins furthest to the left wins. A pattern that can begin often and end nowhere has a greatest
# length, so that no text takes more than linear time.
PATTERNS = (
    r"(?s:(?P<ticks>`{3,}).*?(?:(?P=ticks)`*|\Z))",  # a fenced block, also in the middle of a line; open to the end
    r"(?ms:^[ ]{0,3}(?P<tildes>~{3,}).*?(?:^[ ]{0,3}(?P=tildes)~*|\Z))",
    r"(?P<tick>``?)(?!`)[^\n]*?(?<!`)(?P=tick)(?!`)",  # inline code
    r"(?s:\$\$.+?\$\$)|(?s:\\\[.{0,2000}?\\\])|(?s:\\\(.{0,2000}?\\\))",
    r"(?s:\\begin\{(?P<environment>[A-Za-z]{1,30}\*?)\}.{0,4000}?\\end\{(?P=environment)\})",
    # As Pandoc reads it: no space inside, no digit behind, so that "$5 and $6" is money.
    r"\$(?![\s$])[^$\n]*(?<![\s\\])\$(?!\d)",
    r"\\[A-Za-z]+\*?(?:\[[^\]\n]*\])?(?:\{[^{}\n]*\})*",  # a command of LaTeX with its arguments
    r"(?<![A-Za-z0-9+.-])[A-Za-z][A-Za-z0-9+.-]{0,30}://[^\s<>\"]+|\bwww\.[^\s<>\"]+",
    r"(?<![\w.+-])[\w.+-]+@[\w-]+(?:\.[\w-]+)+",
    r"\{\{[^{}\n]*\}\}|\{[^{}\n]*\}",  # placeholders
)


@cache
def protection() -> re.Pattern[str]:
    """All patterns in one."""
    return re.compile("|".join(PATTERNS))


def protected_spans(text: str) -> list[tuple[int, int]]:
    """Where a text must not be touched: (start, end) in characters, end excluded, in order and apart.

    >>> text = "Run `ls docs` on {machine}, see https://a.example/docs."
    >>> [text[start:end] for start, end in protected_spans(text)]
    ['`ls docs`', '{machine}', 'https://a.example/docs.']
    """
    if not TRIGGER.search(text):
        return []
    return [found.span() for found in protection().finditer(text)]
