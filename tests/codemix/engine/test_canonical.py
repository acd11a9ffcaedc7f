"""The arrays say what unicodedata says of every code point."""

import sys
import unicodedata

import numpy as np

from commit_llm.codemix.engine.canonical import DECOMPOSES, HANGUL, HANGUL_END, MAY_CHANGE, RESPELT, equivalence
from commit_llm.codemix.finding.spelling import respelt


def test_every_code_point():
    arrays = equivalence()
    assert len(arrays.about) == sys.maxunicode + 1
    points = [chr(point) for point in range(sys.maxunicode + 1)]
    assert (arrays.about & (MAY_CHANGE - 1)).tolist() == [*map(unicodedata.combining, points)]
    decomposes = [unicodedata.normalize("NFD", point) != point for point in points]
    assert ((arrays.about & DECOMPOSES) > 0).tolist() == decomposes
    flagged = {point for point in points if arrays.about[ord(point)] & MAY_CHANGE}
    assert {point for point in points if unicodedata.normalize("NFC", point) != point} <= flagged
    assert {"\u0301", "\u093c", "\u1161", "\u11a8", "\u09be"} <= flagged
    assert not flagged & {"\u094d", "\u05b8", "\u11a7", "é", "각"}


def test_decompositions():
    arrays = equivalence()
    parts = np.split(arrays.points, arrays.starts[1:-1])
    given = {chr(point): "".join(map(chr, part)) for point, part in zip(arrays.decomposed, parts, strict=True)}
    assert given == {point: unicodedata.normalize("NFD", point) for point in given}
    all_of_them = {chr(point) for point in np.flatnonzero(arrays.about & DECOMPOSES)}
    assert all_of_them == given.keys() | {chr(point) for point in range(HANGUL, HANGUL_END)}


def test_spellings():
    arrays = equivalence()
    given = {point: chr(sign) if sign >= 0 else "" for point, sign in zip(arrays.respelt, arrays.spelt, strict=True)}
    assert given == respelt()
    assert np.flatnonzero(arrays.about & RESPELT).tolist() == [point for point in sorted(given) if point >= 128]
