"""Tell the scripts of a text, and those of a language."""

import unicodedata
from functools import cache

LATIN = "LATIN"

# The languages of a script, as the names of its letters in Unicode begin. The sides of MUSE's dictionaries and of
# the word lists for small languages that docs/languages.md names; a language that is not here is written in Latin
# letters, and one that stands in several lines in all of these scripts, the first one first.
LANGUAGES_OF_SCRIPT = {
    "ARABIC": "ar arz ary apc acm ajp azb bal bqi ckb fa fas glk ks lrc mzn pnb ps sd skr ug ur",
    "ARMENIAN": "hy hyw",
    "BENGALI": "as bn bpy ctg mni syl",
    "CANADIAN": "cr iu oj",
    "CHEROKEE": "chr",
    "CYRILLIC": "ab ady alt av ba be bg bua bxr ce chm crh cu cv inh kaa kbd kjh kk koi krc kum kv ky lbe lez mdf mhr "
    "mk mn mrj myv nog os ru rue sah sr tab tg tt tyv udm uk xal",
    "DEVANAGARI": "awa bgc bho brx doi gom hi hne kok ks mag mai mr mwr ne new sa sd",
    "ETHIOPIC": "am gez ti tig",
    "GEORGIAN": "ka xmf",
    "GREEK": "el grc pnt",
    "GUJARATI": "gu",
    "GURMUKHI": "pa",
    "HANGUL": "ko",
    "HEBREW": "he iw yi",
    "HIRAGANA": "ja",
    "KATAKANA": "ja",
    "CJK": "ja ko zh yue wuu gan hak lzh",
    "KANNADA": "kn tcy",
    "KHMER": "km",
    "LAO": "lo",
    "MALAYALAM": "ml",
    "MEETEI": "mni",
    "MONGOLIAN": "mn mnc",
    "MYANMAR": "my blk ksw mnw shn",
    "NKO": "nqo",
    "OL": "sat",
    "ORIYA": "or",
    "SINHALA": "si",
    "SYRIAC": "aii arc syr",
    "TAMIL": "ta",
    "TELUGU": "te",
    "THAANA": "dv",
    "THAI": "th",
    "TIBETAN": "bo dz",
    "TIFINAGH": "ber zgh",
    # Languages with two scripts in use: none of them is wrong in a dictionary.
    LATIN: "ber crh kaa sr",
}
ALIASES = {"IDEOGRAPHIC": "CJK"}  # the sign that repeats a character
NO_SCRIPT = frozenset({"MODIFIER", "COMBINING"})


def scripts(text: str) -> frozenset[str]:
    """Tell the scripts of a text's letters, as Unicode's names of letters begin. Digits and signs have none.

    >>> sorted(scripts("Αθήνα 2004, Athens"))
    ['GREEK', 'LATIN']
    """
    different = set(map(_scripts_of_character, text))
    return different.pop() if len(different) == 1 else frozenset().union(*different)


@cache
def _scripts_of_character(character: str) -> frozenset[str]:
    """Give none where it is not a letter; several only where its compatibility form is several letters."""
    if not unicodedata.category(character).startswith("L"):
        return frozenset()
    # Full-width letters are Latin ones; signs such as the degree's would become letters, and are none.
    letters = unicodedata.normalize("NFKC", character)
    names = {unicodedata.name(letter, "UNKNOWN").split(" ")[0].split("-")[0] for letter in letters}
    return frozenset(ALIASES.get(script, script) for script in names) - NO_SCRIPT


@cache
def scripts_of(language: str) -> tuple[str, ...]:
    """Give all scripts a language is written in, its first one first.

    >>> scripts_of("ja"), scripts_of("sr"), scripts_of("de")
    (('HIRAGANA', 'KATAKANA', 'CJK'), ('CYRILLIC', 'LATIN'), ('LATIN',))
    """
    listed = tuple(script for script, languages in LANGUAGES_OF_SCRIPT.items() if language in languages.split())
    return listed or (LATIN,)


def script_of(language: str) -> str:
    """Give the script a language is written in; of several, the first.

    >>> script_of("el"), script_of("de")
    ('GREEK', 'LATIN')
    """
    return scripts_of(language)[0]
