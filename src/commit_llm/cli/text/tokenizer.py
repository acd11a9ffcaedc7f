"""Say what `commit-llm tokenizer inspect` counted, to a person or a program."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any

from commit_llm.cli.text.aligned import aligned
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.vocabulary.example_texts import ExampleKind
from commit_llm.vocabulary.token_counts import FITTING, TextCounts, TokenCounts
from commit_llm.vocabulary.translation_tokens import SpeltWord, TranslationTokens

LONGEST = 24  # characters of a name in a table
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
        *(f"{name}: {tokenizer.vocab_size:,} entries" for name, tokenizer in tokenizers.items()),
        *_same(tokenizers),
        "",
        *_contents(texts, most),
        "",
        *_spelling(tokenizers, texts),
        "",
        *_lengths(tokenizers, texts),
        "",
        *_kinds(tokenizers, texts),
    ]
    for dictionary in dictionaries:
        parts += ["", *_translations(tokenizers, dictionary, worst)]
    return "\n".join(line.rstrip() for line in parts)


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
            dictionary.dictionary.name: _dictionary_json(tokenizers, dictionary, worst) for dictionary in dictionaries
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
    lines = aligned(rows)
    cut = [text.name for text in texts if text.is_cut]
    if cut:
        lines.append(f"Of {', '.join(cut)} only the first {most:,} are looked at; --examples 0 looks at all.")
    return lines


def _spelling(tokenizers: Tokenizers, texts: Sequence[TextCounts]) -> list[str]:
    """Give tokens by word and character, and how many times as many they are as those of the first text."""
    several = len(texts) > 1
    rows = [("spelling", "tokens", "a word", "a character", "characters each", *(["x the first"] if several else []))]

    def row(text: TextCounts, number: int) -> tuple[str, ...]:
        counts, first = text.tokens[number], texts[0]
        factor = counts.tokens / first.tokens[number].tokens
        comparable = text.examples == first.examples
        return (
            f"{counts.tokens:,}",
            f"{counts.tokens / text.words:.2f}",
            f"{counts.tokens / text.characters:.2f}",
            f"{text.characters / counts.tokens:.2f}",
            *([f"{factor:.2f}" if comparable else "-"] if several else []),
        )

    lines = _table(rows, tokenizers, texts, row)
    if several and any(text.examples != texts[0].examples for text in texts):
        lines.append("x the first: where a text has as many examples as the first, as translations have.")
    if len(tokenizers) > 1:
        first, second = tokenizers
        for text in texts:
            share = text.tokens[1].tokens / text.tokens[0].tokens
            lines.append(f"{_short(text.name)}: {share:.2f} x the tokens with {second} that it has with {first}")
    return lines


def _lengths(tokenizers: Tokenizers, texts: Sequence[TextCounts]) -> list[str]:
    """Give the tokens of examples, and the rows that hold most of them."""
    rows = [("tokens an example", "mean", "median", f"{100 * FITTING:.0f} %", "longest", "--seq-len")]

    def row(text: TextCounts, number: int) -> tuple[str, ...]:
        counts = text.tokens[number]
        examples = counts.examples
        holding = f"{counts.rows.holding(FITTING):,}" if counts.rows.total else "-"
        return (
            f"{examples.mean:,.0f}",
            *(f"{examples.holding(share):,}" for share in (0.5, FITTING, 1.0)),
            holding,
        )

    lines = _table(rows, tokenizers, texts, row)
    lines.append(f"--seq-len: of rows that hold {100 * FITTING:.0f} % of the examples whole, with {_around(texts)}.")
    without = [text.name for text in texts if any(counts.without_form for counts in text.tokens)]
    if without:
        lines.append(
            f"{', '.join(without)}: conversations are laid out by --prompt chat, or count by their texts alone."
        )
    left_out = sum(counts.left_out for text in texts for counts in text.tokens[:1])
    if left_out:
        lines.append(f"{left_out:,} examples are left out of training by their prompt, and do not count there.")
    return lines


def _around(texts: Sequence[TextCounts]) -> str:
    kinds = {kind for text in texts for kind in text.kinds}
    prompt = kinds & {ExampleKind.INSTRUCTION, ExampleKind.CONVERSATION}
    return "prompt, bos and eos" if prompt else "bos and eos"


def _kinds(tokenizers: Tokenizers, texts: Sequence[TextCounts]) -> list[str]:
    """Give the shares of tokens that are no whole characters, and how much of the vocabulary is used."""
    rows = [("kinds of tokens", "parts of characters", "unknown", "different", "of all entries")]

    def row(text: TextCounts, number: int) -> tuple[str, ...]:
        counts = text.tokens[number]
        return (
            _percent(counts.parts, counts.tokens),
            _percent(counts.unknown, counts.tokens),
            f"{counts.used:,}",
            _percent(counts.used, counts.tokenizer.vocab_size),
        )

    return _table(rows, tokenizers, texts, row)


def _translations(tokenizers: Tokenizers, dictionary: TranslationTokens, worst: int) -> list[str]:
    name, source = dictionary.dictionary.name, dictionary.source
    spelt = dictionary.spelt(tokenizers.values())
    drawn = dictionary.drawn_tokens(tokenizers.values())
    rows = [(_short(name), "translations", "tokens each", *(["as drawn"] if drawn else []))]
    for number, (label, mean) in enumerate(zip(tokenizers, _means(spelt), strict=True)):
        rows.append((_short(label), f"{len(spelt):,}", f"{mean:.2f}", *(f"{each:.2f}" for each in drawn[number:][:1])))
    lines = aligned(rows)
    if drawn:
        lines.append(f"as drawn: those that mixing puts into {source} at ratio 1.")
    lines += _foreign(dictionary)
    if worst:
        lines.append("spelt worst:" if len(tokenizers) == 1 else f"spelt worst (by {' and '.join(tokenizers)}):")
        for word in spelt[:worst]:
            lines.append(f"  {', '.join(map(str, word.tokens))} tokens, {len(word.word)} characters  {word.word}")
    return lines


def _foreign(dictionary: TranslationTokens) -> Iterator[str]:
    if dictionary.foreign:
        scripts = " or ".join(map(str.capitalize, sorted(dictionary.scripts)))
        yield f"hardly a word of {', '.join(dictionary.foreign)} is among its translations"
        yield f"{f'(in {scripts})' if scripts else '(or its sources)'}: is it the dictionary of another language?"


def _table(
    rows: Sequence[tuple[str, ...]],
    tokenizers: Tokenizers,
    texts: Sequence[TextCounts],
    row: Callable[[TextCounts, int], tuple[str, ...]],
) -> list[str]:
    """Give a row to each text, or to each of its tokenizers, below the name of the text, where there are two."""
    rows = list(rows)
    for text in texts:
        if len(tokenizers) == 1:
            rows.append((_short(text.name), *row(text, 0)))
        else:
            rows.append((_short(text.name), *[""] * (len(rows[0]) - 1)))
            rows += [(f"  {_short(name)}", *row(text, number)) for number, name in enumerate(tokenizers)]
    return aligned(rows)


def _short(name: str) -> str:
    """Leave out the beginning of a long name: its end tells files apart."""
    return name if len(name) <= LONGEST else f"…{name[1 - LONGEST :]}"


def _percent(part: int, whole: int) -> str:
    return f"{100 * part / whole:.1f} %" if whole else "-"
