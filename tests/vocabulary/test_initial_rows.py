"""What new rows are made of: shares of old ones."""

import pytest

from commit_llm.vocabulary.initial_rows import joined, of_pieces, of_translations


class Letters:
    """Spell a word letter by letter; the id of a letter is its place, and that of a piece stands behind them."""

    def __init__(self, pieces=()):
        self.new = {piece: 100 + number for number, piece in enumerate(pieces)}

    def words(self, text):
        return iter(text.split())

    def ids_of(self, word):
        if word in self.new:
            return [self.new[word]]
        for piece, number in self.new.items():
            if piece in word:
                before, after = word.split(piece, 1)
                return [*self.ids_of_piece(before), number, *self.ids_of_piece(after)]
        return self.ids_of_piece(word)

    def ids_of_piece(self, piece):
        return [ord(letter) - ord("a") for letter in piece]


PIECES = ["xy", "zz", "qq"]
PAIRS = [("ab", "xy"), ("c", "xyzz"), ("ad", "wxyw"), ("e f", "zz")]


def test_of_pieces():
    assert of_pieces(Letters(), ["ab", "aab"]) == [{0: 0.5, 1: 0.5}, {0: pytest.approx(2 / 3), 1: pytest.approx(1 / 3)}]


def test_of_translations_by_the_share_of_letters():
    xy, zz, qq = of_translations(Letters(), Letters(PIECES), PIECES, 100, PAIRS)
    # xy is all of the first, and half of the second and the third.
    assert xy == pytest.approx({0: 0.5 / 2 + 0.25 / 2, 1: 0.25, 2: 0.25, 3: 0.125})
    assert sum(xy.values()) == pytest.approx(1)
    assert zz == pytest.approx({4: 0.5, 5: 0.5})
    assert qq is None


def test_a_piece_of_no_translation_is_made_of_its_old_ones():
    old, english = [{0: 1.0}, {1: 1.0}], [{1: 0.5, 0: 0.5}, None]
    assert joined("translations", old, english) == [{1: 0.5, 0: 0.5}, {1: 1.0}]
    assert joined("both", old, english) == [{0: 0.75, 1: 0.25}, {1: 1.0}]
