"""From a record to an example: its tokens, and which of them are trained.

tokens     <s>  ▁Below … ▁Response  :   D    enver  </s>
loss_mask   0     0    …     0      0   1      1      1      mended: the whole answer and eos
loss_mask   0     0    …     0      0   0      1      1      original: the first answer token is lost
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any, NamedTuple

import numpy as np

from commit_llm.data.prompts import alpaca_prompt
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.files.records import Record, text_of

LITERALS = ("<|bos|>", "<|eos|>")

# mix(texts) gives the texts of a record's fields mixed, all of them at once: clean mixing looks at the whole example.
MixTexts = Callable[[Mapping[str, str]], Mapping[str, str]]


def unmixed(texts: Mapping[str, str]) -> Mapping[str, str]:
    """The MixTexts of recipes that do not mix."""
    return texts


class Example(NamedTuple):
    """tokens: int32 (length,); loss_mask: float32 (length,), 1 where the token is trained as a target."""

    tokens: np.ndarray
    loss_mask: np.ndarray


def join(*parts: tuple[list[int], float]) -> Example:
    """Join pieces of tokens, each with its own mask value.

    >>> join(([1, 5], 0.0), ([6, 2], 1.0))
    Example(tokens=array([1, 5, 6, 2], dtype=int32), loss_mask=array([0., 0., 1., 1.], dtype=float32))
    """
    lengths = [len(ids) for ids, _ in parts]
    tokens = np.fromiter(chain.from_iterable(ids for ids, _ in parts), np.int32, sum(lengths))
    return Example(tokens, np.repeat(np.array([value for _, value in parts], np.float32), lengths))


def instruction_texts(record: Record, row: int, mix: MixTexts, block_template: bool) -> tuple[str, str]:
    """The prompt and the answer of an instruction record, mixed.

    block_template mixes instruction, input and output each by itself and leaves the English template
    alone (COMMIT); otherwise the filled prompt and the output are mixed (naive code-mixing).
    """
    instruction, output = text_of(record, "instruction", row), text_of(record, "output", row)
    input = text_of(record, "input", row) if record.get("input") is not None else ""
    if block_template:
        mixed = mix({"instruction": instruction, "input": input, "output": output})
        return alpaca_prompt(mixed["instruction"], mixed["input"]), mixed["output"]
    mixed = mix({"prompt": alpaca_prompt(instruction, input), "output": output})
    return mixed["prompt"], mixed["output"]


def encode_instruction(tokenizer: Tokenizer, prompt: str, answer: str) -> Example:
    """Prompt and answer encoded apart and joined, so that the mask is right by construction."""
    return join(
        (_bos(tokenizer) + tokenizer.encode(prompt), 0.0),
        ([*tokenizer.encode(answer), tokenizer.eos_id], 1.0),
    )


def encode_instruction_original(tokenizer: Tokenizer, prompt: str, answer: str) -> Example:
    """As the original: one text, and a mask measured on the prompt alone, its eos and non-zero ids counted."""
    whole = _bos(tokenizer) + tokenizer.encode_with_specials(prompt + answer) + [tokenizer.eos_id]
    measured = _bos(tokenizer) + tokenizer.encode_with_specials(prompt) + [tokenizer.eos_id]
    masked = len(measured) - measured.count(0)
    return join((whole[:masked], 0.0), (whole[masked:], 1.0))


@dataclass(frozen=True)
class TextForm:
    """The `fields` grammar of EasyLM's text processor (docs/behaviour.md, "Tokens and loss mask").

    Comma-separated fields; `[field]` is masked; `a+b` joins columns with the separator; `<|bos|>` and
    `<|eos|>` are literal tokens. prepend_text goes before the first field and takes its mask.
    """

    fields: str = "text"
    prepend_text: str = ""
    separator: str = "\n"

    def __post_init__(self) -> None:
        for part in self.fields.split(","):
            inner = part[1:-1] if part.startswith("[") and part.endswith("]") else part
            if not inner or any(not name for name in inner.split("+")) or set("[]") & set(inner):
                raise UserError(
                    f"--fields {self.fields!r}: {part!r} is no field; write a column, a+b, [masked] or <|eos|>"
                )

    @property
    def columns(self) -> tuple[tuple[str, ...], ...]:
        """The columns that each field of text is made of, masked ones too.

        >>> TextForm("[title+question],<|eos|>,answer").columns
        (('title', 'question'), ('answer',))
        """
        return tuple(tuple(name.split("+")) for name, _ in self._parsed() if name not in LITERALS)

    def texts(self, record: Record, row: int, mix: MixTexts = unmixed) -> list[str | None]:
        """The mixed text of each field, in order; None for a literal token."""
        names = [name for name, _ in self._parsed()]
        columns = [column for name in names if name not in LITERALS for column in name.split("+")]
        mixed = mix({column: text_of(record, column, row) for column in columns})
        return [
            None if name in LITERALS else self.separator.join(mixed[column] for column in name.split("+"))
            for name in names
        ]

    def encode_original(self, tokenizer: Tokenizer, record: Record, row: int, mix: MixTexts = unmixed) -> Example:
        """Each field has its own bos and eos, and the document another pair, as in the original."""

        def encode(text: str) -> list[int]:
            return _bos(tokenizer) + tokenizer.encode_with_specials(text) + [tokenizer.eos_id]

        return self._joined(tokenizer, self.texts(record, row, mix), encode)

    def encode(self, tokenizer: Tokenizer, record: Record, row: int, mix: MixTexts = unmixed) -> Example | None:
        """One bos and one eos a document, literal special tokens left as text; None where all is blank."""
        texts = self.texts(record, row, mix)
        if not any(text and not text.isspace() for text in texts):
            return None
        return self._joined(tokenizer, texts, tokenizer.encode)

    def _joined(self, tokenizer: Tokenizer, texts: list[str | None], encode: Callable[[str], list[int]]) -> Example:
        literals = {"<|bos|>": _bos(tokenizer), "<|eos|>": [tokenizer.eos_id]}
        parts = []
        for index, ((name, mask), text) in enumerate(zip(self._parsed(), texts, strict=True)):
            tokens = literals[name] if text is None else encode(text if index else self.prepend_text + text)
            parts.append((tokens, mask))
        return join((_bos(tokenizer), 0.0), *parts, ([tokenizer.eos_id], 1.0))

    def _parsed(self) -> list[tuple[str, float]]:
        """Each field's name without brackets, and its mask value."""
        return [(part.strip("[]"), 0.0 if part.startswith("[") else 1.0) for part in self.fields.split(",")]


def _bos(tokenizer: Tokenizer) -> list[int]:
    return [] if tokenizer.bos_id is None else [tokenizer.bos_id]


def columns(record: Mapping[str, Any], row: int) -> tuple[str, ...]:
    """The columns of a record that hold text to mix: the Alpaca three (input may be missing or null), or `text`."""
    for names in (("instruction", "input", "output"), ("text",)):
        if names[0] in record:
            return tuple(name for name in names if not (name == "input" and record.get(name) is None))
    found = ", ".join(map(repr, record))
    raise UserError(
        f"record {row + 1} of the data: no column 'instruction' or 'text', only {found}; name some with --fields"
    )
