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
    """

    tokens: np.ndarray
    loss_mask: np.ndarray
    cut: Cut = Cut.NOWHERE


class NoExample(Enum):
    """Say why a record gives no example. A value ends the sentence "no record ..."."""

    BLANK = "holds any text to train on"
    FAULTY = "is a conversation: roles or contents are missing, or of another kind"
    CONTROL = "is without the text of a control token in its contents"
    REFUSED = "is rendered by the chat template, which refuses them"
    CHANGED = "has contents that the chat template leaves as they are"
    UNASKED = "has an answer that the chat template renders as it asks for one"


def join(*parts: tuple[list[int], float], cut: Cut = Cut.NOWHERE) -> Example:
    """Join pieces of tokens, each with its own mask value.

    >>> join(([1, 5], 0.0), ([6, 2], 1.0))[:2]
    (array([1, 5, 6, 2], dtype=int32), array([0., 0., 1., 1.], dtype=float32))
    """
    lengths = [len(ids) for ids, _ in parts]
    tokens = np.fromiter(chain.from_iterable(ids for ids, _ in parts), np.int32, sum(lengths))
    return Example(tokens, np.repeat(np.array([value for _, value in parts], np.float32), lengths), cut)
