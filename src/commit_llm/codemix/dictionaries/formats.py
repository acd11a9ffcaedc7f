"""Read the files that dictionaries come in, line by line, and say which lines are none of a dictionary's."""

from collections.abc import Iterable
from pathlib import Path
from typing import NamedTuple

from commit_llm.codemix.dictionaries.fields import Tally, taken_apart
from commit_llm.codemix.dictionaries.foreign import refuse_other_formats
from commit_llm.codemix.dictionaries.layouts import LAYOUTS, MUSE, BadLineError, Layout, Pair, quoted
from commit_llm.errors import SettingError, SettingName, UserError
from commit_llm.files.text_stream import UTF_8, Encoding, encoding_of, head_of, lines_of_text, opened, unmarked_utf_16

LONGEST_LINE = 65_536  # characters; no dictionary's line is longer, and a file that is one line is no dictionary


class Skipped(NamedTuple):
    """Count the lines of a file that were left out, and say where the first one stood and why it was."""

    lines: int = 0
    first: str = ""


NONE_SKIPPED = Skipped()


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

    The suffix, without `.gz`, tells the layout: `.tsv` has two columns with a tab between them, `.csv` two with a comma
    (a first line `source,target` is a header), `.jsonl` an object a line with `source`, a text, and `target`, a text or
    a list of texts; `.txt` and all else are MUSE's (`muse_line`). Fields of the first three are taken apart
    (`fields`). UTF-8, or what a byte-order mark says; `\\n`, `\\r\\n` or `\\r` end a line. The file is read once, as a
    stream, unpacked where it is gzip.

    original: read as the original does: UTF-8, a byte-order mark stays in the first key, `.tsv` is MUSE's layout too,
        and fields are as they stand.
    skip_bad_lines: leave out lines of another shape.

    Raises UserError, with file, line and content, where a line has another shape; also where the file is missing or
    of another format or encoding, and where it has no pair.
    """
    layout = _layout(path, original)
    try:
        with opened(path) as file:
            head = head_of(file)
            refuse_other_formats(path, head)
            lines = lines_of_text(file, path, LONGEST_LINE, _encoding(path, head, original))
            read = _pairs_of(lines, path, layout, original or layout.plain_words, skip_bad_lines)
    except FileNotFoundError:
        raise UserError(f"{path}: no such dictionary file; give a MUSE file of 'source<TAB>target' lines") from None
    except IsADirectoryError:
        raise UserError(f"{path}: is a directory; give a MUSE dictionary file") from None
    if not read.pairs:
        lines_out, first = read.skipped
        left_out = f" without the {lines_out:,} bad lines ({first})" if lines_out else ""
        raise UserError(f"{path}: the dictionary is empty{left_out}; it needs lines of {layout.shape}")
    return read


def _layout(path: Path, original: bool) -> Layout:
    """Give the layout that a file's suffix tells, `.gz` put aside."""
    suffix = Path(path.stem).suffix if path.suffix.lower() == ".gz" else path.suffix
    return MUSE if original and suffix == ".tsv" else LAYOUTS.get(suffix.lower(), MUSE)


def _encoding(path: Path, head: bytes, original: bool) -> Encoding:
    """Tell the encoding of a file. Raises UserError where it is one that is not read."""
    encoding = encoding_of(head)
    if original and encoding.name != UTF_8:
        raise UserError(f"{path}: {encoding.name}; style original reads UTF-8 alone; convert the file to UTF-8")
    if not encoding.mark and (name := unmarked_utf_16(head)):
        raise UserError(f"{path}: {name} without a byte-order mark; convert it: iconv -f {name} -t UTF-8 FILE > NEW")
    return Encoding(UTF_8) if original else encoding


def _pairs_of(lines: Iterable[str], path: Path, layout: Layout, as_they_stand: bool, skip_bad_lines: bool) -> PairsRead:
    """Read the pairs of a file's lines. as_they_stand: whether fields are not taken apart."""
    pairs: list[Pair] = []
    skipped, tally = NONE_SKIPPED, Tally()
    for number, line in enumerate(lines, 1):
        try:
            if len(line) > LONGEST_LINE:
                raise BadLineError(f"a line of over {LONGEST_LINE:,} characters")
            if layout.blank_lines and not line.strip():
                continue
            parsed = layout.parse(line)
        except BadLineError as error:
            reason = f"{error} in {quoted(line)}" if line.strip() else f"{error}"
            if not skip_bad_lines:
                where = f"{path}:{number}: {reason}; a dictionary line is {layout.shape}; "
                raise SettingError(where, SettingName("skip_bad_lines"), " skips others") from None
            skipped = Skipped(skipped.lines + 1, skipped.first or f"line {number}: {reason}")
            continue
        if number == 1 and layout.header and [word.casefold() for word in parsed[0]] == [*layout.header]:
            continue
        pairs += parsed if as_they_stand else taken_apart(parsed, tally)
    return PairsRead(pairs, skipped, tally)
