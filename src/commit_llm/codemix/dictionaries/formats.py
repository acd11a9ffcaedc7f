"""Read the files that dictionaries come in, line by line, and say which lines are none of a dictionary's."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from commit_llm.codemix.dictionaries.fields import Tally, taken_apart
from commit_llm.codemix.dictionaries.foreign import refuse_other_formats
from commit_llm.codemix.dictionaries.layouts import LAYOUTS, MUSE, BadLineError, Layout, Pair, quoted
from commit_llm.errors import SettingError, SettingName, UserError
from commit_llm.files.encoding_advice import iconv_line
from commit_llm.files.text_stream import UTF_8, Encoding, encoding_of, lines_of_text, unmarked_utf_16
from commit_llm.files.unpacking import PACKED, head_of, opened

LONGEST_LINE = 65_536  # characters; no dictionary's line is longer, and a file that is one line is not a dictionary


class Skipped(NamedTuple):
    """Count the lines of a file that were left out, and say where the first one stood and why it was."""

    lines: int = 0
    first: str = ""


NONE_SKIPPED = Skipped()


class Kind(NamedTuple):
    """Name what a file of pairs is, for messages: one of its lines, the file, and what is to be given instead."""

    line: str
    file: str
    instead: str


DICTIONARY = Kind("a dictionary line", "dictionary file", "give a MUSE file of 'source<TAB>target' lines")


class PairsRead(NamedTuple):
    """Hold what a file gave.

    pairs: in order, of one source and one translation each.
    skipped: the bad lines that were left out.
    tally: what was taken apart to get the pairs.
    """

    pairs: list[Pair]
    skipped: Skipped
    tally: Tally


def read_pairs(path: Path, *, original: bool = False, skip_bad_lines: bool = False) -> PairsRead:
    """Read all (source, target) pairs of a dictionary file, in order, and count the lines that were left out.

    The suffix, without `.gz` or `.zst`, tells the layout: `.tsv` has two columns with a tab between them, `.csv` two
    with a comma (a first line `source,target` is a header), `.jsonl` an object a line with `source`, a text, and
    `target`, a text or a list of texts; `.txt` and all else are MUSE's (`muse_line`). Fields of the first three are
    taken apart (`fields`). UTF-8, or what a byte-order mark says; `\\n`, `\\r\\n` or `\\r` end a line. The file is read
    once, as a stream, unpacked where it is packed.

    original: read as the original does: UTF-8, a byte-order mark stays in the first key, `.tsv` is MUSE's layout too,
        and fields are as they stand.
    skip_bad_lines: leave out lines of another shape.

    Raises UserError, with file, line and content, where a line has another shape; also where the file is missing or
    of another format or encoding, and where it has no pair.
    """
    suffix = layout_suffix(path)
    layout = MUSE if original and suffix == ".tsv" else LAYOUTS.get(suffix.lower(), MUSE)
    file = PairLines(path, layout, DICTIONARY, skip_bad_lines, original)
    pairs: list[Pair] = []
    tally = Tally()
    for parsed in file:
        pairs += parsed if original or layout.plain_words else taken_apart(parsed, tally)
    if not pairs:
        raise UserError(f"{path}: the dictionary is empty{file.left_out()}; it needs lines of {layout.shape}")
    return PairsRead(pairs, file.skipped, tally)


def layout_suffix(path: Path) -> str:
    """Give the suffix that tells a file's layout: the last, that of a packed file put aside."""
    return Path(path.stem).suffix if path.suffix.lower() in PACKED else path.suffix


@dataclass
class PairLines:
    """Give the pairs of each line of a file, as it is read.

    skip_bad_lines: leave out lines of another shape.
    original: read UTF-8 alone, with a byte-order mark in the first line.
    skipped: the bad lines so far.

    Raises UserError, when its lines are asked for, as `read_pairs` does.
    """

    path: Path
    layout: Layout
    kind: Kind
    skip_bad_lines: bool = False
    original: bool = False
    skipped: Skipped = NONE_SKIPPED

    def left_out(self) -> str:
        """Say how many lines were left out, to go on in a message."""
        lines, first = self.skipped
        return f" without the {lines:,} bad lines ({first})" if lines else ""

    def __iter__(self) -> Iterator[list[Pair]]:
        path, layout, kind = self.path, self.layout, self.kind
        try:
            with opened(path) as file:
                head = head_of(file)
                refuse_other_formats(path, head)
                lines = lines_of_text(file, path, LONGEST_LINE, _encoding(path, head, self.original))
                header = [*(layout.header or ())]
                for number, line in enumerate(lines, 1):
                    pairs = self._pairs(number, line)
                    if number > 1 or not pairs or [word.casefold() for word in pairs[0]] != header:
                        yield pairs
        except FileNotFoundError:
            raise UserError(f"{path}: no such {kind.file}; {kind.instead}") from None
        except IsADirectoryError:
            raise UserError(f"{path}: is a directory; {kind.instead}") from None

    def _pairs(self, number: int, line: str) -> list[Pair]:
        """Give the pairs of a line; none where it is blank, or left out."""
        try:
            if len(line) > LONGEST_LINE:
                raise BadLineError(f"a line of over {LONGEST_LINE:,} characters")
            if self.layout.blank_lines and not line.strip():
                return []
            return self.layout.parse(line)
        except BadLineError as error:
            reason = f"{error} in {quoted(line)}" if line.strip() else f"{error}"
            if not self.skip_bad_lines:
                where = f"{self.path}:{number}: {reason}; {self.kind.line} is {self.layout.shape}; "
                raise SettingError(where, SettingName("skip_bad_lines"), " skips others") from None
            self.skipped = Skipped(self.skipped.lines + 1, self.skipped.first or f"line {number}: {reason}")
            return []


def _encoding(path: Path, head: bytes, original: bool) -> Encoding:
    """Tell the encoding of a file. Raises UserError where it is one that is not read."""
    encoding = encoding_of(head)
    if original and encoding.name != UTF_8:
        raise UserError(f"{path}: {encoding.name}; style original reads UTF-8 alone; convert the file to UTF-8")
    if not encoding.mark and (name := unmarked_utf_16(head)):
        raise UserError(f"{path}: {name} without a byte-order mark; convert it: {iconv_line(path, name)}")
    return Encoding(UTF_8) if original else encoding
