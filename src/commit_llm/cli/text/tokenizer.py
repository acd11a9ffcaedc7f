"""Say what `commit-llm tokenizer inspect` counted, to a person or a program."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from functools import partial
from textwrap import wrap
from typing import Any

from commit_llm.cli.text.aligned import aligned
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.vocabulary.example_texts import ExampleKind
from commit_llm.vocabulary.token_counts import FITTING, TextCounts, TokenCounts
from commit_llm.vocabulary.translation_tokens import SpeltWord, TranslationTokens

WIDTH = 80  # characters of a line
LONGEST = 22  # characters of a name in a table
Tokenizers = Mapping[str, Tokenizer]  # by their names


def report(
    tokenizers: Tokenizers,
    texts: Sequence[TextCounts],
    dictionaries: Sequence[TranslationTokens],
    worst: int,
    most: int,
) -> str:
    """Give the whole report. worst: words of a dictionary to list. most: examples that were looked at; 0 is all."""
    parts = [
        [f"{name}: {tokenizer.vocab_size:,} entries" for name, tokenizer in tokenizers.items()] + _same(tokenizers),
        _contents(texts, most),
        _spelling(tokenizers, texts),
        _lengths(tokenizers, texts),
        _kinds(tokenizers, texts),
    ]
    if dictionaries:
        spelt = [dictionary.spelt(tokenizers.values()) for dictionary in dictionaries]
        parts.append(_translations(tokenizers, dictionaries, spelt))
        if worst:
            parts += map(partial(_worst, tokenizers, worst), dictionaries, spelt)
    return "\n\n".join("\n".join(line.rstrip() for line in part) for part in parts)


def as_json(
    tokenizers: Tokenizers, texts: Sequence[TextCounts], dictionaries: Sequence[TranslationTokens], worst: int
) -> dict[str, Any]:
    """Give the report for a program: counts, and lengths that hold a share of the examples."""
    return {
        "tokenizers": {
            name: {"file": str(tokenizer.path), "entries": tokenizer.vocab_size}
            for name, tokenizer in tokenizers.items()
        },
        "texts": {text.name: _text_json(tokenizers, text) for text in texts},
        "dictionaries": {
            dictionary.name: _dictionary_json(tokenizers, dictionary, worst) for dictionary in dictionaries
        },
    }


def _text_json(tokenizers: Tokenizers, text: TextCounts) -> dict[str, Any]:
    return {
        "examples": text.examples,
        "kinds": {str(kind): number for kind, number in text.kinds.items()},
        "is_cut": text.is_cut,
        "words": text.words,
        "characters": text.characters,
        "tokenizers": {name: _counts_json(counts) for name, counts in zip(tokenizers, text.tokens, strict=True)},
    }


def _counts_json(counts: TokenCounts) -> dict[str, Any]:
    shares = {"median": 0.5, "p95": FITTING, "max": 1.0}
    rows = counts.rows if counts.rows.total else None
    return {
        "tokens": counts.tokens,
        "parts_of_characters": counts.parts,
        "unknown": counts.unknown,
        "different": counts.used,
        "an_example": {
            "mean": counts.examples.mean,
            **{name: counts.examples.holding(share) for name, share in shares.items()},
        },
        "seq_len": rows and {name: rows.holding(share) for name, share in shares.items()},
        "left_out": counts.left_out,
        "without_form": counts.without_form,
    }


def _dictionary_json(tokenizers: Tokenizers, dictionary: TranslationTokens, worst: int) -> dict[str, Any]:
    spelt = dictionary.spelt(tokenizers.values())
    drawn = dictionary.drawn_tokens(tokenizers.values())
    return {
        "translations": len(spelt),
        "tokens_each": dict(zip(tokenizers, _means(spelt), strict=True)),
        "drawn_for": dictionary.source,
        "tokens_drawn": dict(zip(tokenizers, drawn, strict=True)) if drawn else None,
        "shares": {name: asdict(share) for name, share in dictionary.shares.items()},
        "worst": [
            {"word": word, "tokens": dict(zip(tokenizers, tokens, strict=True))} for word, tokens in spelt[:worst]
        ],
    }


def _means(spelt: Sequence[SpeltWord]) -> list[float]:
    """Give the mean tokens of words with each tokenizer."""
    return [sum(counts) / len(spelt) for counts in zip(*(word.tokens for word in spelt), strict=True)]


def _same(tokenizers: Tokenizers) -> list[str]:
    if len({tokenizer.fingerprint() for tokenizer in tokenizers.values()}) < len(tokenizers):
        return ["Both are one and the same tokenizer, so their figures are equal."]
    return []


def _contents(texts: Sequence[TextCounts], most: int) -> list[str]:
    rows = [("texts", "examples", "words", "characters")]
    rows += [(_short(text.name), f"{text.examples:,}", f"{text.words:,}", f"{text.characters:,}") for text in texts]
    cut = [text for text in texts if text.is_cut]
    lines = aligned(rows)
    if cut:
        lines += _sentence(f"Of {_names(cut)} only the first {most:,} are looked at; --examples 0 looks at all.")
    if without_icu := [text for text in texts if text.lacks_icu]:
        lines += _sentence(
            f"{_names(without_icu)}: without ICU (extra seg) a word that no --dictionary has is one character."
        )
    return lines


def _spelling(tokenizers: Tokenizers, texts: Sequence[TextCounts]) -> list[str]:
    """Give tokens by word and character, and how many times as many they are as those of the first text."""
    first, several = texts[0], len(texts) > 1
    header = ("spelling", "tokens", "a word", "a character", "chars each", *(["x first"] if several else []))

    def row(text: TextCounts, number: int) -> tuple[str, ...]:
        tokens = text.tokens[number].tokens
        factor = f"{tokens / first.tokens[number].tokens:.2f}" if _may_be_parallel(first, text) else "-"
        return (
            f"{tokens:,}",
            f"{tokens / text.words:.2f}",
            f"{tokens / text.characters:.2f}",
            f"{text.characters / tokens:.2f}",
            *([factor] if several else []),
        )

    lines = _table(header, tokenizers, {text.name: partial(row, text) for text in texts})
    if not all(_may_be_parallel(first, text) for text in texts):
        lines += _sentence("x first: of all of a text with as many examples as the first, as translations have.")
    for second in [*tokenizers][1:]:
        for text in texts:
            share = text.tokens[1].tokens / text.tokens[0].tokens
            lines.append(f"{_short(second)}: {share:.2f} x the tokens in {_short(text.name)}")
    return lines


def _may_be_parallel(first: TextCounts, text: TextCounts) -> bool:
    """Say whether a text may be the translation of another, as far as numbers tell."""
    return text is first or (text.examples == first.examples and not text.is_cut and not first.is_cut)


def _lengths(tokenizers: Tokenizers, texts: Sequence[TextCounts]) -> list[str]:
    """Give the tokens of examples, and the rows that hold most of them."""
    most = f"{100 * FITTING:.0f} %"
    header = ("tokens an example", "mean", "median", most, "longest", "--seq-len")

    def row(text: TextCounts, number: int) -> tuple[str, ...]:
        counts = text.tokens[number]
        lengths = [counts.examples.holding(share) for share in (0.5, FITTING, 1.0)]
        rows = f"{counts.rows.holding(FITTING):,}" if counts.rows.total else "-"
        return (f"{counts.examples.mean:,.0f}", *(f"{length:,}" for length in lengths), rows)

    lines = _table(header, tokenizers, {text.name: partial(row, text) for text in texts})
    laid_out = {ExampleKind.INSTRUCTION, ExampleKind.CONVERSATION}
    around = "prompt, bos and eos" if any(laid_out & text.kinds.keys() for text in texts) else "bos and eos"
    lines += _sentence(f"--seq-len: of rows that hold {most} of the examples, with {around}.")
    without = [text for text in texts if text.tokens[0].without_form]
    if without:
        lines += _sentence(f"{_names(without)}: the texts alone; --prompt chat lays conversations out for their rows.")
    left_out = sum(text.tokens[0].left_out for text in texts)
    if left_out:
        examples = "1 example" if left_out == 1 else f"{left_out:,} examples"
        lines += _sentence(f"Training leaves out {examples}, so no row must hold them.")
    return lines


def _kinds(tokenizers: Tokenizers, texts: Sequence[TextCounts]) -> list[str]:
    """Give the shares of tokens that are no whole characters, and how much of the vocabulary is used."""
    header = ("kinds of tokens", "parts of characters", "unknown", "different", "of entries")

    def row(text: TextCounts, number: int) -> tuple[str, ...]:
        counts = text.tokens[number]
        kinds = [_percent(kind, counts.tokens) for kind in (counts.parts, counts.unknown)]
        return (*kinds, f"{counts.used:,}", _percent(counts.used, counts.tokenizer.vocab_size))

    return _table(header, tokenizers, {text.name: partial(row, text) for text in texts})


def _translations(
    tokenizers: Tokenizers, dictionaries: Sequence[TranslationTokens], spelt: Sequence[Sequence[SpeltWord]]
) -> list[str]:
    """Give the tokens of each dictionary's translations, and of those that mixing draws."""
    header = ("dictionaries", "translations", "tokens each", "as drawn")

    def row(dictionary: TranslationTokens, words: Sequence[SpeltWord], number: int) -> tuple[str, ...]:
        drawn = dictionary.drawn_tokens(tokenizers.values())
        return f"{len(words):,}", f"{_means(words)[number]:.2f}", f"{drawn[number]:.2f}" if drawn else "-"

    pairs = zip(dictionaries, spelt, strict=True)
    lines = _table(header, tokenizers, {each.name: partial(row, each, words) for each, words in pairs})
    for source in dict.fromkeys(dictionary.source for dictionary in dictionaries):
        if source is not None:
            several = len({dictionary.source for dictionary in dictionaries}) > 1
            of = ", ".join(each.name for each in dictionaries if each.source == source) if several else ""
            lines += _sentence(f"as drawn: those that mixing puts into {source} at ratio 1{of and f' ({of})'}.")
    for dictionary in dictionaries:
        lines += _foreign(dictionary)
    return lines


