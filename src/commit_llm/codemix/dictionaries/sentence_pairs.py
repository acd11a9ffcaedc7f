"""Read files of sentences with their translations, and hold the translation of each sentence under its key."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from itertools import chain, islice
from pathlib import Path

from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.dictionaries.fields import Tally
from commit_llm.codemix.dictionaries.formats import NONE_SKIPPED, Kind, PairLines, Skipped, layout_suffix
from commit_llm.codemix.dictionaries.languages import UNKNOWN, Languages, infer_languages
from commit_llm.codemix.dictionaries.layouts import LAYOUTS_OF_SENTENCES, SENTENCES, BadLineError, Pair, text_pair
from commit_llm.codemix.finding.sentences import is_sentence, sentence_key
from commit_llm.errors import UserError, shown
from commit_llm.files.parquet import parquet_tables, table_records

KIND = Kind("a pair of sentences", "file of sentences", "give one with lines of 'source<TAB>target'")
SHAPE = f"lines of {SENTENCES.shape}, or objects or columns `source` and `target`"
COLUMNS = ("source", "target")
# What is left out, with what a message says of it: how many there are, and the first.
EMPTY, DISAGREES, SEVERAL = "empty", "disagrees", "several"
REASONS = {
    EMPTY: "an empty side in {:,} pair(s), such as {}; they are left out",
    DISAGREES: "another translation of a sentence in {:,} pair(s), such as {}; the first is kept",
    SEVERAL: "several sentences, which never match as one, in {:,} pair(s), such as {}; translate each separately",
}
HEAD = 10_000  # pairs by whose letters the languages are told
ROWS, SIZE = 16_384, 1 << 24  # of a Parquet file, at a time


@dataclass(frozen=True, repr=False)
class SentencePairs:
    """Hold the translation of each sentence.

    translations: by `sentence_key`, with single spaces for white space.
    name: what messages call it; the file's name where it was read from a file.
    languages: from which into which it is.
    tally: of the pairs that were left out.
    skipped: the bad lines of the file, where they were to be left out.

    >>> pairs = SentencePairs.from_pairs([("The  dog.", "Ο σκύλος. "), ("The dog.", "Το σκυλί."), ("A cat.", "")])
    >>> pairs.translations
    {'The dog.': 'Ο σκύλος.'}
    >>> for message in pairs.complaints(): print(message)
    sentences: another translation of a sentence in 1 pair(s), such as 'The dog.' ('Το σκυλί.'); the first is kept
    sentences: an empty side in 1 pair(s), such as 'A cat.' (''); they are left out
    """

    translations: Mapping[str, str]
    name: str = "sentences"
    languages: Languages = UNKNOWN
    tally: Tally = field(default_factory=Tally)
    skipped: Skipped = NONE_SKIPPED

    def __repr__(self) -> str:
        return f"SentencePairs({self.name}, {len(self):,} sentences)"

    def __len__(self) -> int:
        return len(self.translations)

    @classmethod
    def from_pairs(
        cls, pairs: Iterable[Pair], name: str = "sentences", languages: str | None = None
    ) -> "SentencePairs":
        """Collect (source, translation) pairs, keeping their order.

        languages: source and target, such as `en-el`, where the name and the letters do not tell them.
        """
        pairs = iter(pairs)
        first = [*islice(pairs, HEAD)]
        of_pairs = infer_languages(BilingualDictionary.from_pairs(first, name), languages)
        read_in = frozenset({of_pairs.source} if of_pairs.source else ())
        translations: dict[str, str] = {}
        tally = Tally()
        for source, target in chain(first, pairs):
            key, translation = sentence_key(source), " ".join(target.split())
            if not key or not translation:
                tally.note(EMPTY, (source, target))
            elif not is_sentence(source, read_in):
                tally.note(SEVERAL, (source, target))
            elif translations.setdefault(key, translation) != translation:
                tally.note(DISAGREES, (source, target))
        return cls(translations, name, of_pairs, tally)

    @classmethod
    def load(cls, path: str | Path, *, skip_bad_lines: bool = False, languages: str | None = None) -> "SentencePairs":
        """Read a file of sentences; its suffix tells the layout.

        `.jsonl` has an object a line with `source` and `target`, `.csv` two columns with a comma between them,
        `.parquet` two columns of texts, `source` and `target` where there are more; all else has two columns with a
        tab between them. Encodings and gzip are read as those of dictionaries are (`formats.read_pairs`).

        skip_bad_lines: leave bad lines out, and count them, instead of raising.
        languages: source and target, such as `en-el`, where the file's name and its letters do not tell them.

        Raises UserError, with file, line and content, for a line of another shape; also where the file is missing, of
        another format or encoding, or has no pair that can be used.
        """
        path = Path(path)
        if path.suffix.lower() == ".parquet":
            if not path.is_file():
                raise UserError(f"{path}: no such {KIND.file}; {KIND.instead}")
            pairs = cls.from_pairs(_parquet_pairs(path), path.name, languages)
        else:
            lines = PairLines(
                path, LAYOUTS_OF_SENTENCES.get(layout_suffix(path).lower(), SENTENCES), KIND, skip_bad_lines
            )
            pairs = cls.from_pairs(chain.from_iterable(lines), path.name, languages)
            pairs = replace(pairs, skipped=lines.skipped)
        if not pairs.translations:
            reasons = [message.removeprefix(f"{path.name}: ") for message in pairs.complaints()]
            raise UserError(f"{path}: no pair of sentences to use; " + ("; ".join(reasons) or f"it needs {SHAPE}"))
        return pairs

    def complaints(self) -> Iterator[str]:
        """Give a message on each kind of pairs that were left out, with their number and the first of them."""
        lines, first = self.skipped
        if lines:
            yield f"{self.name}: {lines:,} bad lines were skipped; the first is {first}"
        for kind, number in self.tally.pairs.items():
            source, target = self.tally.examples[kind][0]
            example = f"{shown(source)} ({shown(target)})"
            yield f"{self.name}: {REASONS[kind].format(number, example)}"


def _parquet_pairs(path: Path) -> Iterator[Pair]:
    """Give the pairs of a Parquet file. Raises UserError where it has no two columns of texts."""
    row = 0
    for table in parquet_tables(path, ROWS, SIZE):
        names = COLUMNS if {*COLUMNS} <= {*table.column_names} else table.column_names
        if len(names) != 2:
            columns = ", ".join(map(shown, table.column_names))
            raise UserError(
                f"{path}: {len(names)} column(s), {columns}; give two, or name two of them source and target"
            )
        for record in table_records(table.select(names), path, row):
            row += 1
            values = ["" if record[name] is None else record[name] for name in names]
            try:
                yield text_pair(*values)
            except BadLineError as error:
                raise UserError(f"{path}: row {row}: {error}; {KIND.line} is two texts") from None
