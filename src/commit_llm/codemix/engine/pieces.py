"""Cut a text and its mixed one into words and what stands between them, to show what was replaced."""

from collections.abc import Iterator, Sequence

from commit_llm.codemix.engine.clean import replace
from commit_llm.codemix.outcome import Word


def pieces(text: str, words: Sequence[Word]) -> Iterator[tuple[str, Word | None]]:
    """Cut a text into its words and what stands between them; joined, the first parts are the text.

    >>> from commit_llm.codemix.outcome import Outcome
    >>> dog = Word(4, 7, Outcome.REPLACED, "σκύλος")
    >>> [(part, word and word.translation) for part, word in pieces("The dog.", [dog])]
    [('The ', None), ('dog', 'σκύλος'), ('.', None)]
    """
    end = 0
    for word in words:
        if word.start > end:
            yield text[end : word.start], None
        yield text[word.start : word.end], word
        end = word.end
    if end < len(text):
        yield text[end:], None


def mixed_pieces(text: str, words: Sequence[Word], unspaced: bool) -> Iterator[tuple[str, Word | None]]:
    """Cut as `pieces` does, with translations for the replaced words, set off by spaces where the text has none.

    >>> from commit_llm.codemix.outcome import Outcome
    >>> words = [Word(0, 3, Outcome.REPLACED, "cat"), Word(3, 5, Outcome.REPLACED, "black")]
    >>> [part for part, _ in mixed_pieces("แมวดำ", words, unspaced=True)]
    ['cat', ' ', 'black']
    """
    mixed, end = replace(text, list(words), unspaced), 0
    for part, word in pieces(text, words):
        shown = part if word is None else word.written(text)
        if not mixed.startswith(shown, end):
            yield " ", None
            end += 1
        yield shown, word
        end += len(shown)
