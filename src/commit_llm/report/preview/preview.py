"""What a preview of mixing shows: rows in the original and mixed, with what happened to each word, and their sums."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from commit_llm.codemix.metrics import MixingMetrics, mixing_metrics, tags_of_words
from commit_llm.codemix.outcome import Outcome, Word

# A row: for each field its text and the words found in it, in order; None for the words of a field that is not mixed.
Row = Mapping[str, tuple[str, Sequence[Word] | None]]

ALWAYS_TOLD = (Outcome.REPLACED, Outcome.NOT_DRAWN, Outcome.NOT_IN_DICTIONARY)

MEASURES = (
    ("CMI", "of each text, the words outside its main language, in percent (Das and Gambäck 2014)"),
    ("M-index", "how even the languages are: 0 is one language, 1 is equal parts (Barnett et al. 2000)"),
    ("I-index", "how often the next word is in another language, over all rows (Guzmán et al. 2017)"),
    ("SPF", "the same, as a mean over the texts (Pratapa et al. 2018)"),
)


@dataclass(frozen=True)
class Preview:
    """Rows to show, and how they were mixed.

    settings: what to tell of the mixing, by name, in the order to show it. total: rows of the whole file.
    unspaced: whether the original is written without spaces, so that what replaces a word may need one.
    explain: whether to say why each word stayed.
    """

    rows: Sequence[Row]
    total: int
    settings: Mapping[str, str]
    explain: bool = False
    unspaced: bool = False

    def counts(self) -> dict[Outcome, int]:
        """Words of each outcome in the rows shown; those that no word has are left out, but for the usual three."""
        found = Counter(word.outcome for words in self._utterances() for word in words)
        return {outcome: found[outcome] for outcome in Outcome if found[outcome] or outcome in ALWAYS_TOLD}

    def metrics(self) -> MixingMetrics:
        """Measures of the rows shown, each field of a row being one utterance."""
        return mixing_metrics(*tags_of_words(self._utterances()))

    def heading(self) -> str:
        """What is shown, in a few words."""
        shown = len(self.rows)
        if shown == self.total:
            return "One row" if shown == 1 else f"All {shown:,} rows"
        return f"The first of {self.total:,} rows" if shown == 1 else f"The first {shown:,} of {self.total:,} rows"

    def _utterances(self) -> list[Sequence[Word]]:
        return [words for row in self.rows for _, words in row.values() if words is not None]


def reasons(text: str, words: Sequence[Word]) -> dict[Outcome, dict[tuple[str, str | None], int]]:
    """For each outcome, how often each (word, translation) of the text has it, in the order of the text."""
    found: dict[Outcome, dict[tuple[str, str | None], int]] = {}
    for word in words:
        group = found.setdefault(word.outcome, {})
        key = (text[word.start : word.end], word.translation)
        group[key] = group.get(key, 0) + 1
    return dict(sorted(found.items()))


def shares(counts: Mapping[Outcome, int]) -> dict[Outcome, float | None]:
    """Percent of all words; None for what is protected, which is no word and stands beside them."""
    words = sum(count for outcome, count in counts.items() if outcome is not Outcome.PROTECTED)
    return {
        outcome: None if outcome is Outcome.PROTECTED else 100 * count / max(words, 1)
        for outcome, count in counts.items()
    }


def figures(metrics: MixingMetrics) -> list[str]:
    """The four measures as they are printed: CMI with one decimal, the others with two."""
    return [f"{metrics.cmi:.1f}", *(f"{value:.2f}" for value in metrics[1:])]
