"""Write the sentences of a data file that have a word to translate, each once, for a translation system."""

from collections.abc import Callable, Collection, Iterator, Sequence
from hashlib import blake2b
from pathlib import Path
from typing import NamedTuple

from commit_llm.codemix.finding.clean_words import find_words
from commit_llm.codemix.finding.protection import protected_spans
from commit_llm.codemix.finding.sentences import find_sentences, sentence_key, with_single_spaces
from commit_llm.data.mixed_fields import ALL, Fields
from commit_llm.errors import UserError
from commit_llm.files.chunks import blocks, chunks, length
from commit_llm.files.records import Record, records_of
from commit_llm.files.whole import whole_file

LONGEST = 8192  # characters of a sentence: a longer one is a table or a list, and its pair might be no line of a file
HASH = 16  # bytes, by which a sentence is known again: two of 10^12 are the same by chance once in 10^14 files


class Listed(NamedTuple):
    """Count the sentences of a file.

    rows: its records.
    sentences: those of the mixed fields that have a word, with their repetitions.
    different: the same without repetitions.
    known: those of the different ones that have a translation already.
    too_long: those that are longer than 8,192 characters, and left out.
    written: the rest.
    """

    rows: int = 0
    sentences: int = 0
    different: int = 0
    known: int = 0
    too_long: int = 0

    @property
    def written(self) -> int:
        """Give the number of lines of the list."""
        return self.different - self.known - self.too_long


def list_sentences(
    path: Path,
    out: Path,
    fields: Fields = ALL,
    languages: frozenset[str] = frozenset(),
    known: Collection[Collection[str]] = (),
    *,
    overwrite: bool = False,
    report: Callable[[str, int, int], object] = lambda doing, reached, total: None,
) -> Listed:
    """Write the sentences of the mixed fields that have an unprotected word, a line each, in order of appearance.

    Those into which something protected reaches from outside, a block of code, are never replaced, and left out.
    White space within one is written as single spaces. The file may be larger than memory: of each sentence 16 bytes
    are kept.

    languages: codes of those in which the texts are written, if they are known.
    known: collections of `sentence_key`; what is in one of them is left out.
    report: is called with what is done, how far it is, and how far it is to go.

    Raises UserError where the file cannot be read, has no such sentence, or the output exists (unless overwrite).
    """
    total, unit = length(path)
    seen: set[bytes] = set()
    rows = sentences = known_ones = too_long = 0
    with (
        whole_file(out, overwrite) as new,
        new.open("w", encoding="utf-8", newline="\n") as file,
        records_of(path),
    ):
        for chunk in chunks(path):
            for first_row, block in blocks(path, chunk):
                if not rows:
                    _require_fields(block, fields)
                rows += len(block)
                for sentence in _sentences_of(block, fields, first_row, languages):
                    sentences += 1
                    key = sentence_key(sentence)
                    digest = blake2b(key.encode("utf-8"), digest_size=HASH).digest()
                    if digest in seen:
                        continue
                    seen.add(digest)
                    if any(key in collection for collection in known):
                        known_ones += 1
                    elif len(sentence) > LONGEST:
                        too_long += 1
                    else:
                        file.write(f"{with_single_spaces(sentence)}\n")
            report(f"listing ({unit})", chunk.done, total)
            del chunk  # while the next one is read
        listed = Listed(rows, sentences, len(seen), known_ones, too_long)
        if not listed.written:
            all_known = f"all of its {known_ones:,} have a translation" if known_ones else "it has none with a word"
            raise UserError(f"{path}: no sentence to list; {all_known}")
    return listed


def _require_fields(records: Sequence[Record], fields: Fields) -> None:
    """Raise UserError where a field that is to be mixed is in none of a file's first records."""
    names = dict.fromkeys(name for row, record in enumerate(records) for name in fields.texts_of(record, row))
    for name in fields.mixed:
        if name not in names:
            raise UserError(f"--mix-fields {name}: no such field in the data; there are {', '.join(names)}")


def _sentences_of(
    records: Sequence[Record], fields: Fields, first_row: int, languages: frozenset[str]
) -> Iterator[str]:
    """Give the sentences of the mixed fields of records that have an unprotected word."""
    for row, record in enumerate(records, first_row):
        texts = fields.texts_of(record, row)
        mixed = fields.mixed_of(texts)
        for name in texts if mixed is None else mixed:
            yield from sentences_with_words(texts[name] or "", languages)


def sentences_with_words(text: str, languages: frozenset[str] = frozenset()) -> Iterator[str]:
    """Give the sentences of a text that have an unprotected word, and nothing protected that reaches beyond them.

    >>> list(sentences_with_words("Run `ls`. 1. A dog! (3.14) `a. b`"))
    ['Run `ls`.', 'A dog!']
    """
    words = (word.start for word in find_words(text, None, languages) if not word.protected)
    spans = iter(protected_spans(text))
    word, span = next(words, None), next(spans, None)
    for start, end in find_sentences(text, languages):
        if word is None:
            return
        while span is not None and span[1] <= start:
            span = next(spans, None)
        whole = span is None or span[0] >= start
        while span is not None and span[1] <= end:
            span = next(spans, None)
        if word < end:
            if whole and (span is None or span[0] >= end):
                yield text[start:end]
            word = next((later for later in words if later >= end), None)
