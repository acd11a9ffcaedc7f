"""What every form does, and the choice of one for a source of data."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Literal, Protocol

from commit_llm.data.chat.template import ChatTemplate
from commit_llm.data.examples import Cut, Example, NoExample
from commit_llm.data.forms.chat import ChatForm
from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.data.forms.plain_text import PlainTextForm
from commit_llm.data.named_source import FormName
from commit_llm.data.opened_prompt import Prompt
from commit_llm.data.prompts import Passage, alpaca_passages
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.files.records import Record


class Form(Protocol):
    """Say what a record is. Made with the settings it needs, and chosen once for a source of data.

    Mixing stands between `texts` and the rest: it takes the named texts and gives texts of the same names. Whatever a
    form writes around them is never mixed.
    """

    @property
    def name(self) -> str:
        """Give the name that provenance has for it."""
        ...

    def texts(self, record: Record, index: int) -> Mapping[str, str]:
        """Give the texts of a record that may be mixed, by name.

        Raises UserError, which names the record by its index, where a field is missing or holds no text.
        """
        ...

    def layout(self, record: Record, texts: Mapping[str, str]) -> Sequence[Sequence[Passage]]:
        """Lay out what is encoded: strings that are encoded one after another, each made of passages."""
        ...

    def encode(self, tokenizer: Tokenizer, record: Record, texts: Mapping[str, str]) -> Example | NoExample:
        """Make the example of a record with these texts, or say why there is none."""
        ...

    def documents(self, record: Record) -> Iterable[str]:
        """Give the texts of a record whose hashes are kept to tell contamination. What is not a text is passed over."""
        ...


class FormSettings(Protocol):
    """Name the fields of a recipe that decide on its form (recipes.py says what each means)."""

    @property
    def behaviour(self) -> Literal["original", "mended"]: ...
    @property
    def form(self) -> FormName: ...
    @property
    def fields(self) -> str: ...
    @property
    def block_template(self) -> bool: ...
    @property
    def split_long(self) -> bool: ...
    @property
    def mix_roles(self) -> tuple[str, ...]: ...
    @property
    def train_on(self) -> Literal["all", "last"]: ...
    @property
    def keep_white_space(self) -> bool: ...


def choose_form(settings: FormSettings, name: FormName | None = None, prompt: Prompt = None) -> Form:
    """Make the form of this name, or the one that the settings ask for. prompt: of all that is no plain text."""
    original = in_one_stream(settings)
    if (name or settings.form) == "text":
        return PlainTextForm(settings.fields, original=original)
    cut = Cut.IF_LONG if settings.split_long else Cut.NOWHERE
    if isinstance(prompt, ChatTemplate):
        return ChatForm(prompt, settings.mix_roles, settings.train_on, not settings.keep_white_space, cut)
    passages = alpaca_passages if prompt is None else prompt.passages
    return InstructionForm(settings.block_template, cut, original, passages)


def in_one_stream(settings: FormSettings) -> bool:
    """Say whether rows are the original's: one stream of all tokens in the order of the file, cut anywhere."""
    return settings.behaviour == "original"
