"""Find the brackets of a text, within which an annotation takes a comma."""

from collections.abc import Sequence

from commit_llm.codemix.finding.characters import LINE_BREAK, character_classes

OPENING, CLOSING = "([（［", ")]）］"


def bracket_pairs(text: str) -> list[tuple[int, int]]:
    """Give the places of an opening and its closing bracket, of each pair that closes in its line, as they close.

    >>> bracket_pairs("1) a (b [c] ( d))")
    [(8, 10), (12, 15), (5, 16)]
    """
    classes = character_classes()
    pairs: list[tuple[int, int]] = []
    waiting: list[int] = []
    for place, character in enumerate(text):
        if character in OPENING:
            waiting.append(place)
        elif character in CLOSING and waiting:
            pairs.append((waiting.pop(), place))
        elif classes[ord(character)] == LINE_BREAK:
            waiting.clear()
    return pairs


def is_within(pairs: Sequence[tuple[int, int]], place: int) -> bool:
    """Say whether a place lies within one of the pairs."""
    return any(opening < place < closing for opening, closing in pairs)
