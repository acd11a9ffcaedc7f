"""Look at a text file with tokenizers and dictionaries: read it once, and count all that is told of it."""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import NamedTuple

from commit_llm.codemix.finding.clean_words import find_words
from commit_llm.codemix.finding.segmentation import Cut, is_unspaced, make_cut, resolve_method
from commit_llm.data.column_names import AS_THEY_ARE, open_columns
from commit_llm.data.mixed_fields import Fields
from commit_llm.data.squad_paragraphs import is_squad
from commit_llm.errors import UserError
from commit_llm.vocabulary.example_texts import ExampleReader, Report
from commit_llm.vocabulary.token_counts import TextCounts, TokenCounts
from commit_llm.vocabulary.translation_tokens import TranslationTokens


class TextFile(NamedTuple):
    """Name a text file.

    name: what its figures are called.
    fields: its columns; none of a file in SQuAD's layout.
    most: examples to look at, from the first; None is all.
    """

    path: Path
    name: str
    fields: Fields
    most: int | None = None

    def read(self, report: Report) -> ExampleReader:
        """Read its examples. report: is called with what is done, and all that is to do."""
        return ExampleReader(self.path, self.fields, self.most, report)


def open_text(path: Path, name: str, columns: Sequence[str], fields: Sequence[str], most: int | None) -> TextFile:
    """Open a text file: find its columns. columns, fields: what stands behind these flags.

    Raises UserError where a column is not there.
    """
    names = AS_THEY_ARE if is_squad(path) else open_columns(columns, path, fields)
    return TextFile(path, name, Fields(tuple(fields), columns=names), most)


def count_text(
    text: TextFile,
    tokens: Sequence[TokenCounts],
    dictionaries: Sequence[TranslationTokens] = (),
    report: Report = lambda done, total: None,
) -> TextCounts:
    """Count a text.

    tokens: of each tokenizer, with nothing in it yet.
    dictionaries: in which its words are looked up. Without ICU, scripts without spaces are cut into their words.
    report: is called with what is done, and all that is to do.

    Raises UserError where it holds no word, or cannot be read.
    """
    has_icu = resolve_method("auto") == "icu"
    cut = make_cut(() if has_icu else {word for dictionary in dictionaries for word in dictionary.words})
    counts, reader = TextCounts(text.name, tokens), text.read(report)
    for example in reader:
        words = words_of(example.texts.values(), cut)
        counts.add(example, len(words))
        counts.lacks_icu |= not has_icu and any(is_unspaced(word[0]) for word in words)
        for dictionary in dictionaries:
            dictionary.compare(text.name, words)
    if not counts.words:
        raise UserError(f"{text.path}: holds no word; name another file, or its columns with --fields")
    counts.is_cut = reader.is_cut
    return counts


def words_of(texts: Iterable[str], cut: Cut) -> list[str]:
    """Give the words of texts that mixing would find, without the protected ones: links, code, runs with digits.

    cut: cuts stretches of scripts without spaces into words.
    """
    return [text[word.start : word.end] for text in texts for word in find_words(text, cut) if not word.protected]