def _worst(tokenizers: Tokenizers, worst: int, dictionary: TranslationTokens, spelt: Sequence[SpeltWord]) -> list[str]:
    by = f" (by {' and '.join(map(_short, tokenizers))})" if len(tokenizers) > 1 else ""
    return [
        f"spelt worst in {_short(dictionary.name)}{by}:",
        *(f"  {', '.join(map(str, tokens))} tokens, {len(word)} characters  {word}" for word, tokens in spelt[:worst]),
    ]


def _foreign(dictionary: TranslationTokens) -> list[str]:
    """Say that a dictionary seems to be of another language than the texts."""
    if not dictionary.foreign:
        return []
    scripts = " or ".join(map(str.capitalize, sorted(dictionary.scripts)))
    written = f", which are in {scripts}" if scripts else ""
    return _sentence(
        f"{dictionary.name}: hardly a word of {', '.join(dictionary.foreign)} is among its translations{written}: is "
        "it the dictionary of another language?"
    )


def _table(
    header: tuple[str, ...], tokenizers: Tokenizers, rows: Mapping[str, Callable[[int], tuple[str, ...]]]
) -> list[str]:
    """Give each name a row, or where there are two tokenizers one for each, below the name.

    rows: give the figures with a tokenizer, by its number.
    """
    cells = [header]
    for name, row in rows.items():
        if len(tokenizers) == 1:
            cells.append((_short(name), *row(0)))
        else:
            cells.append((_short(name), *[""] * (len(header) - 1)))
            cells += [(f"  {_short(tokenizer)}", *row(number)) for number, tokenizer in enumerate(tokenizers)]
    return aligned(cells)


def _names(texts: Sequence[TextCounts]) -> str:
    return ", ".join(text.name for text in texts)


def _short(name: str) -> str:
    """Leave out the beginning of a long name: its end tells files apart."""
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"


def _sentence(text: str) -> list[str]:
    return wrap(text, WIDTH, break_long_words=False, break_on_hyphens=False)


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
