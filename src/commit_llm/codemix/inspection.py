"""Say what a dictionary is good for: its size, its noise, and how much of a text it covers."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import NamedTuple

from commit_llm.codemix.dictionaries.case import lower_case
from commit_llm.codemix.dictionaries.cleaning import (
    ACCENT_VARIANT,
    DUPLICATE,
    IDENTITY,
    LONG_PHRASE,
    NO_LETTER,
    NO_WORD,
    PUNCTUATED,
    WRONG_SCRIPT,
    CleanDictionary,
)
from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.dictionaries.fields import LIST, NOTE, ONLY_NOTE, REFERENCE, TILDE, Tally, taken_apart
from commit_llm.codemix.dictionaries.formats import Skipped
from commit_llm.codemix.dictionaries.languages import Languages
from commit_llm.codemix.dictionaries.phrases import words_of
from commit_llm.codemix.dictionaries.scripts import scripts
from commit_llm.codemix.direction import turned
from commit_llm.codemix.mixer import CodeMixer
from commit_llm.codemix.outcome import Counts, Outcome

MISSING = 20  # words that a text has most often and the dictionary has not
# What reading and cleaning find, and what they do about it.
KINDS = {
    LIST: "a list: each part counts",
    NOTE: "notes in brackets: dropped",
    ONLY_NOTE: "nothing but a note: left out",
    TILDE: "~ for a space: corrected",
    REFERENCE: "&...; for a character: corrected",
    IDENTITY: "a word by itself: no choice",
    WRONG_SCRIPT: "in another script: left out",
    LONG_PHRASE: "over five words: passed over",
    NO_WORD: "source can never match: left out",  # signs, digits
    NO_LETTER: "target has no letter: left out",
    DUPLICATE: "twice: counts once",
    ACCENT_VARIANT: "tonos differs: counts once",
    PUNCTUATED: "punctuation around: corrected",
}


class Noise(NamedTuple):
    """Count pairs of one kind: what cleaning does about them, and a few of them."""

    kind: str
    treatment: str
    pairs: int
    examples: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Inspection:
    """Hold a dictionary in numbers.

    languages: from which into which it is, and the scripts.
    skipped: bad lines that were left out.
    pairs, sources: of the file, its lists taken apart.
    identity_pairs: pairs of a word and itself.
    identity_only: sources that have no other pair.
    in_script: pairs whose target is in the target language's script; None where the two languages share one.
    whole_lists: pairs whose target looks like a list, in a file whose fields are not taken apart.
    noise: what reading takes apart, and cleaning leaves out or mends.
    words, phrases: sources with a translation, after cleaning; a phrase has several words.
    translations: of both.
    neutral: sources without one, after cleaning.
    """

    name: str
    languages: Languages
    skipped: Skipped
    pairs: int
    sources: int
    identity_pairs: int
    identity_only: int
    in_script: int | None
    whole_lists: int
    noise: tuple[Noise, ...]
    words: int
    phrases: int
    translations: int
    neutral: int


def inspect_dictionary(dictionary: BilingualDictionary, cleaned: CleanDictionary, languages: Languages) -> Inspection:
    """Count what is in a dictionary, and what cleaning finds in it."""
    entries = dictionary.translations
    pairs = [(source, target) for source, targets in entries.items() for target in targets]
    source_scripts, target_scripts = languages.source_scripts, languages.target_scripts
    numbers = dictionary.taken_apart.pairs | cleaned.tally.pairs
    examples = dictionary.taken_apart.examples | cleaned.tally.examples
    taken_apart(pairs, left := Tally())
    usable = sum(map(bool, cleaned.translations.values()))
    phrases = sum(bool(targets) and len(words_of(source)) > 1 for source, targets in cleaned.translations.items())
    in_script = None
    if source_scripts and target_scripts and not source_scripts & target_scripts:
        of_targets = [scripts(target) for _, target in pairs]
        in_script = sum(bool(letters) and letters <= target_scripts for letters in of_targets)
    return Inspection(
        name=dictionary.name,
        languages=languages,
        skipped=dictionary.skipped,
        pairs=len(pairs),
        sources=len(entries),
        identity_pairs=sum(source == target for source, target in pairs),
        identity_only=sum(set(targets) == {source} for source, targets in entries.items()),
        in_script=in_script,
        whole_lists=left.pairs.get(LIST, 0),
        noise=tuple(
            Noise(kind, treatment, numbers[kind], tuple(examples[kind]))
            for kind, treatment in KINDS.items()
            if kind in numbers
        ),
        words=usable - phrases,
        phrases=phrases,
        translations=sum(map(len, cleaned.translations.values())),
        neutral=sum(not targets for targets in cleaned.translations.values()),
    )


@dataclass(frozen=True)
class Coverage:
    """Count how many of a text's running words a dictionary covers: at ratio 1 `counts.replaced` are replaced.

    examples: of the text.
    counts: outcomes of its words.
    turned: the same with the dictionary turned round, from its targets into its sources. Where that covers more, text
        and dictionary do not belong together.
    missing: the most frequent words that are not in the dictionary, in lower case, with their numbers.
    """

    examples: int
    counts: Counts
    turned: Counts
    missing: tuple[tuple[str, int], ...]


def text_coverage(
    mixer: CodeMixer, examples: Iterable[Mapping[str, str]], report: Callable[[int], None] = lambda number: None
) -> Coverage:
    """Count how many words of examples, each one texts by field, a mixer of ratio 1 and style `clean` replaces.

    report: is called with the number of examples that were counted.
    """
    back, language = turned(mixer), mixer.vocabulary.directions[0].source
    counts = turned_counts = Counts()
    missing: Counter[str] = Counter()
    number = 0
    for number, texts in enumerate(examples, 1):
        for field, words in mixer.explain(texts).items():
            text = texts[field]
            counts = counts.plus(Counts.of(text, words))
            missing.update(
                lower_case(text[word.start : word.end], language)
                for word in words
                if word.outcome is Outcome.NOT_IN_DICTIONARY
            )
        for field, words in back.explain(texts).items():
            turned_counts = turned_counts.plus(Counts.of(texts[field], words))
        report(number)
    return Coverage(number, counts, turned_counts, tuple(missing.most_common(MISSING)))


def clean_lines(cleaned: CleanDictionary) -> Iterator[str]:
    """Give the cleaned dictionary as lines of a file, `source<TAB>target`, sources in order.

    Words whose only translation is themselves are left out, as they are left alone in any case.
    """
    for source, targets in cleaned.translations.items():
        for target in targets:
            yield f"{source}\t{target}\n"
