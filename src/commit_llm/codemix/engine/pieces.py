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
    """Cut a mixed text as `pieces` does, with translations for the replaced words.

    A translation is set off by spaces where the text has none. One that is set behind its word is a piece of its own:
    the word belongs to it, and what it stands behind is text.

    >>> from commit_llm.codemix.outcome import Annotation, Outcome
    >>> words = [Word(0, 3, Outcome.REPLACED, "cat"), Word(3, 5, Outcome.REPLACED, "black")]
    >>> [part for part, _ in mixed_pieces("แมวดำ", words, unspaced=True)]
    ['cat', ' ', 'black']
    >>> dog = Word(4, 7, Outcome.REPLACED, "σκύλος", annotation=Annotation.BRACKETS)
    >>> [(part, word and word.translation) for part, word in mixed_pieces("The dog.", [dog], unspaced=False)]
    [('The ', None), ('dog ', None), ('(σκύλος)', 'σκύλος'), ('.', None)]
    """
    mixed, end = replace(text, list(words), unspaced), 0
    for part, word in pieces(text, words):
        shown = part if word is None else word.written(text)
        if not mixed.startswith(shown, end):
            yield " ", None
            end += 1
        end += len(shown)
        if word is not None and word.annotation is not None:
            behind = shown[len(part) :].lstrip(", ")
            yield shown[: len(shown) - len(behind)], None
            shown = behind
        yield shown, word
