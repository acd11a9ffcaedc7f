"""Pieces are learnt as by hand, and none that is protected."""

import random
from itertools import pairwise

import pytest

from commit_llm.vocabulary.piece_learner import PieceLearner, missing_characters


def learnt(words, size=10, known="", protected=()):
    return PieceLearner({tuple(word): count for word, count in words.items()}, set(known), protected).learn(size)


def test_the_most_frequent_neighbours_are_joined_first():
    # a b: 5 + 2; then ab c: 5; b d: 0
    result = learnt({"abc": 5, "abd": 2, "cd": 1})
    assert result.pieces == ["ab", "abc", "abd"]
    assert result.dropped == set()


def test_of_equally_frequent_ones_the_first_by_code_point():
    assert learnt({"xy": 2, "ab": 2}).pieces == ["ab", "xy"]


def test_a_run_of_one_letter_is_joined_from_the_left():
    assert learnt({"aaaa": 2}).pieces == ["aa", "aaaa"]
    assert learnt({"aaa": 2}, size=1).pieces == ["aa"]


def test_all_neighbours_that_make_a_piece_are_joined():
    learner = PieceLearner({("a", "bc", "d"): 3, ("ab", "c", "d"): 2}, set(), ())
    assert learner.learn(1).pieces == ["abc"]
    assert learner.words == [["abc", "d"], ["abc", "d"]]


def test_what_occurs_once_is_not_learnt():
    assert learnt({"ab": 1}).pieces == []


@pytest.mark.parametrize(("known", "protected", "dropped"), [(["ab"], [], set()), ([], ["ab"], {"ab"})])
def test_what_is_there_or_protected_is_not_learnt(known, protected, dropped):
    learner = PieceLearner({("a", "b", "c"): 5}, known, protected)
    result = learner.learn(10)
    assert (result.pieces, result.dropped) == (["bc", "abc"], dropped)


def slow_but_plain(words, size, refused):
    """Count all neighbours anew for every piece."""
    words = {tuple(word): count for word, count in words.items()}
    pieces = []
    while len(pieces) < size:
        counts = {}
        for word, count in words.items():
            for one, other in pairwise(word):
                counts[one + other] = counts.get(one + other, 0) + count
        candidates = [(-count, piece) for piece, count in counts.items() if count > 1 and piece not in refused]
        if not candidates:
            break
        piece = min(candidates)[1]
        refused = refused | {piece}
        pieces.append(piece)
        joined = {}
        for word, count in words.items():
            parts, place = [], 0
            while place < len(word):
                two = "".join(word[place : place + 2])
                both = two == piece and place + 1 < len(word)
                parts.append(two if both else word[place])
                place += 2 if both else 1
            joined[tuple(parts)] = joined.get(tuple(parts), 0) + count
        words = joined
    return pieces


@pytest.mark.parametrize("seed", range(20))
def test_learning_equals_counting_anew(seed):
    draw = random.Random(seed)
    words = {"".join(draw.choices("abcd", k=draw.randrange(1, 8))): draw.randrange(1, 9) for _ in range(30)}
    refused = {"".join(draw.choices("abcd", k=2)) for _ in range(3)}
    assert learnt(words, 25, protected=refused).pieces == slow_but_plain(words, 25, refused)


def test_report_counts_pieces():
    counts = []
    PieceLearner({("a", "b", "c"): 5}, set(), ()).learn(2, counts.append)
    assert counts == [1, 2]


def test_missing_characters_but_for_the_rarest():
    assert missing_characters({"a": 9, "γ": 5000, "ά": 9000, "ж": 2, "з": 1}, {"a"}) == ["ά", "γ"]
    assert missing_characters({"a": 9}, {"a"}) == []
