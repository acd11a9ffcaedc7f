"""Find what is never touched wherever it stands: code, markup, LaTeX, addresses, paths, flags, placeholders."""

import html
import re
from collections.abc import Iterable
from functools import cache
from html.entities import html5

from commit_llm.codemix.finding.addresses import OPENING, address, mail, path, pattern
from commit_llm.codemix.finding.characters import (
    APOSTROPHE,
    IGNORED,
    LETTER,
    MARK,
    OTHER,
    UNSPACED,
    WITHIN_WORD,
    character_classes,
)

# Where something to protect may begin: no pattern and no function of AROUND finds anything elsewhere. The kernel gives
# these places too, or fewer (codemix/engine/kernel/triggers.py). ASCII tells them, besides the Greek varia, which is
# canonically a backtick.
TRIGGER = re.compile(
    r"[`\u1fef$\\@{]|~(?=~~)|%(?=[(sdif])|<(?=[A-Za-z/!])|:(?=//)|(?<=[tT][oO]):|w(?=ww\.)|/(?=[^\x00- /<>])"
    r"|&(?=[#A-Za-z])|\](?=[(:])|(?<![0-9A-Za-z-])-(?=-[a-z]|[A-Za-z](?![A-Za-z]))"
)

TITLE = r"(?:\"[^\"\n]{0,300}\"|'[^'\n]{0,300}'|\([^()\n]{0,300}\))"  # of a link in Markdown

PLAIN = r"(?:[A-Za-z0-9](?![\M]))"  # a letter or digit of a flag
MORE = rf"['’]?(?![{UNSPACED}])[\w]"  # of a word

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
    r"\\(?:[A-Za-z](?![\M]))+\*?(?:\[[^\]\n]{0,200}\])?(?:\{[^{}\n]*\})*",  # a command of LaTeX with its arguments
    r"w(?<![\w]w)ww\.[^\s<>\"]+",
    r"\{\{[^{}\n]*\}\}",  # placeholders
    r"\{[^{}\n]*\}",
    r"%(?:\([\w]{1,60}\))?[sdif](?![\w])",
    r"</?[A-Za-z](?![\M])[^<>\n]{0,500}>|<!--(?s:.{0,2000}?)-->",  # a tag of HTML or XML
    # The target of a link or image in Markdown, not its title; brackets in it are closed in it. In a definition that
    # of a heading, since any other is found as an address or a path.
    r"\]\(\s{0,9}(?:<[^<>\n]{0,500}>|(?:[^\s()<>]|\((?:[^\s()<>]|\([^\s()<>]{0,500}\))*+\))++)"
    rf"(?=(?:\s{{1,9}}{TITLE})?\s{{0,9}}\))",
    rf"\]:[ \t]{{1,9}}#[^\s<>]+(?=(?:[ \t]{{1,9}}{TITLE})?[ \t]{{0,9}}(?:\n|\Z))",
    # A flag: a word behind two hyphens with what it is set to, or one letter behind one; no capital letter at the start
    # of a line, where the hyphen is a bullet.
    rf"-(?<![^{OPENING},;/\"'`*<]-)(?:-(?=[a-z]){PLAIN}++(?:[._-]{PLAIN}++)*+(?!{MORE}|--)(?:=[\w.,:/+@%~=-]*)?"
    rf"|(?:[a-z]|(?<=[^\n]-)[A-Z])(?!{MORE}|-))",
)
IN_WORDS, BETWEEN_LETTERS = (LETTER, MARK), (APOSTROPHE, WITHIN_WORD, IGNORED)
REFERENCE = re.compile(r"&((?:amp;)*+)(#\d{1,7};|#[xX][0-9A-Fa-f]{1,6};|[A-Za-z][A-Za-z0-9]{1,30};)?")

# Signs with two canonically equivalent spellings: those with a line through them, and those that are twice in Unicode.
STRUCK = {"<": "≮", "=": "≠", ">": "≯"}
SAME = {"\u1fef": "`", "\u037e": ";", "\u212a": "K"}


@cache
def protection() -> re.Pattern[str]:
    """Give all patterns in one."""
    return pattern("|".join(PATTERNS))


def protected_spans(text: str, triggers: Iterable[int] | None = None) -> list[tuple[int, int]]:
    """Find where a text must not be touched: (start, end) in characters, end excluded, in order and apart.

    triggers: the places that TRIGGER finds in the text, from a caller that has found them already.

    >>> text = "Run `ls docs` on {machine}, see https://a.example/docs."
    >>> [text[start:end] for start, end in protected_spans(text)]
    ['`ls docs`', '{machine}', 'https://a.example/docs.']
    """
    spans: list[tuple[int, int]] = []
    text = text if text.isascii() else with_one_spelling(text)
    match = protection().match
    end = 0
    for place in (trigger.start() for trigger in TRIGGER.finditer(text)) if triggers is None else triggers:
        if place < end:
            continue
        around = AROUND.get(text[place])
        span = around(text, place, end) if around else None
        if span is None:
            whole = match(text, place)
            span = whole and whole.span()
        if span:
            spans.append(span)
            end = span[1]
    return spans


def with_one_spelling(text: str) -> str:
    """Give a text of the same length in which each sign that has two canonically equivalent spellings has one."""
    for sign, plain in SAME.items():
        text = text.replace(sign, plain)
    if "\u0338" in text:
        for sign, struck in STRUCK.items():
            text = text.replace(sign + "\u0338", struck * 2)
    return text


def reference(text: str, sign: int, earliest: int) -> tuple[int, int] | None:
    """Find a character reference of HTML, known and with its semicolon; its `&` may be a reference too, `&amp;lt;`.

    One that stands for a part of a word has the letters beside it: `caf&eacute;` and `don&#39;t` are words.
    """
    match = REFERENCE.match(text, sign)
    if match and match[2] and (match[2][0] == "#" or match[2] in html5):
        start, end = match.span()
        kind = kind_of(html.unescape("&" + match[2])[-1:])
        before, behind = (
            kind_of(side) in IN_WORDS for side in (text[max(earliest, start - 1) : start], text[end : end + 1])
        )
        if kind in IN_WORDS or (kind in BETWEEN_LETTERS and before and behind):
            return start - before, end + behind
        return start, end
    return (sign, match.end(1)) if match and match[1] else None


def kind_of(character: str) -> int:
    """Give the class of a character, OTHER where there is none."""
    return int(character_classes()[ord(character)]) if character else OTHER


# What is found by the characters on both sides of its sign.
AROUND = {":": address, "@": mail, "/": path, "\\": path, "&": reference}
