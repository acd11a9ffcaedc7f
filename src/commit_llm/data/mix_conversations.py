"""Mix conversations as training does in its first epoch: contents of the chosen roles, and nothing else of a record."""

from collections.abc import Collection, Mapping, Sequence
from itertools import accumulate

from commit_llm.codemix import CodeMixer, Counts
from commit_llm.codemix.engine.pieces import pieces
from commit_llm.codemix.outcome import Word
from commit_llm.data.chat.mixable_contents import MixableContent, TextPath


def mix_contents(
    contents: Sequence[MixableContent], mixer: CodeMixer, row: int, mixed_names: Collection[str] | None = None
) -> tuple[dict[TextPath, str], Counts]:
    """Mix the contents of a conversation together, and give each text that is another one now, by its path.

    row: the index of the conversation in the whole data.
    mixed_names: of the contents that are mixed; None for all.
    """
    texts = {content.name: content.text for content in contents}
    mixed = mixer.mix_example(texts, row=row, mixed_fields=mixed_names)
    changed = [content for content in contents if mixed.texts[content.name] != texts[content.name]]
    words: Mapping[str, Sequence[Word]] = {}
    if any(len(content.places) > 1 for content in changed):
        words = mixer.explain(texts, row=row, mixed_fields=mixed_names)
    new: dict[TextPath, str] = {}
    for content in changed:
        text = mixed.texts[content.name] or ""
        parts = _cut(content, text, words[content.name]) if len(content.places) > 1 else [text]
        for (path, before, _, after), part in zip(content.places, parts, strict=True):
            new[path] = before + part + after
    return new, mixed.counts


def _cut(content: MixableContent, mixed: str, words: Sequence[Word]) -> list[str]:
    """Cut a mixed content into its parts. What stands for a word belongs to the part in which the word begins."""
    text, ends = content.text, list(accumulate(len(place.text) for place in content.places))
    parts = [""] * len(ends)
    number = start = reached = 0  # of the parts, in the content, and in the mixed one
    for piece, word in pieces(text, [word for word in words if word.translation is not None]):
        last = start + len(piece)
        while start < last:
            while ends[number] <= start:
                number += 1
            end = min(last, ends[number]) if word is None else last
            written = text[start:end] if word is None else word.written(text)
            gap = "" if mixed.startswith(written, reached) else " "  # a translation is set off by a space
            parts[number] += gap + written
            start, reached = end, reached + len(gap) + len(written)
    return parts
