"""Learn new pieces from words: of the pieces that a tokenizer makes of them, join the most frequent pair, and again.

    known pieces        καλ|η|με|ρ|α      5 pieces
    joined: ρ α         καλ|η|με|ρα       4
    joined: με ρα       καλ|η|μερα        3

That is how byte-pair encoding learns its merges (Sennrich et al., 2016, arXiv 1508.07909, section 3.2), begun from the
pieces that are there rather than from letters. A piece is named by its text alone, as in sentencepiece: every pair of
neighbours that makes it is joined.
"""

import heapq
from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from itertools import pairwise

LEAST = 2  # times that a piece must occur: what occurs once is no regularity
CHARACTER_COVERAGE = 0.9995  # of missing characters; sentencepiece's default


@dataclass(frozen=True)
class Learnt:
    """Hold new pieces.

    pieces: in the order in which they are joined.
    dropped: pieces that were next at their time, and would have changed protected text.
    """

    pieces: list[str]
    dropped: set[str]


class PieceLearner:
    """Join pairs of neighbours until enough pieces are learnt.

    words: each as the pieces that it has now, with how often it occurs.
    known: the pieces that there are.
    protected: texts of pieces that no pair may make.
    """

    def __init__(
        self, words: Mapping[tuple[str, ...], int], known: Collection[str], protected: Collection[str]
    ) -> None:
        self.words = [list(word) for word in words]
        self.times = list(words.values())
        self.protected = frozenset(protected)
        self.refused = {*known, *protected}
        self.counts: Counter[str] = Counter()
        self.places: defaultdict[str, set[int]] = defaultdict(set)
        for number, word in enumerate(self.words):
            for piece in _joined(word):
                self.counts[piece] += self.times[number]
                self.places[piece].add(number)
        self.awaited: dict[str, int] = {}  # the count with which a piece stands in the heap; its other entries are old
        self.heap: list[tuple[int, str]] = []
        for piece in self.counts:
            self._await(piece)

    def learn(self, size: int, report: Callable[[int], None] = lambda number: None) -> Learnt:
        """Learn at most so many pieces; of equally frequent ones, the first by code point.

        report: is called with the number of pieces.
        """
        learnt = Learnt([], set())
        while self.heap and len(learnt.pieces) < size:
            negative, piece = heapq.heappop(self.heap)
            if self.awaited.get(piece) != -negative:
                continue
            del self.awaited[piece]
            if self.counts[piece] != -negative:  # has fallen since: it comes again in its place
                self._await(piece)
            elif piece in self.refused:
                if piece in self.protected:
                    learnt.dropped.add(piece)
            else:
                self.refused.add(piece)
                self._join(piece)
                learnt.pieces.append(piece)
                report(len(learnt.pieces))
        return learnt

    def _await(self, piece: str) -> None:
        """Let a piece come in the order of its count, if it does not come before that already."""
        count = self.counts[piece]
        if count >= LEAST and count > self.awaited.get(piece, 0):
            self.awaited[piece] = count
            heapq.heappush(self.heap, (-count, piece))

    def _join(self, piece: str) -> None:
        """Join all neighbours that make a piece, from the left, and count what stands beside it then."""
        changes: Counter[str] = Counter()
        for number in self.places.pop(piece):
            word, times = self.words[number], self.times[number]
            matches = [place for place, pair in enumerate(_joined(word)) if pair == piece]
            if not matches:  # since a neighbour of one of the two was joined
                continue
            window = slice(max(matches[0] - 1, 0), matches[-1] + 3)
            before = word[window]
            word[window] = after = _with_joined(before, piece)
            for pair in _joined(before):
                changes[pair] -= times
            for pair in _joined(after):
                changes[pair] += times
                self.places[pair].add(number)
        for pair, change in changes.items():
            self.counts[pair] += change
            if change > 0:  # of one that has fallen, the entry in the heap is put right when its turn comes
                self._await(pair)


def missing_characters(characters: Mapping[str, int], known: Collection[str]) -> list[str]:
    """Give the characters that are no pieces, the most frequent first, but for the rarest 0.05 % of all of these.

    characters: with how often each occurs.
    """
    missing = {one: count for one, count in characters.items() if one not in known and count >= LEAST}
    most = CHARACTER_COVERAGE * sum(missing.values())
    covered, chosen = 0, []
    for one, count in sorted(missing.items(), key=lambda item: (-item[1], item[0])):
        if covered >= most:
            break
        chosen.append(one)
        covered += count
    return chosen


def _joined(word: list[str]) -> list[str]:
    return [one + other for one, other in pairwise(word)]


def _with_joined(word: list[str], piece: str) -> list[str]:
    joined: list[str] = []
    place = 0
    while place < len(word):
        if place + 1 < len(word) and word[place] + word[place + 1] == piece:
            joined.append(piece)
            place += 2
        else:
            joined.append(word[place])
            place += 1
    return joined
