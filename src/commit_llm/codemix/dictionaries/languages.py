"""Tell from which language into which a dictionary is, and the scripts of its two sides."""

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
LANGUAGE_CODES = frozenset(" ".join([LATIN_LANGUAGES, *LANGUAGES_OF_SCRIPT.values()]).split())
# Codes of three letters (ISO 639-3), in which FreeDict and others name their files, and those of two.
BEGIN_ALIKE = (
    "aar abk afr aka amh ara asm ava aym aze bak bel bod bre cat cos cre cym dan deu dzo ell eng eus fas fin fra "
    "glg guj hau heb hin hrv hun hye isl ita kat kik kor kur lat mkd msa mya nep nld nno nor nya oci oji ori oss "
    "pan que ron rus san sin slv smo sna som sqi srp ssw sun swa tam tel tgk tha tir ton tso ukr urd uzb ven vie "
    "wol xho yid yor zho zul"
)
BEGIN_OTHERWISE = (
    "bam:bm ben:bn bos:bs bul:bg ces:cs che:ce chu:cu chv:cv div:dv epo:eo est:et ewe:ee fao:fo fij:fj fry:fy "
    "ful:ff gla:gd gle:ga grn:gn hat:ht ibo:ig iku:iu ind:id jav:jv jpn:ja kal:kl kan:kn kas:ks kaz:kk khm:km "
    "kin:rw kir:ky kom:kv lao:lo lav:lv lin:ln lit:lt ltz:lb lug:lg mal:ml mar:mr mlg:mg mlt:mt mon:mn mri:mi "
    "orm:om pol:pl por:pt pus:ps roh:rm run:rn sag:sg slk:sk sme:se snd:sd sot:st spa:es srd:sc swe:sv tat:tt "
    "tgl:tl tsn:tn tuk:tk tur:tr uig:ug"
)
TWO_LETTERS = {code: code[:2] for code in BEGIN_ALIKE.split()}
TWO_LETTERS |= dict(code.split(":") for code in BEGIN_OTHERWISE.split())
JAPANESE = frozenset(scripts_of("ja"))
KANA_SHARE = 0.05  # of a side's letters, from which Han characters are Japanese


class Languages(NamedTuple):
    """Hold the codes of two languages, None where nothing tells them, and their scripts, as `scripts` names them.

    A side without a letter has no script.
    """

    source: str | None
    target: str | None
    source_scripts: frozenset[str]
    target_scripts: frozenset[str]


UNKNOWN = Languages(None, None, frozenset(), frozenset())


def infer_languages(dictionary: BilingualDictionary, override: str | None = None) -> Languages:
    """Tell the languages by the dictionary's name (`en-el.txt`, `MUSE_en_el.tsv`), the scripts by most of its letters.

    The pairs decide on the scripts, so that romanised Hindi is Latin; a language of several scripts then has all of
    them.

    override: two codes, such as `en-el`, which decide on the languages instead of the name. Of a language in the
        tables they decide on the scripts too.

    Of a code of three letters, such as `ell`, the one of two is given where there is one.

    Raises SettingError where override is not two codes.

    >>> languages = infer_languages(BilingualDictionary.from_pairs([("dog", "犬"), ("dog", "いぬ")], "en-ja.txt"))
    >>> languages.source, languages.target, sorted(languages.target_scripts)
    ('en', 'ja', ['CJK', 'HIRAGANA', 'KATAKANA'])
    """
    sides = _most_letters(dictionary)
    if override is None:
        source, target = _pair_in_name(dictionary.name, sides) or (None, None)
        both = tuple(_with_companions(side, language) for side, language in zip(sides, (source, target), strict=True))
    else:
        source, target = (TWO_LETTERS.get(code, code) for code in language_codes(override))
        both = tuple(
            frozenset(scripts_of(language)) if language in LANGUAGE_CODES else _with_companions(side, None)
            for side, language in zip(sides, (source, target), strict=True)
        )
    return Languages(source, target, both[0], both[1])


def _most_letters(dictionary: BilingualDictionary) -> tuple[frozenset[str], frozenset[str]]:
    """Give the script of most letters of each side.

    Pairs of a word and itself, of which some dictionaries mostly consist, do not count where there are others.
    """
    pairs = [(source, target) for source, targets in dictionary.translations.items() for target in targets]
    translated = [(source, target) for source, target in pairs if source != target] or pairs
    return _script_of_most(source for source, _ in translated), _script_of_most(target for _, target in translated)


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
    """Give a side's scripts, with the other scripts of its language where they are among them."""
    written_in = frozenset(scripts_of(language)) if language in LANGUAGE_CODES and language else frozenset()
    return written_in if side <= written_in else side


def _pair_in_name(name: str, sides: tuple[frozenset[str], frozenset[str]]) -> tuple[str, str] | None:
    """Give two neighbouring codes in a file's name; first of all a pair whose scripts are those of the entries."""
    words = re.split(r"[^a-z]+", PurePath(name).name.split(".")[0].lower())
    words = [TWO_LETTERS.get(word, word) for word in words]
    pairs = [pair for pair in pairwise(words) if LANGUAGE_CODES.issuperset(pair)]
    if len(words) == 2 and all(CODE.fullmatch(word) for word in words):
        pairs.append((words[0], words[1]))  # nothing else stands in the name: codes that are not known will do

    def agrees(pair: tuple[str, str]) -> bool:
        return all(side <= set(scripts_of(language)) for language, side in zip(pair, sides, strict=True))

    return next(filter(agrees, pairs), pairs[0] if pairs else None)
