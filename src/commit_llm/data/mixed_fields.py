"""Say which texts of a record are mixed: the contents of a conversation, the usual columns, or those that are named."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from commit_llm.data.chat.conversation import LISTS, ConversationError, chat_columns
from commit_llm.data.chat.mixable_contents import MIXED_ROLES, mixable_contents
from commit_llm.data.column_advice import advice_for_mixing
from commit_llm.data.column_names import AS_THEY_ARE, ColumnNames
from commit_llm.errors import UserError
from commit_llm.files.records import Record, text_of

if TYPE_CHECKING:
    import pyarrow as pa

USUAL = (("instruction", "input", "output"), ("text",))
MOST_TEXTS = 64  # of a record, in `text_columns`


class Fields(NamedTuple):
    """Name the columns with a record's texts, and those of them that are mixed.

    named: the columns. Without names a record's contents are found where it is a conversation; else its columns are
        those that `usual_columns` finds in it, of which some may be missing or null.
    mixed: the texts that are mixed. Without names they are all.
    roles: of conversations, whose contents are looked at.
    columns: which have other names. All the others here are those of fields.
    """

    named: tuple[str, ...] = ()
    mixed: tuple[str, ...] = ()
    roles: tuple[str, ...] = MIXED_ROLES
    columns: ColumnNames = AS_THEY_ARE

    def of(self, record: Record, row: int) -> tuple[str, ...]:
        """Give the columns of one record, which has been renamed. row: its index."""
        return tuple(dict.fromkeys(self.named)) or usual_columns(record, row)

    def has_conversation(self, record: Record) -> bool:
        """Say whether a record is mixed as a conversation."""
        return not self.named and is_conversation(self.columns.renamed(record))

    def texts_of(self, record: Record, row: int) -> dict[str, str | None]:
        """Give the texts of one record by name, null where a column is. A faulty conversation has none.

        Raises UserError for a field that is missing or no text, naming the record.
        """
        if self.has_conversation(record):
            try:
                contents = mixable_contents(self.columns.renamed(record), row, self.roles)
                return {content.name: content.text for content in contents}
            except ConversationError:
                return {}
        return self.texts_of_columns(record, row)

    def texts_of_columns(self, record: Record, row: int) -> dict[str, str | None]:
        """Give the same of a record that is not a conversation."""
        by_field = self.columns.renamed(record)
        try:
            return {
                name: None if by_field.get(name, "missing") is None else text_of(by_field, name, row)
                for name in self.of(by_field, row)
            }
        except UserError as error:
            raise self.with_advice(error, record, row) from None

    def with_advice(self, error: UserError, record: Mapping[str, Any], row: int) -> UserError:
        """Add to an error what would name the columns, where those of the first record seem to have other names."""
        words = advice_for_mixing(record, self.columns) if row == 0 and not self.named else ""
        return UserError(f"{error}; {words}") if words else error

    def mixed_of(self, texts: Iterable[str]) -> list[str] | None:
        """Give those of the texts that are mixed; None for all. Some records may lack one."""
        return [name for name in texts if name in self.mixed] if self.mixed else None


ALL = Fields()


def is_conversation(record: Record) -> bool:
    """Say whether a record is a conversation: it has columns of one, or one that is null and no other texts."""
    if chat_columns(record):
        return True
    is_named = any(name in record for name in LISTS)
    return is_named and all(record.get(name) is None for name in ("instruction", "text"))


def usual_columns(record: Mapping[str, Any], index: int) -> tuple[str, ...]:
    """Name the columns that hold text to mix: the three of Alpaca (input may be missing or null), or `text`.

    Where a record has both, those count that are not null: a table has all columns of all its rows.

    Raises UserError, which names the record by its index, where it has neither.
    """
    there = [names for names in USUAL if names[0] in record]
    for names in [*(names for names in there if record[names[0]] is not None), *there][:1]:
        return tuple(name for name in names if not (name == "input" and record.get(name) is None))
    columns = ", ".join(map(repr, record))
    raise UserError(
        f"record {index + 1} of the data: no column 'instruction' or 'text', only {columns}, and no conversation "
        "(messages, conversations, or prompt and completion); name some with --fields"
    )


def text_columns(records: Sequence[Record], fields: Fields = ALL, first_row: int = 0) -> "dict[str, pa.Array]":
    """Give the texts of the records as the mixer takes many of them; null where a record has none.

    Of a conversation the first 64 are taken: these columns are for a look at the words, and one long conversation
    would widen the table of all.

    Raises UserError for a field that is missing or no text, naming the record.
    """
    texts = (fields.texts_of(record, row) for row, record in enumerate(records, first_row))
    return text_arrays([dict(islice(of_record.items(), MOST_TEXTS)) for of_record in texts])


def text_arrays(texts: Sequence[Mapping[str, str | None]]) -> "dict[str, pa.Array]":
    """Make columns of the texts of records; null where one has no text of a name."""
    import pyarrow as pa

    names = dict.fromkeys(name for of_record in texts for name in of_record)
    return {name: pa.array([of_record.get(name) for of_record in texts], pa.large_string()) for name in names}
