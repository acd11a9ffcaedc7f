"""Which scripts a text is written in."""

import unicodedata

# The script of a language, as the names of its letters in Unicode begin; a language that is not here is
# written in Latin letters.
SCRIPT_OF_LANGUAGE = {
    "ar": "ARABIC",
    "el": "GREEK",
    "hi": "DEVANAGARI",
    "ru": "CYRILLIC",
    "th": "THAI",
    "zh": "CJK",
}
LATIN = "LATIN"
ALIASES = {"IDEOGRAPHIC": "CJK"}  # the sign that repeats a character


def scripts(text: str) -> frozenset[str]:
    """The scripts of a text's letters, as Unicode's names of letters begin. Digits and signs have none.

    >>> sorted(scripts("Αθήνα 2004, Athens"))
    ['GREEK', 'LATIN']
    """
    letters = {character for character in text if unicodedata.category(character).startswith("L")}
    # Full-width letters are Latin ones; signs such as the degree's would become letters, and are none.
    letters = set(unicodedata.normalize("NFKC", "".join(letters)))
    found = {unicodedata.name(letter, "UNKNOWN").split(" ")[0].split("-")[0] for letter in letters}
    return frozenset(ALIASES.get(script, script) for script in found) - {"MODIFIER", "COMBINING"}


def script_of(language: str) -> str:
    """The script a language is written in.

    >>> script_of("el"), script_of("de")
    ('GREEK', 'LATIN')
    """
    return SCRIPT_OF_LANGUAGE.get(language, LATIN)
