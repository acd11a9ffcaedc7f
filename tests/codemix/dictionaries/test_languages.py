"""From which language into which a dictionary is: by its name, and by its letters."""

import time

import pytest

from commit_llm.codemix import BilingualDictionary
from commit_llm.codemix.dictionaries.languages import LANGUAGE_CODES, TWO_LETTERS, Languages, infer_languages
from commit_llm.codemix.dictionaries.scripts import scripts, scripts_of
from commit_llm.errors import UserError

GREEK = [("dog", "σκύλος"), ("cat", "γάτα"), ("ok", "ok"), ("usb", "usb"), ("facebook", "facebook")]
MUSE = (
    "af ar bg bn bs ca cs da de el es et fa fi fr he hi hr hu id it ja ko lt lv mk ms nl no pl pt ro ru sk sl sq sv ta "
    "th tl tr uk vi zh"
)
WORDS = {
    "ar": "كلب", "bg": "куче", "bn": "কুকুর", "el": "σκύλος", "fa": "سگ", "he": "כלב", "hi": "कुत्ता", "ja": "いぬ",
    "ko": "개", "mk": "куче", "ru": "собака", "ta": "நாய்", "th": "หมา", "uk": "собака", "zh": "狗",
    "am": "ውሻ", "dv": "ކުއްތާ", "ka": "ძაღლი", "hy": "շուն", "my": "ခွေး", "km": "ឆ្កែ", "lo": "ໝາ", "or": "କୁକୁର",
    "te": "కుక్క", "ml": "നായ", "kn": "ನಾಯಿ", "gu": "કૂતરો", "pa": "ਕੁੱਤਾ", "si": "බල්ලා", "bo": "ཁྱི", "sat": "ᱥᱮᱛᱟ",
    "nqo": "ߥߎߟߎ", "ckb": "سەگ", "yi": "הונט", "ti": "ከልቢ", "chr": "ᎩᎵ", "iu": "ᕿᒻᒥᖅ", "mni": "ꯍꯨꯏ", "ber": "ⴰⵢⴷⵉ",
    "vi": "chó", "yue": "狗", "sr": "пас",
}  # fmt: skip


def make(name, pairs=GREEK):
    return BilingualDictionary.from_pairs(pairs, name)


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("en-el.txt", ("en", "el")),
        ("en_el", ("en", "el")),
        ("MUSE_en_el.tsv", ("en", "el")),
        ("folder/EN-EL.v2.csv", ("en", "el")),
        ("my_en_el.txt", ("en", "el")),  # my is Burmese
        ("en-el-clean.txt", ("en", "el")),
        ("en-qqx.tsv", ("en", "qqx")),
        ("eng-ell.tsv", ("en", "el")),
        ("freedict-eng-ell.words.tsv.gz", ("en", "el")),
        ("eng_qqx.tsv", ("en", "qqx")),
        ("words.txt", (None, None)),
        ("new_dic.tsv", ("new", "dic")),  # nothing better to go by
        ("greek_new_dic.tsv", (None, None)),
        ("en-en.txt", ("en", "en")),
        ("de-fr-it.txt", ("de", "fr")),  # no pair has the entries' scripts: the first
    ],
)
def test_the_name_tells_the_languages(name, expected):
    found = infer_languages(make(name))
    assert found[:2] == expected
    assert found[2:] == (frozenset({"LATIN"}), frozenset({"GREEK"}))


def test_codes_of_three_letters_are_those_of_two():
    assert infer_languages(make("words.txt"), "eng-ell")[:2] == ("en", "el")
    turkish = infer_languages(make("words.txt", [("dog", "köpek")]), "eng-tur")
    assert (turkish.target, turkish.target_scripts) == ("tr", {"LATIN"})
    assert len(TWO_LETTERS) == 152
    assert all(len(three) == 3 and two in LANGUAGE_CODES for three, two in TWO_LETTERS.items())
    assert len(set(TWO_LETTERS.values())) == len(TWO_LETTERS)


def test_the_entries_tell_the_scripts():
    """Identity entries do not count; a romanised language is Latin; Japanese has three scripts."""
    assert infer_languages(make("en-hi.txt", [("dog", "kutta")])).target_scripts == {"LATIN"}
    kanji = [("dog", "犬"), ("eat", "食べる"), ("hotel", "ホテル")]
    assert infer_languages(make("words.txt", kanji)).target_scripts == {"CJK", "HIRAGANA", "KATAKANA"}
    assert infer_languages(make("en-zh.txt", [("dog", "狗")])).target_scripts == {"CJK"}
    assert infer_languages(make("en-sr.txt", [("dog", "pas")])).target_scripts == {"CYRILLIC", "LATIN"}
    assert infer_languages(make("d", [("dog", "dog")])).target_scripts == {"LATIN"}
    assert infer_languages(make("d", [("1", "2")])) == Languages(None, None, frozenset(), frozenset())


@pytest.mark.parametrize("language", [*WORDS, *sorted(set(MUSE.split()) - set(WORDS))])
def test_every_language_has_the_script_of_its_words(language):
    word = WORDS.get(language, "dog")
    assert scripts(word) <= set(scripts_of(language))
    found = infer_languages(make(f"en-{language}.txt", [("a", word)]))
    assert found == Languages("en", language, frozenset({"LATIN"}), frozenset(scripts_of(language)))


def test_override():
    found = infer_languages(make("en-el.txt"), "EN-hi")
    assert found == Languages("en", "hi", frozenset({"LATIN"}), frozenset({"DEVANAGARI"}))
    assert infer_languages(make("x.txt"), "en-qqx").target_scripts == {"GREEK"}  # unknown: by its entries
    for wrong in ("en", "en_el", "en-el-hi", "", "english-greek"):
        with pytest.raises(UserError, match=r"languages '.*': give the codes of source and target, such as en-el"):
            infer_languages(make("x.txt"), wrong)


@pytest.mark.parametrize("pair", ["en-el", "en-hi", "en-th", "el-en", "hi-en", "th-en"])
def test_muse(shared, pair):
    """Also without its name. en-th and th-en are mostly identity entries."""
    translations = BilingualDictionary.load(shared.data(f"muse/{pair}.txt")).translations
    started = time.process_time()
    named = infer_languages(BilingualDictionary(translations, f"{pair}.txt"))
    assert time.process_time() - started < 1.0  # 0.05 s on a laptop
    source, target = pair.split("-")
    assert named == Languages(source, target, frozenset(scripts_of(source)), frozenset(scripts_of(target)))
    assert infer_languages(BilingualDictionary(translations, "words"))[2:] == named[2:]
