"""Hold the sentences of several files together: of each sentence the translations among which one is drawn."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from commit_llm.codemix.dictionaries.lexicon import Entry, cumulated
from commit_llm.codemix.outcome import Outcome
from commit_llm.codemix.randomness import text64


@dataclass(frozen=True)
class SentenceLexicon:
    """Hold sentences.

    translations: of each file, by `finding.sentences.sentence_key`.
    languages: of each file, the code of its target, or None where it is not known.
    weights: of the files. A sentence that several have is drawn from each with a chance in proportion to them.
    """

    translations: Sequence[Mapping[str, str]] = ()
    languages: Sequence[str | None] = ()
    weights: Sequence[float] = ()

    def __bool__(self) -> bool:
        return any(self.translations)

    def find(self, key: str) -> Entry | None:
        """Give a sentence with its translations; None where no file has it."""
        if not any(key in sentences for sentences in self.translations):
            return None
        return Entry(text64(key), *self.choices(key), Outcome.NOT_DRAWN)

    def choices(self, key: str) -> tuple[tuple[str, ...], tuple[str | None, ...], tuple[float, ...]]:
        """Give the translations of a sentence, their languages and their cumulative chances, as `Entry` has them."""
        having = [number for number, sentences in enumerate(self.translations) if key in sentences]
        return (
            tuple(self.translations[number][key] for number in having),
            tuple(self.languages[number] for number in having),
            cumulated([self.weights[number] for number in having]),
        )

    def keys(self) -> Iterator[str]:
        """Give all sentences, each once."""
        for number, sentences in enumerate(self.translations):
            yield from (key for key in sentences if not any(key in before for before in self.translations[:number]))
