"""What a preview of mixing shows: records before and after, the outcome of each word, and totals of the outcomes."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import NamedTuple

from commit_llm.codemix.metrics import MixingMetrics, mixing_metrics, tags_of_words
from commit_llm.codemix.outcome import Counts, Outcome, Unit, Word
from commit_llm.codemix.replacement import Replacement

# A record: for each field its text and the words in it, in order; None for the words of a field that is not mixed.
MixedRecord = Mapping[str, tuple[str, Sequence[Word] | None]]

ALWAYS_SHOWN = (Outcome.REPLACED, Outcome.NOT_DRAWN, Outcome.NOT_IN_DICTIONARY)

UNKNOWN = "?"  # a language that nobody knows

MEASURES = (
    ("CMI", "of each text, the words outside its main language, in percent (Das and Gambäck 2014)"),
    ("M-index", "how even the languages are: 0 is one language, 1 is equal parts (Barnett et al. 2000)"),
    ("I-index", "how often the next word is in another language, over all rows (Guzmán et al. 2017)"),
    ("SPF", "the same, as a mean over the texts (Pratapa et al. 2018)"),
)


class TableLine(NamedTuple):
    """Hold a line of the table of outcomes.

    label: indented where the line says more of the outcome above it.
    share: of all words, in percent; None where there is none.
    outcome: None where the line is of no outcome.
    """

    label: str
    number: int
    share: float | None
    meaning: str
    outcome: Outcome | None = None


@dataclass(frozen=True)
class MixingPreview:
    """Hold records to show, and how they were mixed.

    rows: the records.
    total: the number of records in the whole file; None where it is not known.
    settings: what to say of the mixing, by name, in the order to show it.
    explain: whether to say why each word stayed.
    unspaced: whether the original is written without spaces, so that a replacement may need some.
    """

    rows: Sequence[MixedRecord]
    total: int | None
    settings: Mapping[str, str]
    explain: bool = False
    unspaced: bool = False

    def counts(self) -> dict[Outcome, int]:
        """Count the words of each outcome. An outcome that no word has is left out, but for the usual three."""
        totals = self._totals
        return {outcome: totals[outcome] for outcome in Outcome if totals[outcome] or outcome in ALWAYS_SHOWN}

    def reached(self) -> float | None:
        """Give the share of the words drawn that are replaced, alone or in phrases; None where no word was drawn."""
        drawn = sum(word.words for word in self._replaced() if word.unit is not Unit.SENTENCE)
        could_be = drawn + self._totals.not_drawn
        return drawn / could_be if could_be else None

    def languages(self) -> dict[str, int]:
        """Count the replaced words of each language, the most first."""
        words_of: Counter[str] = Counter()
        for word in self._replaced():
            words_of[word.language or UNKNOWN] += word.words
        return dict(words_of.most_common())

    @cached_property
    def has_languages(self) -> bool:
        """Say whether translations of several languages are shown, which are then told apart."""
        return len(self.languages()) > 1

    def replacements(self) -> list[Replacement]:
        """Give the ways in which words are mixed here, each once."""
        ways = {way for word in self._replaced() if (way := Replacement.of(word))}
        return sorted(ways, key=lambda way: way.place)

    def table(self) -> list[TableLine]:
        """Give the number of words of each outcome, and what is to be said of those that are replaced."""
        counts, lines = self.counts(), []
        percent = shares(counts)
        for outcome, number in counts.items():
            lines.append(TableLine(outcome.label, number, percent[outcome], outcome.meaning, outcome))
            if outcome is Outcome.REPLACED:
                words = max(self._totals.words, 1)
                lines += [TableLine(label, n, 100 * n / words, meaning) for label, n, meaning in self._of_replaced()]
        if left_out := self._totals.left_out:
            lines.append(TableLine("left out", left_out, None, "phrases, sentences: for an answer, or code"))
        return lines

    def metrics(self) -> MixingMetrics:
        """Measure the mixing of the records. Each field of a record is one utterance."""
        return mixing_metrics(*tags_of_words(words for _, words in self._utterances()))

    def heading(self) -> str:
        """Say in a few words what is shown."""
        shown = len(self.rows)
        if shown == self.total:
            return "One row" if shown == 1 else f"All {shown:,} rows"
        if self.total is None:
            return "The first row" if shown == 1 else f"The first {shown:,} rows"
        return f"The first of {self.total:,} rows" if shown == 1 else f"The first {shown:,} of {self.total:,} rows"

    def _of_replaced(self) -> Iterator[tuple[str, int, str]]:
        """Count the replaced words of phrases, sentences and languages, and those that are annotated."""
        totals, replaced = self._totals, list(self._replaced())
        for unit, number in ((Unit.PHRASE, totals.phrases), (Unit.SENTENCE, totals.sentences)):
            if number:
                words = sum(word.words for word in replaced if word.unit is unit)
                yield f"  in {unit}s", words, f"{number:,} {unit}{'' if number == 1 else 's'}"
        if annotated := sum(word.words for word in replaced if word.annotation is not None):
            yield "  annotated", annotated, "the translation stands behind"
        if self.has_languages:
            for language, number in self.languages().items():
                yield f"  in {language}", number, "a language that is not known" if language == UNKNOWN else ""

    @cached_property
    def _totals(self) -> Counts:
        total = Counts()
        for text, words in self._utterances():
            total = total.plus(Counts.of(text, words))
        return total

    def _replaced(self) -> Iterator[Word]:
        return (word for _, words in self._utterances() for word in words if word.outcome is Outcome.REPLACED)

    def _utterances(self) -> Iterator[tuple[str, Sequence[Word]]]:
        return ((text, words) for row in self.rows for text, words in row.values() if words is not None)


class Fate(NamedTuple):
    """Say what became of words of a text. replacement: of replaced words, how they are mixed."""

    outcome: Outcome
    replacement: Replacement | None

    @property
    def place(self) -> tuple[int, ...]:
        """Give its place among them all."""
        return (self.outcome, *(self.replacement.place if self.replacement else ()))

    @property
    def label(self) -> str:
        """Name it, short enough to stand before its words."""
        return self.outcome.label if self.replacement is None else self.replacement.label


class Swap(NamedTuple):
    """Hold a word, phrase or sentence of a text, and what it is translated by."""

    source: str
    translation: str | None
    language: str | None


def reasons(text: str, words: Sequence[Word]) -> dict[Fate, dict[Swap, int]]:
    """Count, for each fate, how often each word of the text has it, in the order of the text."""
    counts: dict[Fate, dict[Swap, int]] = {}
    for word in words:
        group = counts.setdefault(Fate(word.outcome, Replacement.of(word)), {})
        swap = Swap(text[word.start : word.end], word.translation, word.language)
        group[swap] = group.get(swap, 0) + 1
    return dict(sorted(counts.items(), key=lambda item: item[0].place))


def left_out(text: str, words: Sequence[Word]) -> list[str]:
    """Give the words with which phrases and sentences begin that were left out of the draw."""
    return [text[word.start : word.end] for word in words if word.left_out]


def shares(counts: Mapping[Outcome, int]) -> dict[Outcome, float | None]:
    """Give the percentage of all words that have each outcome; None for what is protected, which is not a word."""
    words = sum(count for outcome, count in counts.items() if outcome is not Outcome.PROTECTED)
    return {
        outcome: None if outcome is Outcome.PROTECTED else 100 * count / max(words, 1)
        for outcome, count in counts.items()
    }


def figures(metrics: MixingMetrics) -> list[str]:
    """Write the four measures: CMI with one decimal, the others with two."""
    return [f"{metrics.cmi:.1f}", *(f"{value:.2f}" for value in metrics[1:])]
