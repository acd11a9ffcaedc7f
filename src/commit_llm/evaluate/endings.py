"""What ends an answer: its tokens, for the loop that generates, and its text, for what was generated."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commit_llm.data.tokenizer import Tokenizer
from commit_llm.evaluate.answer_text import NEWLINE, FinishReason, cut, without_blank_lines
from commit_llm.model.generation import Endings


@dataclass(frozen=True)
class Ending:
    """Say what ends an answer.

    stops: ids that end a text.
    until: texts. The answer stands before the first of them.
    skips_blank_lines: whether blank lines before the answer are passed over.
    """

    stops: tuple[int, ...]
    until: tuple[str, ...] = (NEWLINE,)
    skips_blank_lines: bool = False

    def of_tokens(self, tokenizer: Tokenizer, vocab_size: int) -> Endings:
        """Tell of each token of the model's vocabulary whether it ends an answer.

        A token with a part of a character in it counts as text.
        """
        at_once, after_text, is_text = np.zeros((3, vocab_size), bool)
        for token in range(min(tokenizer.vocab_size, vocab_size)) if any(self.until) else ():
            text = tokenizer.decode([token])
            at_once[token] = self._ends(self._begin(text))
            after_text[token] = self._ends(text)
            is_text[token] = bool(text.strip())
        at_once[list(self.stops)] = True
        return Endings(at_once, after_text, is_text)

    def answer(self, tokenizer: Tokenizer, ids: Sequence[int]) -> tuple[str, FinishReason]:
        """Give the answer that generated ids hold, and why it ended. Spaces at its ends stay."""
        stopped = len(ids) > 0 and ids[-1] in self.stops
        text = self._begin(tokenizer.decode(list(ids[:-1] if stopped else ids)))
        return cut(text, self.until), "newline" if self._ends(text) else "stop" if stopped else "length"

    def _ends(self, text: str) -> bool:
        return any(stop in text for stop in self.until if stop)

    def _begin(self, text: str) -> str:
        return without_blank_lines(text) if self.skips_blank_lines else text
