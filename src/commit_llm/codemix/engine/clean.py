"""Mix in style `clean`, in plain Python: the definition, which the kernel must follow, and what explains every word.

At ratio 1, with a lexicon of dog -> σκύλος and will -> θα:

    Will saw a dog. Dogs bark.      Will σκύλος: no plural, and *Will* opens the text ...
    Ask Will.                       ... but here it stands within a sentence: a name in the whole example
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import chain, pairwise

from commit_llm.codemix.dictionaries.case import Case, written
from commit_llm.codemix.dictionaries.lexicon import Lexicon, SurfaceForm, outcome_of
from commit_llm.codemix.finding.characters import DIGIT, LETTER, MARK, character_classes
from commit_llm.codemix.finding.clean_words import FoundWord, find_words
from commit_llm.codemix.finding.segmentation import is_unspaced
from commit_llm.codemix.outcome import Outcome, Word
from commit_llm.codemix.randomness import fold, hash64, text64, unit_float


@dataclass(frozen=True)
class CleanStyle:
    """Decide on the words of an example.

    lexicon: the surface forms that may be replaced.
    ratio: the probability, in [0, 1], that a word that could be replaced is.
    by_type: whether a word is drawn once an example, rather than wherever it stands.
    all_capitals: whether capitalised words within sentences, and words in capitals, are replaced too.
    find: gives the words of a text: `find_words`, or one that cuts runs.
    """

    lexicon: Lexicon
    ratio: float
    by_type: bool = True
    all_capitals: bool = False
    find: Callable[[str], list[FoundWord]] = find_words

    def explain(
        self, texts: Mapping[str, str], mixed_fields: Collection[str], seed: int, epoch: int, row: int
    ) -> dict[str, list[Word]]:
        """Say what becomes of every word of the fields that are mixed. All the texts are read to tell names."""
        words = {field: self.find(text) for field, text in texts.items()}
        forms = {
            field: [None if word.protected else self.lexicon.find(text[word.start : word.end]) for word in words[field]]
            for field, text in texts.items()
        }
        # A name is one by its entry: whatever way it is spelt here, it is the same name there.
        names = {
            form.entry.key64
            for field in texts
            for word, form in zip(words[field], forms[field], strict=True)
            if form is not None and form.case is Case.CAPITALISED and not word.opens
        }
        place = hash64(seed, epoch, row)
        explained = {}
        for field in mixed_fields:
            place_of_field = fold(place, text64(field))
            explained[field] = [
                self._decide(word, form, names, place, place_of_field, index)
                for index, (word, form) in enumerate(zip(words[field], forms[field], strict=True))
            ]
        return explained

    def _decide(
        self,
        word: FoundWord,
        form: SurfaceForm | None,
        names: Collection[int],
        place: int,
        place_of_field: int,
        index: int,
    ) -> Word:
        start, end = word.start, word.end
        if word.protected:
            return Word(start, end, Outcome.PROTECTED)
        outcome = outcome_of(form, form is not None and form.entry.key64 in names, self.all_capitals)
        if form is None or outcome is not Outcome.NOT_DRAWN:
            return Word(start, end, outcome)
        entry = form.entry
        state = fold(place, entry.key64) if self.by_type else fold(place_of_field, index)
        if unit_float(fold(state, 0)) >= self.ratio:
            return Word(start, end, Outcome.NOT_DRAWN)
        drawn = unit_float(fold(state, 1))
        chosen = next(number for number, share in enumerate(entry.cumulative) if drawn < share)
        translation = written(entry.translations[chosen], form.case, entry.languages[chosen])
        return Word(start, end, Outcome.REPLACED, translation)


def replace(text: str, words: list[Word], unspaced: bool) -> str:
    """Put the translations of the replaced words into a text. Everything else stays.

    unspaced: whether the text is written without spaces. Then one space is set where a translation would touch a
        letter or a digit.

    >>> words = [Word(0, 3, Outcome.REPLACED, "cat"), Word(3, 5, Outcome.REPLACED, "black")]
    >>> replace("แมวดำ", words, unspaced=True)
    'cat black'
    """
    parts = []
    end = 0
    for word in words:
        if word.translation is not None:
            parts += [text[end : word.start], word.written(text)]
            end = word.end
    parts.append(text[end:])
    if not unspaced:
        return "".join(parts)
    parts = [part for part in parts if part]
    gaps = [_space(one, two) for one, two in pairwise(parts)]
    return "".join(chain.from_iterable(zip(parts, [*gaps, ""], strict=True))) if parts else ""


def _space(one: str, two: str) -> str:
    """Give what stands between two parts: a space, or nothing."""
    classes = character_classes()
    # A mark is what it stands on: a letter, or a sign.
    last = next((character for character in reversed(one) if classes[ord(character)] != MARK), one[-1])
    if is_unspaced(last) and is_unspaced(two[0]):
        return ""
    touching = all(classes[ord(character)] in (LETTER, MARK, DIGIT) for character in (last, two[0]))
    return " " if touching else ""
