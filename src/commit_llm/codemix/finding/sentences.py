"""Find the sentences of a text by the rule that says which word opens one, and give the key under which each is known.

A sentence begins at the start of the text, in every line, and behind a stop with white space: wherever `clean_words`
has a place before a first word. It is taken as it stands, with its signs and without the white space around it.
"""

import re
from functools import cache

from commit_llm.codemix.finding.characters import (
    APOSTROPHE,
    CLOSER,
    DOT,
    IGNORED,
    LINE_BREAK,
    SENTENCE_END,
    SPACE,
    character_classes,
    character_set,
)
from commit_llm.codemix.finding.clean_words import OPEN, OPENING_BEHIND, WITHIN, runs
from commit_llm.codemix.finding.spelling import spelling


def find_sentences(text: str, languages: frozenset[str] = frozenset()) -> list[tuple[int, int]]:
    """Find the sentences of a text: (start, end) in characters, end excluded, in order and apart; none is empty.

    languages: codes of those in which the text is written, if they are known.

    >>> text = 'He said: "Hi." Then\\n 1. he left'
    >>> [text[start:end] for start, end in find_sentences(text)]
    ['He said: "Hi."', 'Then', '1.', 'he left']
    """
    borders, end, before = [0], 0, OPEN
    for run, opening in runs(text, languages):
        start = run.start()
        inside, behind = _borders(text, end, start, before, languages)
        borders += inside
        if opening != behind:  # a number and its stop, with a word right behind them
            borders.append(start)
        end, before = run.end(), WITHIN
    borders += _borders(text, end, len(text), before, languages)[0]
    bare, sentences = _bare(), []
    for start, end in zip(borders, [*borders[1:], len(text)], strict=True):
        if sentence := bare.search(text, start, end):
            sentences.append(sentence.span())
    return sentences


def is_sentence(text: str, languages: frozenset[str] = frozenset()) -> bool:
    """Say whether a text is one sentence, such as `find_sentences` finds.

    >>> is_sentence("The cat."), is_sentence("The cat. The dog.")
    (True, False)
    """
    bare = _bare().fullmatch(text)
    before_stop = _before_stop(languages).match(text) if bare else None
    # Most have one stop, at the end.
    if before_stop and not _possible_border(languages).search(text, 0, before_stop.end()):
        return True
    return len(find_sentences(text, languages)) == 1


def sentence_key(text: str) -> str:
    """Give the form in which the sentences of texts and of files agree, however they are spelt (`spelling`).

    >>> sentence_key(" It’s \\n cafe\\u0301. ")
    "It's café."
    """
    return with_single_spaces(spelling(text))


def with_single_spaces(text: str) -> str:
    """Write one space for all white space, and none around the text."""
    if "  " in text or not text.isprintable():  # as all white space but the space is not
        text = _white_space().sub(" ", text)
    return text.strip(" ")


def _borders(text: str, start: int, end: int, opening: int, languages: frozenset[str]) -> tuple[list[int], int]:
    """Give the places of a gap between runs at which a sentence begins, and where in a sentence the gap ends."""
    classes = character_classes(languages)
    borders = []
    for place in range(start, end):
        kind = classes[ord(text[place])]
        before, opening = opening, OPENING_BEHIND[opening][kind]
        if opening == OPEN and (before != OPEN or kind == LINE_BREAK):
            borders.append(place + 1)
    return borders, opening


@cache
def _white_space() -> re.Pattern[str]:
    return re.compile(f"[{character_set(SPACE)}{character_set(LINE_BREAK)}]+")


@cache
def _bare() -> re.Pattern[str]:
    """Match from what is no white space to what is none."""
    other = f"[^{character_set(SPACE)}{character_set(LINE_BREAK)}]"
    return re.compile(f"{other}(?s:.*{other})?")


@cache
def _before_stop(languages: frozenset[str]) -> re.Pattern[str]:
    """Match a text up to the last character that is no stop, and nothing that may stand between stop and space."""
    stops = "".join(character_set(kind, languages) for kind in (DOT, SENTENCE_END, CLOSER, APOSTROPHE, IGNORED))
    return re.compile(f"(?s:.*)[^{stops}]")


@cache
def _possible_border(languages: frozenset[str]) -> re.Pattern[str]:
    return re.compile("[" + "".join(character_set(kind, languages) for kind in (DOT, SENTENCE_END, LINE_BREAK)) + "]")
