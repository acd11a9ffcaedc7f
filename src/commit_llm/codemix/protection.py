"""What is never touched wherever it stands: code, LaTeX, addresses, placeholders."""

import re
from functools import cache

# A text without any of these has nothing to protect. The kernel looks for the same (kernel.py, needs_protection).
TRIGGER = re.compile(r"[`~$\\@{]|://|www\.")

# The first that begins furthest to the left wins. A pattern that can begin often and end nowhere has a greatest
# length, so that no text takes more than linear time. Each begins with a character, and so does each alternative
# (what must stand before it is asked behind it), because the search then jumps from one such character to the next.
PATTERNS = (
    r"`(?s:``(?P<ticks>`*).*?(?:```(?P=ticks)`*|\Z))",  # a fenced block, also in the middle of a line; open to the end
    r"~(?ms:(?:(?<=^~)|(?<=^ ~)|(?<=^  ~)|(?<=^   ~))~~(?P<tildes>~*).*?(?:^[ ]{0,3}~~~(?P=tildes)~*|\Z))",
    r"`(?P<tick>`?)(?!`)[^\n]*?(?<!`)`(?P=tick)(?!`)",  # inline code
    r"\$\$(?s:.+?)\$\$",
    r"\\\[(?s:.{0,2000}?)\\\]",
    r"\\\((?s:.{0,2000}?)\\\)",
    r"\\begin\{(?P<environment>[A-Za-z]{1,30}\*?)\}(?s:.{0,4000}?)\\end\{(?P=environment)\}",
    # As Pandoc reads it: no space inside, no digit behind, so that "$5 and $6" is money.
    r"\$(?![\s$])[^$\n]*(?<![\s\\])\$(?!\d)",
    r"\\[A-Za-z]+\*?(?:\[[^\]\n]{0,200}\])?(?:\{[^{}\n]*\})*",  # a command of LaTeX with its arguments
    r":(?P<address>//)",  # the rest of these two is AROUND them
    r"w(?<=\bw)ww\.[^\s<>\"]+",
    r"@(?P<mail>[\w-])",
    r"\{\{[^{}\n]*\}\}",  # placeholders
    r"\{[^{}\n]*\}",
)
# What stands before :// and behind it, and before @ and behind it; before it so many characters at most.
AROUND = {
    "address": (re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z"), re.compile(r"//[^\s<>\"]+")),
    "mail": (re.compile(r"[\w.+-]+\Z"), re.compile(r"[\w-]+(?:\.[\w-]+)+")),
}
LONGEST_BEFORE = 64


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
    spans: list[tuple[int, int]] = []
    search = protection().search
    end = place = 0
    while found := search(text, place):
        start, place = found.span()
        kind = "address" if found["address"] else "mail" if found["mail"] else None
        if kind:
            before, behind = AROUND[kind]
            name = before.search(text, max(end, start - LONGEST_BEFORE), start)
            rest = name and behind.match(text, start + 1)
            if not (name and rest):
                place = start + 1
                continue
            start, place = name.start(), rest.end()
        end = place
        spans.append((start, end))
    return spans
