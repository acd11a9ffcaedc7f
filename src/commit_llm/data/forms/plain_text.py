"""Records of plain text: the columns that are encoded one after another, in the `fields` grammar of the original."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from commit_llm.data.examples import Cut, Example, NoExample, NoExampleReason, join
from commit_llm.data.prompts import Passage, joined
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError
from commit_llm.files.records import Record, text_of

BOS, EOS = "<|bos|>", "<|eos|>"


class Field(NamedTuple):
    """Hold one part of the grammar.

    name: the part without brackets.
    columns: that it joins; none where it is a literal token.
    mask: 1 where it is trained, 0 where it is not.
    """

    name: str
    columns: tuple[str, ...]
    mask: float


@dataclass(frozen=True)
class PlainTextForm:
    """Encode texts as the `fields` grammar of EasyLM's text processor says (docs/behaviour.md, "Tokens and loss mask").

    fields: comma-separated; `[field]` is masked; `a+b` joins columns with the separator; `<|bos|>` and `<|eos|>` are
        literal tokens.
    prepend_text: goes before the first field and takes its mask.
    original: encode as the original does. Otherwise a document has one bos and one eos, and a literal special token
        stays text.
    """

    fields: str = "text"
    prepend_text: str = ""
    separator: str = "\n"
    original: bool = False

    def __post_init__(self) -> None:
        for part in self.fields.split(","):
            inner = part[1:-1] if part.startswith("[") and part.endswith("]") else part
            if not inner or any(not name for name in inner.split("+")) or set("[]") & set(inner):
                raise UserError(
                    f"--fields {self.fields!r}: {part!r} is not a field; write a column, a+b, [masked] or <|eos|>"
                )

    @property
    def name(self) -> str:
        """Give the name that provenance has for it."""
        return "text"

    @cached_property
    def parsed(self) -> tuple[Field, ...]:
        """Parse the grammar.

        >>> [field.columns for field in PlainTextForm("[title+question],<|eos|>,answer").parsed]
        [('title', 'question'), (), ('answer',)]
        """
        parts = [(part.strip("[]"), 0.0 if part.startswith("[") else 1.0) for part in self.fields.split(",")]
        return tuple(Field(name, () if name in (BOS, EOS) else tuple(name.split("+")), mask) for name, mask in parts)

    @property
    def columns(self) -> list[str]:
        """Give the columns that the fields name."""
        return [column for field in self.parsed for column in field.columns]

    def texts(self, record: Record, index: int) -> dict[str, str]:
        """Give the text of every column that the fields name."""
        return {column: text_of(record, column, index) for column in self.columns}

    def layout(self, record: Record, texts: Mapping[str, str]) -> list[list[Passage]]:
        """Lay out the fields, but for the literal tokens."""
        return [self._passages(number, field, texts) for number, field in enumerate(self.parsed) if field.columns]

    def encode(self, tokenizer: Tokenizer, record: Record, texts: Mapping[str, str]) -> Example | NoExample:
        """Make an example that rows may cut anywhere; none where all texts are blank (the original makes one)."""
        if not self.original and not any(text and not text.isspace() for text in texts.values()):
            return NoExample(NoExampleReason.BLANK)
        parts = []
        for number, field in enumerate(self.parsed):
            if field.columns:
                ids = self._encode_text(tokenizer, joined(self._passages(number, field, texts)))
            else:
                token = tokenizer.bos_id if field.name == BOS else tokenizer.eos_id
                ids = [] if token is None else [token]
            parts.append((ids, field.mask))
        return join(([*tokenizer.bos], 0.0), *parts, ([tokenizer.eos_id], 1.0), cut=Cut.ANYWHERE)

    def documents(self, record: Record) -> Iterator[str]:
        """Give the text of each column, trained or masked, and where a field joins columns, that of the field too."""
        for field in self.parsed:
            texts = [text for column in field.columns if isinstance(text := record.get(column), str)]
            yield from texts
            if 1 < len(field.columns) == len(texts):
                yield self.separator.join(texts)

    def _encode_text(self, tokenizer: Tokenizer, text: str) -> list[int]:
        """Encode the text of a field. The original gives each its own bos and eos, and the document another pair."""
        if self.original:
            return [*tokenizer.bos, *tokenizer.encode_with_specials(text), tokenizer.eos_id]
        return tokenizer.encode(text)

    def _passages(self, number: int, field: Field, texts: Mapping[str, str]) -> list[Passage]:
        passages = [Passage(self.prepend_text)] if self.prepend_text and number == 0 else []
        for place, column in enumerate(field.columns):
            if place:
                passages.append(Passage(self.separator))
            passages.append(Passage(texts[column], column))
        return passages
