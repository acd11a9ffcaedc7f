"""Mix in style `clean`, in plain Python: the definition, which the kernel must follow, and what explains every word.

At ratio 1, with a lexicon of dog -> σκύλος and will -> θα:

    Will saw a dog. Dogs bark.      Will σκύλος: no plural, and *Will* opens the text ...
    Ask Will.                       ... but here it stands within a sentence: a name in the whole example
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, pairwise

from commit_llm.codemix.dictionaries.case import Case, written
from commit_llm.codemix.dictionaries.lexicon import Entry, SurfaceForm, outcome_of
from commit_llm.codemix.engine.answer_keeping import Kept, kept_for_answer
from commit_llm.codemix.engine.brackets import bracket_pairs
from commit_llm.codemix.engine.reading import Reader, Reading
from commit_llm.codemix.finding.characters import DIGIT, LETTER, MARK, character_classes
from commit_llm.codemix.finding.segmentation import is_unspaced
from commit_llm.codemix.outcome import Annotation, Outcome, Unit, Word
from commit_llm.codemix.randomness import PHRASE, SENTENCE, fold, hash64, text64, unit_float


@dataclass(frozen=True)
class CleanStyle:
    """Decide on the words of an example.

    reader: reads texts, and knows what may be replaced.
    ratio: the probability, in [0, 1], that a word or a phrase that could be replaced is.
    sentence_ratio: that of a sentence.
    by_type: whether a word is drawn once an example, rather than wherever it stands.
    all_capitals: whether capitalised words within sentences, and words in capitals, are replaced too.
    annotates: says of a field whether its words are annotated, rather than replaced.
    """

    reader: Reader
    ratio: float
    sentence_ratio: float = 0.0
    by_type: bool = True
    all_capitals: bool = False
    annotates: Callable[[str], bool] = lambda name: False

    def explain(
        self, texts: Mapping[str, str], mixed_fields: Collection[str], seed: int, epoch: int, row: int
    ) -> dict[str, list[Word]]:
        """Say what becomes of every word of the fields that are mixed. All the texts are read to tell names."""
        readings = {name: self.reader.read(text) for name, text in texts.items()}
        # A name is one by its entry: whatever way it is spelt here, it is the same name there.
        names = {
            form.entry.key64
            for reading in readings.values()
            for number, word in enumerate(reading.words)
            if not word.opens
            for form in (reading.forms[number], *(phrase.form for phrase in reading.phrases.get(number, ())))
            if form is not None and form.case is Case.CAPITALISED
        }
        kept = Kept()
        if self.by_type:
            kept = kept_for_answer(readings, mixed_fields, [name for name in mixed_fields if self.annotates(name)])
        place = hash64(seed, epoch, row)
        return {
            name: Decisions(self, readings[name], names, kept, place, name, self.annotates(name)).words()
            for name in mixed_fields
        }


@dataclass(frozen=True)
class Decisions:
    """Decide on the words of one text, in their order.

    names: the keys of entries that are names in the example.
    kept: what is left out of the draws.
    place: hash64(seed, epoch, row) of the example.
    field: the text's name.
    annotates: whether words are annotated.
    """

    style: CleanStyle
    reading: Reading
    names: Collection[int]
    kept: Kept
    place: int
    field: str
    annotates: bool

    def words(self) -> list[Word]:
        """Say what becomes of every word, phrase and sentence."""
        words: list[Word] = []
        pairs = sorted(bracket_pairs(self.reading.text)) if self.annotates else []
        bracket, reach = 0, -1  # the next bracket that opens, and where those before it close
        number, annotated, behind_annotated = 0, 0, -1  # the entry that was annotated last, and the word behind it
        while number < len(self.reading.words):
            word, count, entry = self._next(number)
            if word.translation is not None and self.annotates:
                if number == behind_annotated and entry == annotated:
                    word = word._replace(outcome=Outcome.REPEATED, translation=None, unit=Unit.WORD)
                else:
                    while bracket < len(pairs) and pairs[bracket][0] < word.start:
                        reach, bracket = max(reach, pairs[bracket][1]), bracket + 1
                    word = word._replace(annotation=Annotation.COMMA if word.start < reach else Annotation.BRACKETS)
                annotated, behind_annotated = entry, number + count
            words.append(word)
            number += count
        return words

    def _next(self, number: int) -> tuple[Word, int, int]:
        """Decide on the sentence, phrase or word that begins with a word: how many words it has, and its key."""
        left_out = 0
        sentence = self.reading.sentences.get(number)
        if sentence is not None:
            state = fold(fold(self.place, SENTENCE), sentence.entry.key64)
            translation, language = drawn(sentence.entry, state)
            if sentence.entry.key64 in self.kept.sentences or not has_all(translation, sentence.parts):
                left_out += 1
            elif unit_float(fold(state, 0)) < self.style.sentence_ratio:
                of_sentence = self.reading.words[sentence.first : sentence.behind]
                protected = sum(word.protected for word in of_sentence)
                words = len(of_sentence) - protected
                word = Word(
                    sentence.start, sentence.end, Outcome.REPLACED, translation, Unit.SENTENCE, words, protected,
                    language,
                )  # fmt: skip
                return word, len(of_sentence), sentence.entry.key64
        start = self.reading.words[number].start
        for phrase in self.reading.phrases.get(number, ()):
            entry = phrase.form.entry
            if self._outcome(phrase.form) is not Outcome.NOT_DRAWN:
                continue
            if entry.key64 in self.kept.words:
                left_out += 1
                continue
            state = fold(self.place, PHRASE)
            if not self.style.by_type:
                state = fold(fold(state, text64(self.field)), number)
            state = fold(state, entry.key64)
            if unit_float(fold(state, 0)) < self.style.ratio:
                translation, language = drawn(entry, state)
                end = self.reading.words[number + phrase.words - 1].end
                translation = written(translation, phrase.form.case, language)
                word = Word(
                    start, end, Outcome.REPLACED, translation, Unit.PHRASE, phrase.words, 0, language, None, left_out
                )
                return word, phrase.words, entry.key64
        return self._word(number)._replace(left_out=left_out), 1, self._key(number)

    def _word(self, number: int) -> Word:
        """Decide on a word by itself."""
        word, form = self.reading.words[number], self.reading.forms[number]
        start, end = word.start, word.end
        if word.protected:
            return Word(start, end, Outcome.PROTECTED)
        outcome = self._outcome(form)
        if form is None or outcome is not Outcome.NOT_DRAWN:
            return Word(start, end, outcome)
        entry = form.entry
        if entry.key64 in self.kept.words:
            return Word(start, end, Outcome.ANSWER)
        style = self.style
        state = fold(self.place, entry.key64) if style.by_type else fold(fold(self.place, text64(self.field)), number)
        if unit_float(fold(state, 0)) >= style.ratio:
            return Word(start, end, Outcome.NOT_DRAWN)
        translation, language = drawn(entry, state)
        return Word(start, end, Outcome.REPLACED, written(translation, form.case, language), language=language)

    def _outcome(self, form: SurfaceForm | None) -> Outcome:
        return outcome_of(form, form is not None and form.entry.key64 in self.names, self.style.all_capitals)

    def _key(self, number: int) -> int:
        form = self.reading.forms[number]
        return 0 if form is None else form.entry.key64


def drawn(entry: Entry, state: int) -> tuple[str, str | None]:
    """Draw one of an entry's translations; gives it with the code of its language."""
    draw = unit_float(fold(state, 1))
    chosen = next(number for number, share in enumerate(entry.cumulative) if draw < share)
    return entry.translations[chosen], entry.languages[chosen]


def has_all(translation: str, parts: Sequence[str] | None) -> bool:
    """Say whether a sentence's translation has what is protected in it, as often; not where a part is cut (None)."""
    return parts is not None and all(translation.count(part) >= parts.count(part) for part in parts)


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
