"""The words that the kernel finds are those of the definition."""

from itertools import pairwise

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from commit_llm.codemix.engine.kernel import scan
from commit_llm.codemix.finding import clean_words
from commit_llm.codemix.finding.characters import LINE_BREAK, SPACE, character_classes
from commit_llm.codemix.finding.sentences import find_sentences

KINDS = (np.int64, np.int64, np.uint64, np.int64, np.bool_, np.int64)
NO_SPANS = np.zeros((0, 2), np.int64)
SIGNS = "ab1_.'-\" :·A\u00ad\u2060\u0301אָב״”’\u200c٣\n!éя;\u0387\u200b\ufe0f🏽\u0600क\u093c\u055b\ufb2a\u2027?"
# Few signs at a time, so that they meet.
TEXTS = st.sets(st.sampled_from(SIGNS), min_size=2, max_size=8).flatmap(
    lambda signs: st.text(st.sampled_from(sorted(signs)), max_size=14)
)


WHITE_SPACE = "".join(map(chr, np.flatnonzero(np.isin(character_classes(), (SPACE, LINE_BREAK)))))

# What seldom meets.
RARE = (
    'צה"ל צה\u00ad"ל צה"\u2060ל צ\u05b8"\u05b8ל a"ל ל"a ל" "ל ל”ל',
    "a.\u00ad B. \u2060C.) D.\u00ad) E ... \u200bF",
    "1.Eat 1.2.Eat 1.\u00adEat 1\u00ad.Eat 1\u0301.Eat 1\u0301'a.Eat 1_.Eat a1.Eat ١.Eat 1.2 1. Eat",
    "don't don\u00ad't don'\u00adt don'\u00ad don''t 1't _'t _\u00ad't a_\u00ad't a's.b a.'b",
    "_a_ _\u00ada\u00ad_ a_b a_\u0301 _\u0301a a\u00ad\u0301_ a\u0301\u00ad \u00ada",
    "EU:s EU:\u00ads EU: s 1:a a:1 col·legi col·\u0387legi ·a a· τι; Πού\u037e Ναι",
)


@pytest.mark.parametrize("language", [None, "sv", "el"])
@given(texts=st.lists(TEXTS, max_size=8))
@example(texts=RARE)
def test_words(monkeypatch_module, language, texts):
    languages = frozenset({language} - {None})
    for text in texts:
        places = np.cumsum([0, *(len(sign.encode()) for sign in text)]).tolist()
        expected = [
            (word.opens, None if word.protected else (places[word.start], places[word.end]))
            for word in clean_words.find_words(text, None, languages)
        ]
        words = scan.Words(*(np.zeros(len(text) + 1, kind) for kind in KINDS))
        data = np.frombuffer(text.encode(), np.uint8)
        classes = character_classes(languages)
        breaks = np.zeros(len(data) + 1, np.int64)
        count, broken = scan.find_words(classes, data, 0, len(data), NO_SPANS, 0, 0, words, 0, breaks, 0)
        assert scan.find_words(classes, data, 0, len(data), NO_SPANS, 0, 0, words, 0, None, 0) == (count, 0)
        borders = [0, *breaks[:broken].tolist(), len(data)]
        parts = (data[start:end].tobytes().decode() for start, end in pairwise(borders))
        sentences = [text[start:end] for start, end in find_sentences(text, languages)]
        assert [part.strip(WHITE_SPACE) for part in parts if part.strip(WHITE_SPACE)] == sentences
        places = zip(words.start.tolist(), words.end.tolist(), strict=True)
        untouched = words.record == scan.UNTOUCHED
        assert expected == [
            (opens, None if left else place)
            for opens, left, place in zip(words.opens[:count], untouched[:count], list(places)[:count], strict=True)
        ]


@pytest.fixture(scope="module")
def monkeypatch_module():
    """Nothing is protected but runs that are no words."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clean_words, "protected_spans", lambda text: [])
        yield
