"""Count the tokens that a tokenizer makes of texts: by word, by character, by example, and of which kind they are."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import accumulate
from math import ceil

from commit_llm.data.examples import NoExample
from commit_llm.data.forms.chat import ChatForm
from commit_llm.data.forms.form import Form
from commit_llm.data.packing.row_fit import places_of
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.vocabulary.example_texts import ExampleKind, ExampleTexts

NO_CHARACTER = "\ufffd"  # what bytes decode to that are no whole character
FITTING = 0.95  # of the examples, in the rows that are recommended


@dataclass
class LengthCounts:
    """Hold how often each length occurs.

    >>> lengths = LengthCounts(Counter([3, 4, 4, 9]))
    >>> lengths.mean, lengths.holding(0.5), lengths.holding(0.95)
    (5.0, 4, 9)
    """

    numbers: Counter[int] = field(default_factory=Counter)

    def add(self, length: int) -> None:
        """Count one more."""
        self.numbers[length] += 1

    @property
    def total(self) -> int:
        """Give the number of all."""
        return self.numbers.total()

    @property
    def mean(self) -> float:
        """Give the mean length."""
        return sum(length * number for length, number in self.numbers.items()) / self.total

    def holding(self, share: float) -> int:
        """Give the smallest length that at least this share of all does not exceed. There has to be one."""
        lengths, least = sorted(self.numbers), ceil(round(share * self.total, 6))
        reached = accumulate(self.numbers[length] for length in lengths)
        return next(length for length, number in zip(lengths, reached, strict=True) if number >= least)


@dataclass
class TokenCounts:
    """Count the tokens of examples with one tokenizer.

    form: of instructions, and with a chat template of conversations too, as training lays them out.
    ids: how often each token occurs in the texts.
    examples: tokens of an example's texts.
    rows: places that an example takes in a row, with all that training puts around its texts.
    left_out: examples that training would leave out.
    without_form: conversations without a chat template, of which nothing says how they are laid out.
    """

    tokenizer: Tokenizer
    form: Form
    ids: Counter[int] = field(default_factory=Counter)
    examples: LengthCounts = field(default_factory=LengthCounts)
    rows: LengthCounts = field(default_factory=LengthCounts)
    left_out: int = 0
    without_form: int = 0

    def add(self, example: ExampleTexts) -> None:
        """Count the tokens of one more example."""
        number = 0
        for text in example.texts.values():
            ids = self.tokenizer.encode(text)
            self.ids.update(ids)
            number += len(ids)
        self.examples.add(number)
        if example.kind in (ExampleKind.CONTEXT, ExampleKind.TEXT):
            self.rows.add(len(self.tokenizer.bos) + number)  # and an eos, which is only a target
        elif example.kind is ExampleKind.CONVERSATION and not isinstance(self.form, ChatForm):
            self.without_form += 1
        else:
            made = self.form.encode(self.tokenizer, example.record, self.form.texts(example.record, example.row))
            if isinstance(made, NoExample):
                self.left_out += 1
            else:
                self.rows.add(places_of(made))

    @property
    def tokens(self) -> int:
        """Count the tokens of all texts."""
        return self.ids.total()

    @cached_property
    def parts(self) -> int:
        """Count the tokens that are no whole characters: a byte of one, or some of its bytes.

        The decoder tells, whatever kind of tokenizer it is: a part of a character decodes to U+FFFD.
        """
        decode = self.tokenizer.decode
        return sum(number for token, number in self.ids.items() if NO_CHARACTER in decode([token]))

    @property
    def unknown(self) -> int:
        """Count the tokens that stand for what the tokenizer cannot spell: of all special ones only that is encoded."""
        return sum(self.ids[token] for token in set(self.tokenizer.specials.values()))

    @property
    def used(self) -> int:
        """Count the different tokens."""
        return len(self.ids)


@dataclass
class TextCounts:
    """Count what is in a text file, and its tokens with each tokenizer.

    name: what its figures are called.
    is_cut: whether only its first examples are counted.
    lacks_icu: whether it is of a script without spaces, and ICU is not there to find its words.
    """

    name: str
    tokens: Sequence[TokenCounts]
    kinds: Counter[ExampleKind] = field(default_factory=Counter)
    words: int = 0
    characters: int = 0
    is_cut: bool = False
    lacks_icu: bool = False

    @property
    def examples(self) -> int:
        """Count the examples."""
        return self.kinds.total()

    def add(self, example: ExampleTexts, words: int) -> None:
        """Count one more example. words: the number of its words."""
        self.kinds[example.kind] += 1
        self.words += words
        self.characters += sum(map(len, example.texts.values()))
        for counts in self.tokens:
            counts.add(example)
