"""An answer as it is written: token by token, until it ends or somebody stops it."""

import time
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from typing import Literal, NamedTuple

import numpy as np

from commit_llm.evaluate.answers import Answerer, placed_rows
from commit_llm.evaluate.endings import Ending
from commit_llm.evaluate.prompt_batches import padded_length
from commit_llm.evaluate.token_choice import TokenChoice
from commit_llm.model.generation import begin, proceed
from commit_llm.parallel.slow_compilation import compiling

CALL_SECONDS = 0.05  # that one call of the loop should take, so that text flows and an answer can be stopped
MOST_TOKENS = 16  # of one call
HALF = "\ufffd"  # which decoding gives for a part of a character


StreamEnd = Literal["stop", "length", "stopped"]


class StreamedAnswer(NamedTuple):
    """Hold an answer that was written before somebody's eyes.

    reason: stop (the model ended it), length (it has the most new tokens), or stopped.
    tokens: that it has.
    speed: tokens a second, but for the first two, which come with the prompt and may have to be compiled. None where
        there are no others.
    """

    text: str
    reason: StreamEnd
    tokens: int
    speed: float | None


@dataclass
class AnswerStream:
    """Write answers of a model token by token.

    longest: tokens that a prompt may have.
    """

    model: Answerer
    choice: TokenChoice
    max_new_tokens: int
    longest: int
    _widths: set[int] = field(default_factory=set)

    def answer(
        self, ids: list[int], on_text: Callable[[str], None], stopped: Callable[[], bool] = lambda: False
    ) -> StreamedAnswer:
        """Answer a prompt.

        on_text: called with each piece of text as it comes; together they are the answer.
        stopped: asked after every few tokens whether somebody stops the answer.
        """
        model = self.model
        width = min(self.longest, padded_length(len(ids)))
        ending = Ending(model.stops, until=())
        endings = ending.of_tokens(model.tokenizer, model.config.vocab_size)
        rows = model.placement.rows_for(1)
        prompts, lengths, ends, sampling = placed_rows(model, [ids], rows, width, endings, self.choice)
        # Layers are scanned here on a CPU too: unrolled ones take half a minute to compile, and are copied every call.
        loop = model.dtype, False, sampling
        with self._compiling(width):
            state = begin(model.config, model.params, prompts, lengths, ends, self.max_new_tokens, *loop)
        text, clock = GrowingText(model.tokenizer.decode), _Clock()
        while True:
            new = [int(token) for token in np.asarray(state.output)[0] if token >= 0]
            ended = bool(np.asarray(state.finished)[0])
            on_text(text.more(new[:-1] if ended else new))
            clock.note(len(new))
            if ended or len(new) == self.max_new_tokens or stopped():
                break
            until = np.asarray(min(len(new) + clock.tokens_of_a_call(), self.max_new_tokens), np.int32)
            with self._compiling(width) if len(new) == 1 else nullcontext():
                state = proceed(model.config, model.params, state, lengths, ends, until, *loop)
                self._widths.add(width)
        on_text(text.rest())
        reason: StreamEnd = "stop" if ended else "length" if len(new) == self.max_new_tokens else "stopped"
        return StreamedAnswer(text.whole, reason, len(new), clock.speed)

    def _compiling(self, width: int) -> AbstractContextManager[None]:
        if width in self._widths:
            return nullcontext()
        return compiling(f"the answering of prompts of up to {width:,} tokens")


class GrowingText:
    """Give the text of tokens piece by piece, as they come; a character comes as a whole, or not yet.

    whole: the text of all tokens so far, with what is held back.
    """

    def __init__(self, decode: Callable[[list[int]], str]) -> None:
        self.whole, self._given, self._decode = "", "", decode

    def more(self, ids: Sequence[int]) -> str:
        """Give what the text of all tokens so far has more than what was given."""
        self.whole = self._decode(list(ids))
        text = self.whole.rstrip(HALF)
        return self._give(text) if text.startswith(self._given) else ""  # what was given is never taken back

    def rest(self) -> str:
        """Give what was held back."""
        return self._give(self.whole)

    def _give(self, text: str) -> str:
        same = 0
        while same < len(self._given) and text[same : same + 1] == self._given[same]:
            same += 1
        self._given = text
        return text[same:]


class _Clock:
    """Measure how fast tokens come, after the first two calls, which compile."""

    def __init__(self) -> None:
        self._notes: list[tuple[int, float]] = []

    def note(self, tokens: int) -> None:
        """Note that so many tokens are there."""
        self._notes.append((tokens, time.perf_counter()))

    @property
    def speed(self) -> float | None:
        """Give tokens a second, from the end of the second call on."""
        if len(self._notes) < 3:
            return None
        (before, start), (tokens, end) = self._notes[1], self._notes[-1]
        return (tokens - before) / max(end - start, 1e-9)

    def tokens_of_a_call(self) -> int:
        """Say how many tokens the next call should write."""
        return 1 if self.speed is None else max(1, min(MOST_TOKENS, int(self.speed * CALL_SECONDS)))
