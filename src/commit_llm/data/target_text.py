"""Read the text of --target-text: in the target language, it says how often a dictionary's translations are used."""

import logging
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from commit_llm.errors import SettingError, SettingName, UserError

if TYPE_CHECKING:
    from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary

LOGGER = logging.getLogger("commit_llm")
FREQUENT = "frequent"
FEW = 0.05  # share of the text's words below which it is likely to be in another language


def require_target_text(choice: str, files: Sequence[str], dictionaries: int) -> None:
    """Raise SettingError where choice `frequent` has no text to count in, or a text is for nothing.

    dictionaries: how many there are; each needs a text.
    """
    if choice == FREQUENT and not files:
        raise SettingError(
            SettingName("choice"), " frequent: needs text in which translations are counted; name it with ",
            SettingName("target_text"),
        )  # fmt: skip
    if files and choice != FREQUENT:
        raise SettingError(
            SettingName("target_text"), f" {files[0]}: has no use without ", SettingName("choice"), " frequent"
        )
    if files and len(files) != dictionaries:
        numbers = f"{len(files)} for {dictionaries} {'dictionary' if dictionaries == 1 else 'dictionaries'}"
        raise SettingError(
            SettingName("target_text"), f" {' '.join(files)}: {numbers}; give one to each, in their order, with ",
            SettingName("dictionary"),
        )  # fmt: skip


def with_frequencies(dictionary: "BilingualDictionary", path: Path, languages: str | None) -> "BilingualDictionary":
    """Give a dictionary with the number of times that each translation stands in the texts of a file.

    The file is read once, and no more of it is kept than the counts.

    Raises UserError where it cannot be read, has no texts, or none of the translations.
    """
    from commit_llm.codemix.dictionaries.frequencies import count_translations

    counts, words = count_translations(dictionary, _texts_of(path), languages)
    hits = sum(counts.values())
    if not hits:
        raise UserError(
            f"--target-text {path}: has none of the translations of {dictionary.name} in its {words:,} words; give "
            "text in the dictionary's target language"
        )
    if hits < FEW * words:
        LOGGER.warning(
            "--target-text %s: %.1f %% of its words are translations of %s; is it in the dictionary's target language?",
            path, 100 * hits / words, dictionary.name,
        )  # fmt: skip
    return replace(dictionary, frequencies=counts)


def _texts_of(path: Path) -> Iterator[str]:
    """Give the texts of a data file: of its column `text`, or of those of instructions. A null has none."""
    from commit_llm.data.mixed_fields import usual_columns
    from commit_llm.files.chunks import blocks, chunks
    from commit_llm.files.records import text_of

    for chunk in chunks(path):
        for first_row, block in blocks(path, chunk):
            for row, record in enumerate(block, first_row):
                if not {"text", "instruction"} & {*record}:
                    columns = ", ".join(map(repr, record)) or "none"
                    raise UserError(
                        f"--target-text {path}: record {row + 1} has no column 'text' or 'instruction', only "
                        f"{columns}; name the column of its texts so"
                    )
                try:
                    for name in usual_columns(record, row):
                        if record.get(name) is not None:
                            yield text_of(record, name, row)
                except UserError as error:
                    raise UserError(f"--target-text {path}: {error}") from None
