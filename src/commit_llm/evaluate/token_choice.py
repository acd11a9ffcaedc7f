"""How the tokens of an answer are chosen: the likeliest ones, or drawn by seed, prompt and place."""

import hashlib
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from commit_llm.errors import UserError
from commit_llm.model.sampling import Sampling

COLDEST, HOTTEST = 0.01, 100.0  # further down fp32 logits come to no number, further up all tokens are alike


@dataclass(frozen=True)
class TokenChoice:
    """Say how tokens are chosen.

    temperature: 0 for the likeliest token; else the logits are divided by it, and a token is drawn.
    top_p: only the likeliest tokens are drawn that together have this probability.
    seed: of the draws. The same prompt has the same answer, whatever is asked beside it; another seed gives another.
    """

    temperature: float = 0.0
    top_p: float = 1.0
    seed: int = 0

    def require_usable(self) -> None:
        """Raise UserError for a value out of its range, or one that nothing would read."""
        if not (self.temperature == 0 or COLDEST <= self.temperature <= HOTTEST):
            raise UserError(
                f"--temperature {self.temperature}: is 0, for the likeliest tokens, or from {COLDEST} to {HOTTEST:g}"
            )
        if not 0 < self.top_p <= 1:
            raise UserError(f"--top-p {self.top_p}: is a probability, above 0 and at most 1")
        for flag, value, unread in (("--top-p", self.top_p, 1), ("--seed", self.seed, 0)):
            if self.temperature == 0 and value != unread:
                raise UserError(
                    f"{flag} {value}: is for tokens that are drawn; add --temperature, such as 0.8, or leave it out"
                )

    def sampling(self, prompts: Sequence[Sequence[int]]) -> Sampling | None:
        """Give what draws the answers to prompts of these ids, a row each; None where nothing is drawn."""
        if self.temperature == 0:
            return None
        keys = np.stack([self.key(ids) for ids in prompts])
        top_p = np.asarray(self.top_p, np.float32) if self.top_p < 1 else None
        return Sampling(keys, np.asarray(self.temperature, np.float32), top_p)

    def key(self, ids: Sequence[int]) -> np.ndarray:
        """Give the key of a prompt's draws, two words of 32 bits: a hash of the seed and the prompt's ids alone."""
        written = f"commit-llm answers, version 1\n{self.seed}\n{','.join(map(str, ids))}"
        return np.frombuffer(hashlib.sha256(written.encode()).digest()[:8], "<u4").astype(np.uint32)


GREEDY = TokenChoice()
