"""What a preview of mixing shows: records before and after, the outcome of each word, and totals of the outcomes."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commit_llm.codemix.metrics import MixingMetrics, mixing_metrics, tags_of_words
from commit_llm.codemix.outcome import Outcome, Word

# A record: for each field its text and the words in it, in order; None for the words of a field that is not mixed.
MixedRecord = Mapping[str, tuple[str, Sequence[Word] | None]]

ALWAYS_SHOWN = (Outcome.REPLACED, Outcome.NOT_DRAWN, Outcome.NOT_IN_DICTIONARY)

MEASURES = (
    ("CMI", "of each text, the words outside its main language, in percent (Das and Gambäck 2014)"),
    ("M-index", "how even the languages are: 0 is one language, 1 is equal parts (Barnett et al. 2000)"),
    ("I-index", "how often the next word is in another language, over all rows (Guzmán et al. 2017)"),
    ("SPF", "the same, as a mean over the texts (Pratapa et al. 2018)"),
)


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
        words_of = Counter(word.outcome for words in self._utterances() for word in words)
        return {outcome: words_of[outcome] for outcome in Outcome if words_of[outcome] or outcome in ALWAYS_SHOWN}

    def metrics(self) -> MixingMetrics:
        """Measure the mixing of the records. Each field of a record is one utterance."""
        return mixing_metrics(*tags_of_words(self._utterances()))

    def heading(self) -> str:
        """Say in a few words what is shown."""
        shown = len(self.rows)
        if shown == self.total:
            return "One row" if shown == 1 else f"All {shown:,} rows"
        if self.total is None:
            return "The first row" if shown == 1 else f"The first {shown:,} rows"
        return f"The first of {self.total:,} rows" if shown == 1 else f"The first {shown:,} of {self.total:,} rows"

    def _utterances(self) -> list[Sequence[Word]]:
        return [words for row in self.rows for _, words in row.values() if words is not None]


def reasons(text: str, words: Sequence[Word]) -> dict[Outcome, dict[tuple[str, str | None], int]]:
    """Count, for each outcome, how often each (word, translation) of the text has it, in the order of the text."""
    counts: dict[Outcome, dict[tuple[str, str | None], int]] = {}
    for word in words:
        group = counts.setdefault(word.outcome, {})
        key = (text[word.start : word.end], word.translation)
        group[key] = group.get(key, 0) + 1
    return dict(sorted(counts.items()))


def shares(counts: Mapping[Outcome, int]) -> dict[Outcome, float | None]:
    """Give the percentage of all words that have each outcome; None for what is protected, which is no word."""
    words = sum(count for outcome, count in counts.items() if outcome is not Outcome.PROTECTED)
    return {
        outcome: None if outcome is Outcome.PROTECTED else 100 * count / max(words, 1)
        for outcome, count in counts.items()
    }


def figures(metrics: MixingMetrics) -> list[str]:
    """Write the four measures: CMI with one decimal, the others with two."""
    return [f"{metrics.cmi:.1f}", *(f"{value:.2f}" for value in metrics[1:])]
