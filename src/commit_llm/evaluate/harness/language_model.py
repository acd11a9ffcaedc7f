"""Our model as one of lm-eval's models: it generates text and gives log-likelihoods, without torch."""

import json
from collections import defaultdict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from lm_eval import utils
from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM

from commit_llm.errors import UserError
from commit_llm.evaluate.answers import MAX_NEW_TOKENS, Answerer, answer
from commit_llm.evaluate.harness.responses import Responses
from commit_llm.evaluate.prompt_batches import MAX_LENGTH
from commit_llm.evaluate.tasks import TASKS
from commit_llm.model.likelihood import token_log_probabilities

WIDTH_STEP = 128  # rows of log-likelihoods are padded to a multiple of it


class CommitLM(TemplateLM):  # type: ignore[misc]  # lm-eval is untyped to mypy
    """Make a model of ours one for `lm_eval.simple_evaluate(model=...)`. Generation is greedy.

    A bos stands before every text, as in training. Only those tasks of ours go without that say so (`Task.bos`).

    responses: the file that keeps the responses.
    on_answers: called with (kind of request, number of responses, number of requests).
    """

    def __init__(
        self,
        model: Answerer,
        batch_size: int = 8,
        responses: Path | None = None,
        on_answers: Callable[[str, int, int], None] = lambda kind, answered, total: None,
    ) -> None:
        super().__init__()
        self.model = model
        self.batch_size = batch_size
        self.responses = Responses(responses)
        self.on_answers = on_answers

    @property
    def max_length(self) -> int:
        """Give the number of the model's positions."""
        return self.model.config.max_position_embeddings

    @property
    def eot_token_id(self) -> int:
        """Give the id of the end of text."""
        return self.model.tokenizer.eos_id

    @property
    def prefix_token_id(self) -> int:
        """Give what replaces an empty context: bos, or eos where there is no bos."""
        bos = self.model.tokenizer.bos_id
        return self.eot_token_id if bos is None else bos

    @property
    def tokenizer_name(self) -> str:
        """Name the tokenizer, for lm-eval's own caches."""
        return str(self.model.tokenizer.path)

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **kwargs: Any) -> list[int]:
        """Encode a text, with a bos before it unless add_special_tokens is False."""
        bos = self.model.tokenizer.bos_id
        head = [bos] if bos is not None and add_special_tokens is not False else []
        return head + self.model.tokenizer.encode(string)

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Generate greedy text for each (context, settings), up to the first of its stops."""
        groups: dict[str, list[Instance]] = defaultdict(list)
        for request in requests:
            if self.responses.get("generate", request.args) is None:
                task = TASKS.get(request.task_name)
                bos = task.bos if task else True
                max_length = MAX_LENGTH if task else self.max_length
                groups[json.dumps([_greedy(request.args[1]), bos, max_length])].append(request)
        answered = len(requests) - sum(map(len, groups.values()))
        for key, group in groups.items():
            settings, bos, max_length = json.loads(key)
            prompts = [request.args[0] for request in group]
            for batch in answer(
                self.model,
                prompts,
                self.batch_size,
                bos=bos,
                stops=settings["until"],
                max_new_tokens=settings["max_gen_toks"],
                max_length=max_length,
            ):
                for place, generated in batch.items():
                    self.responses.keep("generate", group[place].args, generated.text)
                answered += len(batch)
                self.on_answers("generating", answered, len(requests))
        return [self.responses.get("generate", request.args) for request in requests]

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """Give the log-likelihood of each whole text, in windows of the model's positions."""
        windows = []
        for number, request in enumerate(requests):
            tokens = self.tok_encode(request.args[0], add_special_tokens=False)
            rolling = utils.get_rolling_token_windows(tokens, self.prefix_token_id, self.max_length, context_len=1)
            windows += [(number, *utils.make_disjoint_window(window)) for window in rolling]
        scored = self._loglikelihood_tokens([(("", ""), context, continuation) for _, context, continuation in windows])
        totals = [0.0] * len(requests)
        for (number, _, _), (value, _) in zip(windows, scored, strict=True):
            totals[number] += value
        return totals

    def _loglikelihood_tokens(
        self, requests: Sequence[tuple[tuple[str, str], list[int], list[int]]], **kwargs: Any
    ) -> list[tuple[float, bool]]:
        """Give (log-likelihood, whether it is the greedy one) of each continuation after its context; both are ids."""
        pairs = [(context, continuation) for _, context, continuation in requests]
        todo = [pair for pair in pairs if self.responses.get("likelihood", pair) is None]
        rows = sorted({json.dumps(pair): pair for pair in todo}.values(), key=lambda pair: len(pair[0]) + len(pair[1]))
        answered = len(pairs) - len(rows)
        budget = self.batch_size * MAX_LENGTH
        while rows:
            longest = min(len(rows[-1][0]) + len(rows[-1][1]) - 1, self.max_length)
            width = -(-max(longest, 1) // WIDTH_STEP) * WIDTH_STEP
            count = self.model.placement.rows_for(max(1, budget // width))
            chosen, rows = rows[-count:], rows[:-count]  # the longest first: memory that is too small shows at once
            for pair, response in zip(chosen, self._score(chosen, width, count), strict=True):
                self.responses.keep("likelihood", pair, response)
            answered += len(chosen)
            self.on_answers("likelihoods", answered, len(pairs))
        responses = [self.responses.get("likelihood", pair) for pair in pairs]
        return [(value, greedy) for value, greedy in responses]

    def _score(self, pairs: Sequence[tuple[list[int], list[int]]], width: int, count: int) -> list[tuple[float, bool]]:
        """Give the same of a batch of pairs, padded to (count, width)."""
        tokens, targets = np.zeros((2, count, width), np.int32)
        spans = []
        for row, (context, continuation) in enumerate(pairs):
            ids = [*context, *continuation][-(self.max_length + 1) :]
            tokens[row, : len(ids) - 1], targets[row, : len(ids) - 1] = ids[:-1], ids[1:]
            spans.append(slice(max(0, len(ids) - 1 - len(continuation)), len(ids) - 1))
        model = self.model
        placement = model.placement
        placed = placement.rows(tokens, targets)
        of_tokens = token_log_probabilities(model.config, model.params, *placed, model.dtype, placement.split)
        values, greedy = placement.fetched(of_tokens[0]).astype(np.float64), placement.fetched(of_tokens[1])
        return [(float(values[row, span].sum()), bool(greedy[row, span].all())) for row, span in enumerate(spans)]


def _greedy(settings: dict[str, Any]) -> dict[str, Any]:
    """Read stops and length from a task's generation settings. Raises UserError where they ask for sampling."""
    if settings.get("do_sample", bool(settings.get("temperature"))):
        raise UserError(f"a task asks for sampling ({settings}); generation is greedy here")
    until = settings.get("until") or []
    return {
        "until": [until] if isinstance(until, str) else list(until),
        "max_gen_toks": int(settings.get("max_gen_toks") or settings.get("max_new_tokens") or MAX_NEW_TOKENS),
    }
