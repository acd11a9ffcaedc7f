"""From which language into which a dictionary is, and the scripts of its two sides."""

import re
from collections import Counter
from collections.abc import Iterable
from itertools import pairwise
from pathlib import PurePath
from typing import NamedTuple

from commit_llm.codemix.dictionaries.dictionary import BilingualDictionary
from commit_llm.codemix.dictionaries.scripts import LANGUAGES_OF_SCRIPT, scripts, scripts_of
from commit_llm.codemix.settings import CODE, language_codes

# Codes of languages written in Latin letters, to tell a pair in a file name (`MUSE_en_el`) from other short words.
LATIN_LANGUAGES = (
    "aa af ak ay az ban bs bm br ca ceb co cs cy da de ee en eo es et eu ff fi fil fj fo fr fy ga gd gl gn ha haw hil "
    "hmn hr ht hu id ig ilo is it jv ki kl kri ku la lb lg ln lt lus lv mg mi ms mt nl nn no nso ny oc om pag pam pl "
    "pt qu rm rn ro rw sc se sg sk sl sm sn so sq ss st su sv sw tet tk tl tn to tpi tr ts tum uz ve vi war wo xh yo "
    "zu"
)
KNOWN = frozenset(" ".join([LATIN_LANGUAGES, *LANGUAGES_OF_SCRIPT.values()]).split())
JAPANESE = frozenset(scripts_of("ja"))
KANA_SHARE = 0.05  # of a side's letters, from which Han characters are Japanese


class Languages(NamedTuple):
    """Codes of the two languages, None where nothing tells them, and the scripts, as `scripts` names them.

    A side without a letter has no script.
    """

    source: str | None
    target: str | None
    source_scripts: frozenset[str]
    target_scripts: frozenset[str]


def infer_languages(dictionary: BilingualDictionary, override: str | None = None) -> Languages:
    """The languages by the dictionary's name (`en-el.txt`, `MUSE_en_el.tsv`), the scripts by most of its letters.

    The entries decide on the scripts, so that romanised Hindi is Latin; a language of several scripts then has all
    of them. override (`en-el`, the value of `--languages`) decides on the languages, and on the scripts where it
    is known in which ones they are written.

    Raises UserError where override is not two codes.

    >>> found = infer_languages(BilingualDictionary.from_pairs([("dog", "犬"), ("dog", "いぬ")], "en-ja.txt"))
    >>> found.source, found.target, sorted(found.target_scripts)
    ('en', 'ja', ['CJK', 'HIRAGANA', 'KATAKANA'])
    """
    sides = _most_letters(dictionary)
    if override is None:
        source, target = _pair_in_name(dictionary.name, sides) or (None, None)
        found = tuple(_with_companions(side, language) for side, language in zip(sides, (source, target), strict=True))
    else:
        source, target = language_codes(override)
        found = tuple(
            frozenset(scripts_of(language)) if language in KNOWN else _with_companions(side, None)
            for side, language in zip(sides, (source, target), strict=True)
        )
    return Languages(source, target, found[0], found[1])


def _most_letters(dictionary: BilingualDictionary) -> tuple[frozenset[str], frozenset[str]]:
    """The script of most letters of each side.

    Identity entries, of which some dictionaries mostly consist, do not count where there are others.
    """
    pairs = [(source, target) for source, targets in dictionary.translations.items() for target in targets]
    told = [(source, target) for source, target in pairs if source != target] or pairs
    return _script_of_most(source for source, _ in told), _script_of_most(target for _, target in told)


def _script_of_most(words: Iterable[str]) -> frozenset[str]:
    letters: Counter[str] = Counter()
    for character, count in Counter("".join(words)).items():
        for script in scripts(character):
            letters[script] += count
    if not letters:
        return frozenset()
    most = letters.most_common(1)[0][0]
    kana = letters["HIRAGANA"] + letters["KATAKANA"]
    return JAPANESE if most in JAPANESE and kana >= KANA_SHARE * letters.total() else frozenset({most})


def _with_companions(side: frozenset[str], language: str | None) -> frozenset[str]:
    """A side's scripts, with the others of its language where they are among them."""
    written_in = frozenset(scripts_of(language)) if language in KNOWN and language else frozenset()
    return written_in if side <= written_in else side


def _pair_in_name(name: str, sides: tuple[frozenset[str], frozenset[str]]) -> tuple[str, str] | None:
    """Two neighbouring codes in a file's name: the pair whose scripts are those of the entries before any other."""
    words = re.split(r"[^a-z]+", PurePath(name).name.split(".")[0].lower())
    pairs = [pair for pair in pairwise(words) if KNOWN.issuperset(pair)]
    if len(words) == 2 and all(CODE.fullmatch(word) for word in words):
        pairs.append((words[0], words[1]))  # nothing else stands in the name: codes that are not known will do

    def agrees(pair: tuple[str, str]) -> bool:
        return all(side <= set(scripts_of(language)) for language, side in zip(pair, sides, strict=True))

    return next(filter(agrees, pairs), pairs[0] if pairs else None)
