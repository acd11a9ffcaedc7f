"""What a model folder says of a vocabulary that has grown: `grown_vocabulary.json`, beside config.json."""

from pathlib import Path
from typing import NamedTuple

from commit_llm.errors import UserError, shown
from commit_llm.files.json_text import read_json_object

VOCABULARY = "grown_vocabulary.json"
FIRST_ID, PIECES = "first_id", "pieces"  # keys that are read; what else stands there is for people


class GrownVocabulary(NamedTuple):
    """Say which rows of an embedding belong to pieces that were added.

    first_id: that of the first one; the others follow it.
    pieces: how many there are.
    """

    first_id: int
    pieces: int


def read_grown_vocabulary(folder: Path, rows: int) -> GrownVocabulary | None:
    """Read how the vocabulary of a model folder has grown; None where it has not.

    rows: of the model's embedding.

    Raises UserError where the file is malformed, or speaks of rows that the model does not have.
    """
    file = folder / VOCABULARY
    if not file.is_file():
        return None
    settings = read_json_object(file)
    for name in (FIRST_ID, PIECES):
        if type(value := settings.get(name)) is not int or value < 0:
            raise UserError(f"{file}: malformed: {name} is {shown(value)}; it must be a whole number, 0 or more")
    grown = GrownVocabulary(settings[FIRST_ID], settings[PIECES])
    if grown.first_id + grown.pieces > rows:
        raise UserError(
            f"{file}: malformed: {PIECES} is {grown.pieces} from {FIRST_ID} {grown.first_id} on, and the model has "
            f"{rows} rows; take the folder as `tokenizer extend` wrote it"
        )
    return grown if grown.pieces else None
