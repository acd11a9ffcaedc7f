"""Examples: the tokens of a record, which of them are trained, and where rows may cut them.

tokens     <s>  ▁Below … ▁Response  :   D    enver  </s>
loss_mask   0     0    …     0      0   1      1      1      mended: the whole answer and eos
loss_mask   0     0    …     0      0   0      1      1      original: the first answer token is lost
"""

from enum import Enum, IntEnum
from itertools import chain
from typing import NamedTuple

import numpy as np


class Cut(IntEnum):
    """Say where rows may cut an example."""

    NOWHERE = 0  # one that is longer than a row is left out
    IF_LONG = 1  # only one that is longer than a row is cut
    ANYWHERE = 2  # wherever a row ends


class Example(NamedTuple):
    """Hold what training makes of a record.

    tokens: int32 (length,).
    loss_mask: float32 (length,), 1 where the token is trained as a target.
    cut: where rows may cut it.
    untrained: answers of a conversation that cannot be shown to be what a model is asked to write, and are not trained.
    """

    tokens: np.ndarray
    loss_mask: np.ndarray
    cut: Cut = Cut.NOWHERE
    untrained: int = 0


class NoExampleReason(Enum):
    """Say why records give no example: the end of "no record ...", and what such records have or are."""

    BLANK = ("holds any text to train on", "no text to train on")
    FAULTY = ("is a conversation", "no conversation")
    CONTROL = ("is without the text of a control token in its contents", "the text of a control token in the contents")
    REFUSED = ("is taken by the template", "refused by the template")
    CHANGED = ("has contents that the template leaves as they are", "contents that the template changes")
    NO_STOP = ("has a stop after its answer", "no stop after an answer")
    NO_PLACE = ("is without an input that the prompt has no place for", "an input, but no place for it in the prompt")
    MANY_TURNS = ("has few enough turns to render for each answer", "too many turns to render for each answer")
    UNASKED = ("has an answer as the template requires", "no answer as the template requires")

    def __init__(self, no_record: str, records: str) -> None:
        self.no_record, self.records = no_record, records


class NoExample(NamedTuple):
    """Say why a record gives no example. words: what is wrong with this one, as far as there are more to say."""

    reason: NoExampleReason
    words: str = ""


def join(*parts: tuple[list[int], float], cut: Cut = Cut.NOWHERE) -> Example:
    """Join pieces of tokens, each with its own mask value.

    >>> join(([1, 5], 0.0), ([6, 2], 1.0))[:2]
    (array([1, 5, 6, 2], dtype=int32), array([0., 0., 1., 1.], dtype=float32))
    """
    lengths = [len(ids) for ids, _ in parts]
    tokens = np.fromiter(chain.from_iterable(ids for ids, _ in parts), np.int32, sum(lengths))
    return Example(tokens, np.repeat(np.array([value for _, value in parts], np.float32), lengths), cut)
