"""Find what is never touched wherever it stands: code, LaTeX, addresses, placeholders."""

import re
from collections.abc import Iterable
from functools import cache

# Where something to protect may begin. The kernel looks for the same (codemix/engine/kernel/triggers.py).
TRIGGER = re.compile(r"[`~$\\@{%<]|:(?=//)|w(?=ww\.)")

# The first that begins furthest to the left wins. A pattern that can begin often and end nowhere has a greatest
# length, so that no text takes more than linear time. Each begins with the character of a trigger.
PATTERNS = (
    r"`(?s:``(?P<ticks>`*).*?(?:```(?P=ticks)`*|\Z))",  # a fenced block, also in the middle of a line; open to the end
    r"~(?ms:(?:(?<=^~)|(?<=^ ~)|(?<=^  ~)|(?<=^   ~))~~(?P<tildes>~*).*?(?:^[ ]{0,3}~~~(?P=tildes)~*|\Z))",
    r"`[^`\n]+`(?!`)|``(?!`)(?:[^`\n]|`(?!`))+``(?!`)",  # inline code
    r"\$\$(?:[^$]|\$(?!\$))+\$\$",
    r"\\\[(?s:.{0,2000}?)\\\]",
    r"\\\((?s:.{0,2000}?)\\\)",
    r"\\begin\{(?P<environment>[A-Za-z]{1,30}\*?)\}(?s:.{0,4000}?)\\end\{(?P=environment)\}",
    # As Pandoc reads it: no space inside, no digit behind, so that "$5 and $6" is money.
    r"\$(?![\s$])[^$\n]{1,300}(?<![\s\\])\$(?!\d)",
    r"\\[A-Za-z]+\*?(?:\[[^\]\n]{0,200}\])?(?:\{[^{}\n]*\})*",  # a command of LaTeX with its arguments
    r":(?P<address>//)",  # the rest of these two is AROUND them
    r"w(?<=\bw)ww\.[^\s<>\"]+",
    r"@(?P<mail>[\w-])",
    r"\{\{[^{}\n]*\}\}",  # placeholders
    r"\{[^{}\n]*\}",
    r"%(?:\(\w{1,60}\))?[sdif]\b",
    r"</?[A-Za-z][^<>\n]{0,500}>|<!--(?s:.{0,2000}?)-->",  # a tag of HTML or XML
)
# What stands before :// and behind it, and before @ and behind it; before it so many characters at most.
AROUND = {
    "address": (re.compile(r"[A-Za-z][A-Za-z0-9+.-]*\Z"), re.compile(r"//[^\s<>\"]+")),
    "mail": (re.compile(r"[\w.+-]+\Z"), re.compile(r"[\w-]+(?:\.[\w-]+)+")),
}
LONGEST_BEFORE = 64


@cache
def protection() -> re.Pattern[str]:
    """Give all patterns in one."""
    return re.compile("|".join(PATTERNS))


def protected_spans(text: str, triggers: Iterable[int] | None = None) -> list[tuple[int, int]]:
    """Find where a text must not be touched: (start, end) in characters, end excluded, in order and apart.

    triggers: the places that TRIGGER finds in the text, from a caller that has found them already.

    >>> text = "Run `ls docs` on {machine}, see https://a.example/docs."
    >>> [text[start:end] for start, end in protected_spans(text)]
    ['`ls docs`', '{machine}', 'https://a.example/docs.']
    """
    spans: list[tuple[int, int]] = []
    match = protection().match
    end = 0
    for place in (trigger.start() for trigger in TRIGGER.finditer(text)) if triggers is None else triggers:
        span = match(text, place) if place >= end else None
        if not span:
            continue
        start, stop = span.span()
        kind = "address" if span["address"] else "mail" if span["mail"] else None
        if kind:
            before, behind = AROUND[kind]
            name = before.search(text, max(end, start - LONGEST_BEFORE), start)
            rest = name and behind.match(text, start + 1)
            if not (name and rest):
                continue
            start, stop = name.start(), rest.end()
        end = stop
        spans.append((start, end))
    return spans
