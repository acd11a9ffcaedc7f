"""Views of the examples of a run's first epoch: what became of their words, and how their tokens decode."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain, groupby
from typing import NamedTuple

from commit_llm.codemix.engine.clean import replace
from commit_llm.codemix.engine.pieces import mixed_pieces
from commit_llm.codemix.outcome import Word
from commit_llm.codemix.replacement import Replacement
from commit_llm.data.decoding import MaskedPart, Stretch, decode_parts
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.examples import NoExample
from commit_llm.data.loader import DataSettings, training_examples
from commit_llm.data.packing.example_order import DrawnExample
from commit_llm.data.packing.row_fit import RowFit, row_fit

# By name, each text that may be mixed, with what becomes of its words; None for the words of a text that is not mixed.
ExplainedTexts = Mapping[str, tuple[str, Sequence[Word] | None]]


class ExampleView(NamedTuple):
    """Show an example as it decodes.

    record: its index in the data set, from 0.
    source: the name of that, where there are several; None for the only one.
    parts: all of its tokens.
    replaced: how many words, phrases and sentences are replaced or annotated, by the way.
    placed: how many of all these are marked in the parts (the others were not found there).
    """

    record: int
    parts: list[MaskedPart]
    replaced: Mapping[Replacement, int]
    placed: int
    source: str | None = None


class ExampleViews(NamedTuple):
    """Show the first examples of epoch 0 in the order of training. Those that rows leave out are passed over.

    decoded: some of them, decoded.
    explained: the words of all that were looked at.
    left_out: how many were passed over, because they are longer than a row.
    complete: whether there are no more.
    """

    decoded: list[ExampleView]
    explained: list[ExplainedTexts]
    left_out: int
    complete: bool


def view_examples(
    settings: DataSettings, makes: Sequence[ExampleMaker], decoded: int, examples: int = 500, characters: int = 400_000
) -> ExampleViews:
    """Look at so many examples, or at so many characters of them, whichever are fewer; decode the first `decoded`.

    The default takes two seconds. Raises UserError for a record without the fields that the form needs.
    """
    views = ExampleViews([], [], 0, True)
    order = training_examples(settings, *makes)
    for position in range(order.num_records):
        drawn = order.where(position)
        make, index = makes[drawn.source], drawn.record
        has_room = len(views.explained) < examples and characters > 0
        if not has_room and len(views.decoded) >= decoded:
            return views._replace(complete=False)
        explained = _explain(make, drawn)
        texts = _mixed(make, explained)
        example = make.form.encode(make.tokenizer, make.records[index], texts)
        fit = row_fit(example, settings.seq_len)
        if fit is RowFit.LEFT_OUT:
            views = views._replace(left_out=views.left_out + 1)
        if isinstance(example, NoExample) or fit in (RowFit.NONE, RowFit.LEFT_OUT):
            continue
        if has_room:
            views.explained.append(explained)
            characters -= sum(len(text) for text, _ in explained.values())
        if len(views.decoded) < decoded:
            ways = (Replacement.of(word) for _, words in explained.values() for word in words or ())
            parts, placed = decode_parts(example, make.tokenizer, _written(make, index, explained, texts))
            name = make.source.name if len(makes) > 1 else None
            views.decoded.append(ExampleView(index, parts, Counter(filter(None, ways)), placed, name))
    return views


def _explain(make: ExampleMaker, drawn: DrawnExample) -> ExplainedTexts:
    """Give the texts of a record that may be mixed, and what becomes of their words where it is drawn."""
    _, epoch, index, place = drawn
    texts = make.form.texts(make.records[index], index)
    words: Mapping[str, Sequence[Word]] = {}
    if make.mixer is not None:
        words = make.mixer.explain(texts, row=index, epoch=epoch, place=place, mixed_fields=make.names_to_mix(texts))
    return {name: (text, words.get(name)) for name, text in texts.items()}


def _mixed(make: ExampleMaker, explained: ExplainedTexts) -> dict[str, str]:
    unspaced = make.mixer is not None and make.mixer.unspaced
    return {name: replace(text, list(words or ()), unspaced) for name, (text, words) in explained.items()}


def _written(
    make: ExampleMaker, index: int, explained: ExplainedTexts, texts: Mapping[str, str]
) -> list[list[Stretch]]:
    """Cut every string that is encoded into its translations and what stands between them."""
    mixer = make.mixer
    if mixer is None:
        return []
    mixed = {name: list(_stretches(text, words or (), mixer.unspaced)) for name, (text, words) in explained.items()}
    layout = make.form.layout(make.records[index], texts)
    return [
        list(_merged(chain.from_iterable([Stretch(text)] if name is None else mixed[name] for text, name in passages)))
        for passages in layout
    ]


def _stretches(text: str, words: Sequence[Word], unspaced: bool) -> Iterator[Stretch]:
    for written, word in mixed_pieces(text, words, unspaced):
        way = None if word is None else Replacement.of(word)
        yield Stretch(written) if word is None or way is None else Stretch(written, text[word.start : word.end], way)


def _merged(stretches: Iterable[Stretch]) -> Iterator[Stretch]:
    """Join the stretches between two translations into one."""
    for is_replaced, group in groupby(stretches, lambda stretch: stretch.original is not None):
        if is_replaced:
            yield from group
        else:
            yield Stretch("".join(stretch.text for stretch in group))
