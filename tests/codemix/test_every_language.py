"""A sentence of each language, a dictionary, and what comes out: where words end, how they are spelt, and their case.

Read a row as: from this language into English, with these words, the sentence becomes the other one. Both engines, the
definition in Python and the compiled one, must say so; of scripts without spaces, both ways to cut them.
"""

import unicodedata

import pytest

from commit_llm.codemix import BilingualDictionary, CodeMixer

INTO_ENGLISH = {
    # Latin
    "fr": ("aujourd'hui today | chien dog", "Aujourd’hui, le chien dort.", "Today, le dog dort."),
    "de": ("straße street | schön beautiful | schon already", "Straße? Schon schön.", "Street? Already beautiful."),
    "ca": ("col·legi school | pa bread", "El col·legi i el pa amb oli.", "El school i el bread amb oli."),
    "sv": ("eu:s the_eu's | hund dog", "EU:s hund: en hund.", "EU:s dog: en dog."),
    "fi": ("eu:n the-union's | talo house", "Talo on eu:n talo.", "House on the-union's house."),
    "nl": ("ijs ice | koud cold", "IJs is koud. Ijs ook.", "Ice is cold. Ice ook."),
    "tr": (
        "ilk first | ışık light | insanlar people",
        "İlk ışık. Işık var, insanlar!",
        "First light. Light var, people!",
    ),
    "az": ("işıq light | ilk first", "İşıq. İlk dəfə.", "Light. First dəfə."),
    "lt": ("jūra sea | graži fine", "Jūra yra graži.", "Sea yra fine."),
    "uz": ("oʻzbek uzbek | gʻisht brick", "O‘zbek g'isht, oʻzbek.", "Uzbek brick, uzbek."),
    "vi": ("mèo cat | chó dog", "Mèo và chó.", "Cat và dog."),
    "haw": ("ʻōlelo language | moana ocean", "ʻōlelo o ka moana", "language o ka ocean"),
    # Cyrillic, Greek, Armenian, Georgian
    "ru": ("собака dog | ещё still", "Собака ещё лает.", "Dog still лает."),
    "uk": ("м'яч ball | п'ять five", "Мʼяч і п’ять м'ячів.", "Ball і five м'ячів."),
    "el": ("σκύλος dog | γάτα cat", "Ο σκύλος· γάτα·σκύλος.", "Ο dog· cat·dog."),
    "hy": ("ինչու why | և and | կատու cat", "Ինչո՞ւ։ Եվ կատու և։", "Why։ And cat and։"),
    "ka": ("კატა cat | ძაღლი dog", "კატა და ძაღლი.", "cat და dog."),
    # Hebrew, Arabic, Persian
    "he": ('צה"ל army | ג׳ירפה giraffe | חתול cat', 'צה״ל, צה"ל: "חתול". ג\'ירפה', 'army, army: "cat". giraffe'),
    "ar": ("قط cat | كلب dog", "قط\u200f وكلب، كلب؟", "cat\u200f وكلب، dog؟"),
    "fa": (
        "می\u200cشود becomes | نامه\u200cای a-letter | نامهای names",
        "می\u200cشود نامه\u200cای نامهای میشود",
        "becomes a-letter names becomes",
    ),
    # Scripts of India
    "hi": ("लड़का boy | ज़मीन land", "ल\u095cका ज\u093cमीन पर है।", "boy land पर है।"),
    "bn": ("বাড়ি house | বিড়াল cat", "বা\u09dcি ও বি\u09a1\u09bcাল।", "house ও cat।"),
    "ta": ("கொடி flag | பூனை cat", "க\u0bc6\u0bbeடி, பூனை.", "flag, cat."),
    "ml": ("പൂച്ച cat | നായ dog", "പൂച്ച, നായ.", "cat, dog."),
    # Scripts without spaces
    "th": ("แมว cat | น้ำ water", "แมวกินน้ำ", "cat กิน water"),
    "lo": ("ແມວ cat | ນ້ຳ water", "ແມວກິນນ້ຳ", "cat ກິນ water"),
    "km": ("ឆ្មា cat | ឆ្កែ dog", "ឆ្មានិងឆ្កែ", "cat និង dog"),
    "my": ("ကြောင် cat | ခွေး dog", "ကြောင်နှင့်ခွေး", "cat နှင့် dog"),
    "zh": ("猫 cat | 约翰 John", "猫是约翰·史密斯的", "cat 是 John·史密斯的"),
    "ja": ("がっこう school | 猫 cat", "か\u3099っこうの猫", "school の cat"),
    # Hangul, Ethiopic, Cherokee
    "ko": ("고양이 cat | 강아지 dog", unicodedata.normalize("NFD", "고양이 강아지"), "cat dog"),
    "am": ("ድመት cat | ውሻ dog", "ድመት፡ውሻ።", "cat፡dog።"),
    "chr": ("ᏪᏌ cat | ᎩᏟ dog", "ᏪᏌ ᎩᏟ", "cat dog"),
}

# What the translation is written as: at the start of a sentence, and (with --all-capitals) for a word in capitals.
FROM_ENGLISH = {
    "el": ("dog σκύλος | saint άγιος | may μάιος", "Dog. SAINT DOG MAY", "Σκύλος. ΑΓΙΟΣ ΣΚΥΛΟΣ ΜΑΪΟΣ"),
    "de": ("street straße | beautiful schön", "Beautiful. STREET", "Schön. STRASSE"),
    "tr": ("for için | light ışık", "For light. Light. FOR LIGHT", "İçin ışık. Işık. İÇİN IŞIK"),
    "az": ("light işıq", "Light. LIGHT", "İşıq. İŞIQ"),
    "nl": ("ice ijs", "Ice. ICE", "IJs. IJS"),
    "lt": ("tie i\u0307\u0301ra", "Tie. TIE", "I\u0301ra. I\u0301RA"),
    "hy": ("and և", "And. AND", "Եվ. ԵՎ"),
    "hr": ("pocket ǆep", "Pocket. POCKET", "ǅep. ǄEP"),
    "ka": ("cat კატა", "Cat. CAT", "კატა. ᲙᲐᲢᲐ"),
    "hi": ("cat बिल्ली", "Cat. CAT", "बिल्ली. बिल्ली"),
    "th": ("cat แมว", "Cat-cat.", "แมว-แมว."),
}


def mixer(pairs, name, **settings):
    dictionary = BilingualDictionary.from_pairs([tuple(pair.split()) for pair in pairs.split(" | ")], name)
    return CodeMixer(dictionary, ratio=1.0, **settings)


def assert_mixed(mixer, text, mixed):
    expected = unicodedata.normalize("NFC", mixed)
    assert unicodedata.normalize("NFC", mixer.mix(text).text) == expected
    assert unicodedata.normalize("NFC", mixer.mix_example({"text": text}, row=0).texts["text"]) == expected


@pytest.mark.parametrize("language", INTO_ENGLISH)
def test_into_english(language):
    pairs, text, mixed = INTO_ENGLISH[language]
    for segmentation in ("icu", "longest"):
        assert_mixed(mixer(pairs, f"{language}-en", segmentation=segmentation), text, mixed)
    for form in ("NFC", "NFD"):
        assert_mixed(
            mixer(unicodedata.normalize(form, pairs), f"{language}-en"), unicodedata.normalize(form, text), mixed
        )


@pytest.mark.parametrize("language", FROM_ENGLISH)
def test_from_english(language):
    pairs, text, mixed = FROM_ENGLISH[language]
    assert_mixed(mixer(pairs, f"en-{language}", all_capitals=True), text, mixed)
