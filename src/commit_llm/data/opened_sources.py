"""The sources of a recipe's data, opened: the form of each from its columns, its mixer, the names of its records."""

from bisect import bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import Any, Protocol

from commit_llm.codemix import CodeMixer
from commit_llm.data.chat.conversation import COLUMNS, chat_columns
from commit_llm.data.chat.template import ChatTemplate
from commit_llm.data.column_advice import INSTRUCTION, MESSAGES, UNKNOWN, advice, advice_for_mixing
from commit_llm.data.column_names import AS_THEY_ARE, ColumnNames, column_names, columns_of
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.forms.form import Form, choose_form
from commit_llm.data.forms.plain_text import PlainTextForm
from commit_llm.data.forms.renamed import RenamedForm
from commit_llm.data.loader import DataSettings, first_ids
from commit_llm.data.named_source import NamedSource
from commit_llm.data.opened_prompt import Prompt
from commit_llm.data.packing.example_order import source_seed
from commit_llm.data.source_columns import SourceColumns
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.errors import UserError, flag
from commit_llm.files.chunks import first_rows
from commit_llm.files.line_records import Check
from commit_llm.files.records import Record
from commit_llm.files.training_data import is_file, load_data

# Of load(source, check): opens the records of a source, and looks at each with check where that is cheap.
Load = Callable[[NamedSource, Check], Sequence[Record]]
SHOWN_IDS = 8
OF_THE_HUB = {"data_config": None, "data_split": "train", "data_revision": None}  # with the values that say nothing


class SourceSettings(DataSettings, Protocol):
    """Name the fields of a recipe that decide on its sources (recipes.py says what each means)."""

    @property
    def sources(self) -> list[NamedSource]: ...
    @property
    def data_config(self) -> str | None: ...
    @property
    def data_split(self) -> str: ...
    @property
    def data_revision(self) -> str | None: ...
    @property
    def columns(self) -> tuple[str, ...]: ...


def open_sources(
    settings: SourceSettings, tokenizer: Tokenizer, mixer: CodeMixer | None, load: Load, prompt: Prompt = None
) -> list[ExampleMaker]:
    """Open the sources of a recipe, each with a mixer of its own seed.

    prompt: of instructions and conversations.

    Raises UserError where there is none, one cannot be read, or its columns do not tell its form.
    """
    sources = settings.sources
    if not sources:
        raise UserError("no training data; name a file or a hub data set with --data")
    _require_one_of_the_hub(settings, sources)
    if mixer is not None and not any(source.mixed for source in sources):
        raise UserError("--data-unmixed: no source is left to mix; name one with --data, or set --ratio 0")
    makes = []
    of_sources = SourceColumns(column_names(settings.columns), settings.fields, several=len(sources) > 1)
    for number, source in enumerate(sources):
        look = _Look(settings, source, prompt, several=len(sources) > 1)
        if of_sources.names and is_file(source.name):
            look.columns = of_sources.of(source.name, columns_of(first_rows(Path(source.name))))
        records = load(source, look)
        if of_sources.names and not is_file(source.name):
            look.columns = of_sources.of(source.name, records[0])
        look(records[0], 0)  # of what is looked at nowhere else
        assert look.form is not None
        form = RenamedForm(look.form, look.columns) if look.columns else look.form
        mixing = mixer if source.mixed else None
        if mixing is not None and number:
            mixing = mixing.with_seed(source_seed(mixing.settings.seed, number))
        fields = settings.mix_fields
        if len(sources) > 1 and mixing is not None:
            fields = _fields_of(source, form, records[0], fields)
        makes.append(ExampleMaker(form, records, tokenizer, mixing, fields, source, number))
    of_sources.require_all()
    return makes


def load_source(settings: SourceSettings, source: NamedSource, check: Check | None = None) -> Sequence[Record]:
    """Open the records of a source. What the settings say of a data set of the hub is for the one of that kind."""
    is_for_another = is_file(source.name) and not all(is_file(named.name) for named in settings.sources)
    revision = None if is_for_another else settings.data_revision
    return load_data(source.name, settings.data_config, settings.data_split, revision, check=check)


def describe_sources(makes: Sequence[ExampleMaker]) -> list[dict[str, Any]]:
    """Describe the sources of a run for its provenance.json; none where the recipe says all of the only one.

    languages: of the examples of the first pass, where each is in one of several.
    """
    languages = [make.mixer.count_languages(len(make.records)) if make.mixer else {} for make in makes]
    if not any(languages) and len(makes) == 1 and makes[0].source[1:] == NamedSource("")[1:]:
        return []
    total = sum(make.source.weight for make in makes)
    return [
        {
            "data": make.source.name,
            "weight": float(make.source.weight),
            "share": round(float(make.source.weight / total), 6),
            "form": make.form.name,
            "mixed": make.mixer is not None,
            "records": len(make.records),
            **({"languages": counts} if counts else {}),
        }
        for make, counts in zip(makes, languages, strict=True)
    ]


