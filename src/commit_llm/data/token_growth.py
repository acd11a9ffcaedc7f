"""How many tokens a word takes before and after mixing: of another script it is often many more.

before    The boy is swimming quickly .     9 tokens, 5 words    1.8 a word
after     The αγόρι is swimming γρήγορα .  16 tokens, 5 words    3.2 a word
"""

from collections.abc import Sequence
from typing import NamedTuple

from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.packing.example_order import Examples
from commit_llm.data.packing.interleaving import InterleavedExamples

LOOKED_AT = 200  # examples: a second of work, and two digits


class TokensAWord(NamedTuple):
    """Hold the tokens of the texts that are mixed, by their words before mixing."""

    before: float
    after: float

    def __str__(self) -> str:
        return f"a word takes {self.before:.1f} tokens before mixing, and {self.after:.1f} after it"


def tokens_a_word(makes: Sequence[ExampleMaker], order: Examples | InterleavedExamples) -> TokensAWord | None:
    """Encode the texts of the first examples, as they are and mixed; the prompt around them is left out.

    makes: of each source, as the order numbers them. Gives None where no word is mixed.
    """
    words = before = after = 0
    for position in range(min(LOOKED_AT, order.num_records)):
        source, epoch, index, place = order.where(position)
        make = makes[source]
        if make.mixer is None:
            continue
        texts = make.form.texts(make.records[index], index)
        fields = make.names_to_mix(texts)
        mixed = make.mixer.mix_example(texts, row=index, epoch=epoch, place=place, mixed_fields=fields)
        words += mixed.counts.words
        before += sum(len(make.tokenizer.encode(texts[name])) for name in fields)
        after += sum(len(make.tokenizer.encode(mixed.texts[name])) for name in fields)
    return TokensAWord(before / words, after / words) if words else None
