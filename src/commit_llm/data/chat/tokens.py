"""Encode a rendered conversation as one text, and say which of its tokens are trained.

The tokens before an answer are those that a model is given at inference: each answer is looked at, and where a token
spans the place where the model begins to write, the text is cut there, or the answer is passed over.
"""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np

from commit_llm.data.chat.answer_spans import AnswerSpan
from commit_llm.data.tokenizer import Tokenizer
from commit_llm.data.tokenizer_library import RenderedIds


class ChatTokens(NamedTuple):
    """Hold the tokens of a conversation.

    ids: int32 (length,).
    trained: float32 (length,), 1 where a token is trained as a target.
    unaligned: how many answers are passed over, because no cut makes their prompt the one of inference.
    """

    ids: np.ndarray
    trained: np.ndarray
    unaligned: int


def encode_chat(tokenizer: Tokenizer, text: str, answers: Sequence[AnswerSpan], stops: Collection[int]) -> ChatTokens:
    """Encode a rendering, whose answers are in ascending order. A token belongs where its last character stands.

    stops: the ids that end an answer. One that ends with none of them is passed over.
    """
    encoded = tokenizer.encode_rendered(text)
    off = [answer for answer in answers if not _is_aligned(tokenizer, text, encoded, answer)]
    unaligned: set[int] = set()
    if off:
        cuts = [answer.start for answer in off] if tokenizer.may_be_cut else []
        encoded = _encoded_in_parts(tokenizer, text, cuts)
        unaligned = {answer.message for answer in off if not _is_aligned(tokenizer, text, encoded, answer)}
    trained = np.zeros(len(encoded.ids), np.float32)
    for answer in answers:
        first, last = bisect_right(encoded.ends, answer.start), bisect_right(encoded.ends, answer.end)
        if answer.message not in unaligned and encoded.ids[last - 1] in stops:
            trained[first:last] = 1.0
        else:
            unaligned.add(answer.message)
    return ChatTokens(np.array(encoded.ids, np.int32), trained, len(unaligned))


def _is_aligned(tokenizer: Tokenizer, text: str, encoded: RenderedIds, answer: AnswerSpan) -> bool:
    """Say whether the ids before an answer are those of its prompt alone.

    A special token parts what stands before it from what comes behind, so that ids are compared from the last one on.
    """
    place = bisect_right(encoded.ends, answer.start)
    if place == 0 or encoded.reaches[place - 1] < answer.start:
        return answer.start == 0 and place == 0
    specials = set(tokenizer.specials.values())
    first = next((number for number in range(place - 1, -1, -1) if encoded.ids[number] in specials), 0)
    start = encoded.reaches[first - 1] if first else 0
    return tokenizer.encode_rendered(text[start : answer.start]).ids == encoded.ids[first:place]


def _encoded_in_parts(tokenizer: Tokenizer, text: str, cuts: Sequence[int]) -> RenderedIds:
    ids: list[int] = []
    ends: list[int] = []
    reaches: list[int] = []
    for start, end in pairwise(sorted({0, *cuts, len(text)})):
        part = tokenizer.encode_rendered(text[start:end])
        ids += part.ids
        ends += [start + place for place in part.ends]
        reaches += [start + place for place in part.reaches]
    return RenderedIds(ids, ends, reaches)