def name_rows(makes: Sequence[ExampleMaker], ids: Sequence[int]) -> str:
    """Write which records batches mean by their ids, in ascending order; they are counted from 0 in their source.

    >>> name_rows([ExampleMaker(None, [], None)], range(3, 20))
    'rows 3, 4, 5, 6, 7, 8, 9, 10, ... of the data'
    """
    firsts = first_ids(makes)
    names = [make.source.name for make in makes] if len(makes) > 1 else ["the data"]
    rows = [(bisect_right(firsts, id) - 1, id) for id in ids]
    parts = []
    for number, group in groupby(rows, key=lambda row: row[0]):
        first, *more = [str(id - firsts[number]) for _, id in group]
        shown = ", ".join([first, *more[: SHOWN_IDS - 1], *(["..."] if len(more) >= SHOWN_IDS else [])])
        parts.append(f"rows {shown} of {names[number]}")
    return " and ".join(parts)


@dataclass
class _Look:
    """Look at the records of a source while they are read, the first of which may tell its form."""

    settings: SourceSettings
    source: NamedSource
    prompt: Prompt
    several: bool
    columns: ColumnNames = AS_THEY_ARE
    form: Form | None = field(init=False, default=None)

    def __post_init__(self) -> None:
        if self.source.form is not None or not self.several:
            self.form = choose_form(self.settings, self.source.form, self.prompt)

    def __call__(self, record: Record, index: int) -> None:
        by_field = self.columns.renamed(record)
        if self.form is None:
            self.form = self._form_of(by_field, record)
        try:
            self.form.texts(by_field, index)
        except UserError as error:
            words = advice(record, self._wanted(self.form), self.columns) if index == 0 else ""
            if UNKNOWN in words and chat_columns(by_field):
                words = ""  # it is known what that is
            message = f"{error}; {words}" if words else str(error)
            raise UserError(f"{self.source.name}: {message}" if self.several else message) from None

    def _wanted(self, form: Form) -> tuple[str, ...]:
        """Give the fields that a form takes."""
        if form.name == "text":
            return tuple(PlainTextForm(self.settings.fields).columns)
        return (MESSAGES, *INSTRUCTION) if isinstance(self.prompt, ChatTemplate) else INSTRUCTION

    def _form_of(self, record: Record, as_it_is: Record) -> Form:
        """Give the form that the columns of a record tell. as_it_is: before its columns were renamed."""
        takes_chat = isinstance(self.prompt, ChatTemplate)
        instruction = {"instruction", "output"} <= record.keys() or (takes_chat and bool(chat_columns(record)))
        text = set(PlainTextForm(self.settings.fields).columns) <= record.keys()
        if instruction != text:
            return choose_form(self.settings, "text" if text else "instruction", self.prompt)
        columns = ", ".join(map(repr, record)) or "none"
        tells = "both forms" if text else "neither form"
        ours = COLUMNS if takes_chat else "instruction and output"
        raise UserError(
            f"{self.source.name}: its columns ({columns}) have {tells}: {ours}, or {self.settings.fields} (--fields); "
            "write FILE=WEIGHT:instruction or FILE=WEIGHT:text"
            + (f"; or {words}" if not text and (words := advice_for_mixing(as_it_is, self.columns)) else "")
        )


def _fields_of(source: NamedSource, form: Form, record: Record, fields: tuple[str, ...]) -> tuple[str, ...]:
    """Give those of the fields to mix that a source has. Raises UserError where it has none of them."""
    texts = form.texts(record, 0)
    own = tuple(name for name in fields if name in texts)
    if fields and not own:
        raise UserError(
            f"--mix-fields {' '.join(fields)}: {source.name} has {', '.join(texts)}; name one of them too, or give it "
            "with --data-unmixed"
        )
    return own


def _require_one_of_the_hub(settings: SourceSettings, sources: Sequence[NamedSource]) -> None:
    """Raise UserError where a flag for a data set of the hub may mean one of several."""
    of_the_hub = [source.name for source in sources if not is_file(source.name)]
    given = [name for name, nothing in OF_THE_HUB.items() if getattr(settings, name) != nothing]
    if len(of_the_hub) > 1 and given:
        raise UserError(
            f"{flag(given[0])} {getattr(settings, given[0])}: is for one data set of the hub, and there are "
            f"{', '.join(of_the_hub)}; leave it out, or give the others as files"
        )
