"""Training examples as HTML: what is trained, special tokens, and replaced words with their originals."""

from collections.abc import Iterator

from commit_llm.codemix.replacement import Replacement
from commit_llm.data.decoding import MaskedPart, Piece
from commit_llm.data.example_views import ExampleView
from commit_llm.files.provenance import public_name
from commit_llm.report.page import text
from commit_llm.report.preview.marks import mark

SHOWN = 4000  # characters of a part; of a longer one its beginning and its end are shown
HEAD, TAIL = 3000, 800


def example_parts(views: list[ExampleView]) -> str:
    """Write every example in its parts."""
    return "".join(_example(number, view) for number, view in enumerate(views, 1))


def _example(number: int, view: ExampleView) -> str:
    trained = sum(part.tokens for part in view.parts if part.trained)
    ways = view.replaced or {Replacement(): 0}
    figures = [
        f"{sum(part.tokens for part in view.parts):,} tokens",
        f"{trained:,} trained",
        *(way.counted(ways[way]) for way in sorted(ways, key=lambda way: way.place)),
    ]
    if unmarked := sum(ways.values()) - view.placed:
        figures.append(f"{unmarked:,} of them not marked: the tokenizer has changed the text")
    parts = "".join(map(_part, view.parts))
    return (
        f"<section class='sample' aria-labelledby='sample-{number}'>\n"
        f"<h3 id='sample-{number}'>Example {number} <span class='quiet'>record {view.record + 1:,} of {_source(view)}: "
        f"{', '.join(figures)}</span></h3>\n{parts}</section>\n"
    )


def _source(view: ExampleView) -> str:
    return "the data" if view.source is None else f"<bdi>{text(public_name(view.source))}</bdi>"


def _part(part: MaskedPart) -> str:
    kind, label = ("trained", "trained") if part.trained else ("untrained", "not trained")
    return (
        f"<div class='part {kind}'><p class='label'>{label}, {part.tokens:,} "
        f"{'token' if part.tokens == 1 else 'tokens'}</p>\n"
        f"<p class='text' dir='auto'>{''.join(_pieces(part))}</p></div>\n"
    )


def _pieces(part: MaskedPart) -> Iterator[str]:
    length = sum(len(piece.text) for piece in part.pieces)
    if length <= SHOWN:
        yield from map(_piece, part.pieces)
        return
    yield from map(_piece, _between(part, 0, HEAD))
    yield f"</p>\n<p class='cut'>{length - HEAD - TAIL:,} characters not shown</p>\n<p class='text' dir='auto'>"
    yield from map(_piece, _between(part, length - TAIL, length))


def _between(part: MaskedPart, start: int, stop: int) -> Iterator[Piece]:
    """Give the pieces of a part, cut to some of its characters."""
    place = 0
    for piece in part.pieces:
        first, last = max(start - place, 0), min(stop - place, len(piece.text))
        if first < last:
            yield piece._replace(text=piece.text[first:last])
        place += len(piece.text)


def _piece(piece: Piece) -> str:
    if piece.special:
        return f"<bdi class='token' title='special token'>{text(piece.text)}</bdi>"
    if piece.original is not None:
        return mark(piece.text, piece.way, piece.original)
    return text(piece.text)
