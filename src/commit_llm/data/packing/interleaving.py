"""Several sources in one endless sequence: which source an example is of is a function of its position alone.

position   0 1 2 3 4 5 6 7 8 9 ...
source     0 0 0 1 0 0 0 1 0 0 ...      weights 3 and 1
its own    0 1 2 0 3 4 5 1 6 7 ...      position in the sequence of its source
"""

import math
from collections.abc import Sequence
from fractions import Fraction

from commit_llm.data.examples import Example, NoExample
from commit_llm.data.packing.example_order import DrawnExample, Examples
from commit_llm.errors import UserError


class Interleaving:
    """Give each source its share of the positions, exactly: weights are whole numbers here, however they are written.

    The first source stands against the others together, which share what it leaves in the same way. So the number of
    a source's examples among the first ones is what its weight asks for, within one example a source before it and
    one of its own.
    """

    def __init__(self, weights: Sequence[Fraction]) -> None:
        scale = math.lcm(*(weight.denominator for weight in weights))
        whole = [int(weight * scale) for weight in weights]
        self.shares = [(weight, sum(whole[number:])) for number, weight in enumerate(whole)]  # of those not before it

    def at(self, position: int) -> tuple[int, int]:
        """Give the source of a position, and the position in the sequence of that source.

        >>> [Interleaving([Fraction(3), Fraction(1)]).at(position)[0] for position in range(10)]
        [0, 0, 0, 1, 0, 0, 0, 1, 0, 0]
        """
        for number, (weight, total) in enumerate(self.shares[:-1]):
            before, after = (-(-place * weight // total) for place in (position, position + 1))
            if before < after:
                return number, before
            position -= before
        return len(self.shares) - 1, position

    def position(self, number: int, own: int) -> int:
        """Give the position at which an example of a source stands: `at` the other way round."""
        last = len(self.shares) - 1
        position = own
        if number < last:
            weight, total = self.shares[number]
            position = own * total // weight
        for weight, total in reversed(self.shares[:number]):
            position = -(-(position + 1) * total // (total - weight)) - 1
        return position


class InterleavedExamples:
    """Give the examples of several sources by their position in one endless sequence.

    names, sources: of each, what it is called and its own endless sequence, with its own passes.
    weights: its share of the examples is in proportion to its weight.
    """

    def __init__(self, names: Sequence[str], sources: Sequence[Examples], weights: Sequence[Fraction]) -> None:
        self.names, self.sources, self.interleaving = names, sources, Interleaving(weights)
        lasts = [self.interleaving.position(number, source.num_records - 1) for number, source in enumerate(sources)]
        self._all_passed = max(lasts) + 1

    @property
    def num_records(self) -> int:
        """Count the examples until each source has had one whole pass."""
        return self._all_passed

    @property
    def first_source_epoch(self) -> int:
        """Count the examples until the first source has had one whole pass."""
        return self.interleaving.position(0, self.sources[0].num_records - 1) + 1

    def where(self, position: int) -> DrawnExample:
        """Say which example stands at a position."""
        number, own = self.interleaving.at(position)
        return self.sources[number].where(own)._replace(source=number)

    def index(self, position: int) -> int:
        """Give the number of the record at a position among the records of all sources."""
        number, own = self.interleaving.at(position)
        return self.sources[number].index(own)

    def __getitem__(self, position: int) -> Example | NoExample:
        number, own = self.interleaving.at(position)
        try:
            return self.sources[number][own]
        except UserError as error:
            raise UserError(f"{self.names[number]}: {error.for_command()}") from None
