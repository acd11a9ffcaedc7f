"""Say what must stay as it is, so that an output that stands in another field stands there after mixing too.

    context  The hot dog house is open.     output  dog     dictionary  hot dog, dog

Were *hot dog* replaced, no *dog* would be left for the output to be found in: the phrase is left out of the draw. The
word is one entry in both places, and so replaced in both or in none.

All of this follows from the texts, and not from what is drawn: so a higher ratio keeps what a lower one replaces.
"""

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field

from commit_llm.codemix.dictionaries.phrases import MOST_WORDS
from commit_llm.codemix.engine.brackets import CLOSING, OPENING, bracket_pairs, is_within
from commit_llm.codemix.engine.reading import FoundSentence, Reading
from commit_llm.codemix.finding.characters import LINE_BREAK, SPACE, character_classes
from commit_llm.codemix.settings import OUTPUT


@dataclass
class Kept:
    """Hold what is left out of the draws of an example, by the keys of entries.

    words: words and phrases.
    """

    words: set[int] = field(default_factory=set)
    sentences: set[int] = field(default_factory=set)


def kept_for_answer(
    readings: Mapping[str, Reading], mixed_fields: Collection[str], annotated_fields: Collection[str]
) -> Kept:
    """Say what is left out of the draws of an example that is read.

    annotated_fields: the fields whose words are annotated; those of the others are replaced.
    """
    kept = Kept()
    if OUTPUT in mixed_fields and not is_blank(readings[OUTPUT].text):
        for name in mixed_fields:
            if name != OUTPUT and readings[OUTPUT].text in readings[name].text:
                _keep(kept, readings[name], readings[OUTPUT], name in annotated_fields, OUTPUT in annotated_fields)
    return kept


def is_blank(text: str) -> bool:
    """Say whether a text has nothing but white space."""
    classes = character_classes()
    return all(classes[ord(character)] in (SPACE, LINE_BREAK) for character in text)


def _keep(kept: Kept, reading: Reading, output: Reading, annotated: bool, output_annotated: bool) -> None:
    """Keep what would part an output from its place in a text: the first with the same words, if there is one."""
    places = list(_places(reading.text, output.text))
    place = next((place for place in places if _is_aligned(reading, output, place)), places[0])
    end, count = place + len(output.text), len(output.words)
    first, behind = _words_within(reading, place, end)
    aligned = _is_aligned(reading, output, place)
    is_bare = count > 0 and (output.words[0].start, output.words[-1].end) == (0, len(output.text))
    # Of an output that is one unit, the translation stands in the brackets.
    in_brackets = aligned and annotated and not output_annotated
    if annotated == output_annotated:
        agrees = aligned and not (annotated and _is_set_off(reading, output, place, first))
    else:
        agrees = in_brackets and is_bare and count == 1
    for number in range(max(0, first - MOST_WORDS), behind):
        for phrase in reading.phrases.get(number, ()):
            last = number + phrase.words
            whole = in_brackets and is_bare and phrase.words == count
            if last > first and not (first <= number and last <= behind and (agrees or whole)):
                kept.words.add(phrase.form.entry.key64)
    for sentence in reading.sentences.values():
        if sentence.start < end and place < sentence.end:
            same = output.sentences.get(sentence.first - first) if aligned else None
            _keep_sentence(kept, sentence, same, place, agrees or (in_brackets and _is_all(same, output)))
    for sentence in output.sentences.values():
        same = reading.sentences.get(sentence.first + first) if aligned else None
        _keep_sentence(kept, sentence, same, -place, agrees or (in_brackets and _is_all(sentence, output)))
    if not agrees:
        forms = [*reading.forms[first:behind], *output.forms]
        if not aligned:
            forms += [phrase.form for phrases in output.phrases.values() for phrase in phrases]
        kept.words.update(form.entry.key64 for form in forms if form is not None)


def _keep_sentence(kept: Kept, sentence: FoundSentence, other: FoundSentence | None, moved: int, agrees: bool) -> None:
    """Keep a sentence of one text unless the other text has it in its place. moved: from there to here."""
    if not agrees or other is None or (sentence.start, sentence.end) != (other.start + moved, other.end + moved):
        kept.sentences.add(sentence.entry.key64)


def _is_all(sentence: FoundSentence | None, output: Reading) -> bool:
    return sentence is not None and (sentence.start, sentence.end) == (0, len(output.text))


def _places(text: str, part: str) -> Iterator[int]:
    place = text.find(part)
    while place >= 0:
        yield place
        place = text.find(part, place + 1)


def _words_within(reading: Reading, start: int, end: int) -> tuple[int, int]:
    """Give the numbers of the first word that is not before a place, and of the one behind the last that is in it."""
    first = bisect_right(reading.words, start, key=lambda word: word.end)
    return first, max(first, bisect_left(reading.words, end, key=lambda word: word.start))


def _is_aligned(reading: Reading, output: Reading, place: int) -> bool:
    """Say whether the words at a place are those of the output: none goes on beyond it, and the same are protected."""
    first, behind = _words_within(reading, place, place + len(output.text))
    return [(word.start - place, word.end - place, word.protected) for word in reading.words[first:behind]] == [
        (word.start, word.end, word.protected) for word in output.words
    ]


def _is_set_off(reading: Reading, output: Reading, place: int, first: int) -> bool:
    """Say whether annotations may be others at the place than in the output, where both are annotated."""
    if is_within(bracket_pairs(reading.text), place) or any(sign in output.text for sign in OPENING + CLOSING):
        return True
    if not output.words:
        return False
    before = range(max(0, first - MOST_WORDS), first)
    return any(_keys(reading, first) & _keys(reading, number) for number in before)


def _keys(reading: Reading, number: int) -> set[int]:
    """Give the keys of what begins with a word: its own, and those of phrases."""
    forms = [*reading.forms[number : number + 1], *(phrase.form for phrase in reading.phrases.get(number, ()))]
    return {form.entry.key64 for form in forms if form is not None}
