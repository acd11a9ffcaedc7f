"""Our model as one of lm-eval's: text generated, log-likelihoods; no torch."""

import hashlib
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
from commit_llm.evaluate.answers import MAX_LENGTH, MAX_NEW_TOKENS, Answerer, answer
from commit_llm.evaluate.tasks import TASKS
from commit_llm.files.whole import whole_lines
from commit_llm.model.likelihood import token_log_probabilities

BUCKET = 128  # rows of log-likelihoods are padded to a multiple of it


class Responses:
    """Responses by request, in a file where one is named, so that an evaluation that was killed goes on."""

    def __init__(self, path: Path | None) -> None:
        self.path = path
        rows = [json.loads(line) for line in whole_lines(path)] if path else []
        self.known: dict[str, Any] = {row["request"]: row["response"] for row in rows}

    def keep(self, kind: str, arguments: Any, response: Any) -> None:
        """Write a response down."""
        key = self._key(kind, arguments)
        self.known[key] = response
        if self.path:
            with self.path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(json.dumps({"request": key, "response": response}) + "\n")

    def get(self, kind: str, arguments: Any) -> Any:
        """The response to a request, None where there is none yet."""
        return self.known.get(self._key(kind, arguments))

    def _key(self, kind: str, arguments: Any) -> str:
        return hashlib.sha256(json.dumps([kind, arguments]).encode("utf-8")).hexdigest()


class CommitLM(TemplateLM):  # type: ignore[misc]  # lm-eval is untyped to mypy
    """A model of ours for `lm_eval.simple_evaluate(model=...)`.

    A bos stands before every text, as in training, but for our tasks that go without (`Task.bos`).
    Generation is greedy. report is called with (what, done, of how many).
    """

    def __init__(
        self,
        model: Answerer,
        batch_size: int = 8,
        responses: Path | None = None,
        report: Callable[[str, int, int], None] = lambda what, done, total: None,
    ) -> None:
        super().__init__()
        self.model = model
        self.batch_size = batch_size
        self.responses = Responses(responses)
        self.report = report

    @property
    def max_length(self) -> int:
        """Positions of the model."""
        return self.model.config.max_position_embeddings

    @property
    def eot_token_id(self) -> int:
        """Id of the end of text."""
        return self.model.tokenizer.eos_id

    @property
    def prefix_token_id(self) -> int:
        """What an empty context is replaced by: bos, or eos where there is none."""
        bos = self.model.tokenizer.bos_id
        return self.eot_token_id if bos is None else bos

    @property
    def tokenizer_name(self) -> str:
        """What lm-eval's own caches tell tokenizers apart by."""
        return str(self.model.tokenizer.path)

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **kwargs: Any) -> list[int]:
        """Ids of a text, with a bos before it unless add_special_tokens is False."""
        bos = self.model.tokenizer.bos_id
        head = [bos] if bos is not None and add_special_tokens is not False else []
        return head + self.model.tokenizer.encode(string)

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Greedy text for each (context, settings), before the first of its stops."""
        groups: dict[str, list[Instance]] = defaultdict(list)
        for request in requests:
            if self.responses.get("generate", request.args) is None:
                bos = TASKS[request.task_name].bos if request.task_name in TASKS else True
                ours = request.task_name in TASKS
                groups[json.dumps([_greedy(request.args[1]), bos, ours])].append(request)
        done = len(requests) - sum(map(len, groups.values()))
        for key, group in groups.items():
            settings, bos, ours = json.loads(key)
            prompts = [request.args[0] for request in group]
            for batch in answer(
                self.model,
                prompts,
                self.batch_size,
                bos=bos,
                stops=settings["until"],
                max_new_tokens=settings["max_gen_toks"],
                max_length=MAX_LENGTH if ours else self.max_length,
            ):
                for place, given in batch.items():
                    self.responses.keep("generate", group[place].args, given.text)
                done += len(batch)
                self.report("generating", done, len(requests))
        return [self.responses.get("generate", request.args) for request in requests]

    def loglikelihood_rolling(self, requests: list[Instance], disable_tqdm: bool = False) -> list[float]:
        """The log-likelihood of each whole text, in windows of the model's positions."""
        windows = []
        for number, request in enumerate(requests):
            tokens = self.tok_encode(request.args[0], add_special_tokens=False)
            rolling = utils.get_rolling_token_windows(tokens, self.prefix_token_id, self.max_length, context_len=1)
            windows += [(number, *utils.make_disjoint_window(window)) for window in rolling]
        scored = self._loglikelihood_tokens([(("", ""), context, wanted) for _, context, wanted in windows])
        totals = [0.0] * len(requests)
        for (number, _, _), (value, _) in zip(windows, scored, strict=True):
            totals[number] += value
        return totals

    def _loglikelihood_tokens(
        self, requests: Sequence[tuple[tuple[str, str], list[int], list[int]]], **kwargs: Any
    ) -> list[tuple[float, bool]]:
        """(log-likelihood, is greedy) of each continuation after its context; both as ids."""
        asked = [(context, wanted) for _, context, wanted in requests]
        todo = [pair for pair in asked if self.responses.get("likelihood", pair) is None]
        rows = sorted({json.dumps(pair): pair for pair in todo}.values(), key=lambda pair: len(pair[0]) + len(pair[1]))
        done = len(asked) - len(rows)
        budget = self.batch_size * MAX_LENGTH
        while rows:
            longest = min(len(rows[-1][0]) + len(rows[-1][1]) - 1, self.max_length)
            width = -(-max(longest, 1) // BUCKET) * BUCKET
            count = self.model.placement.rows_for(max(1, budget // width))
            chosen, rows = rows[-count:], rows[:-count]  # the longest first, so that memory that lacks is told at once
            for pair, response in zip(chosen, self._score(chosen, width, count), strict=True):
                self.responses.keep("likelihood", pair, response)
            done += len(chosen)
            self.report("likelihoods", done, len(asked))
        found = [self.responses.get("likelihood", pair) for pair in asked]
        return [(value, greedy) for value, greedy in found]

    def _score(self, pairs: Sequence[tuple[list[int], list[int]]], width: int, count: int) -> list[tuple[float, bool]]:
        tokens, targets = np.zeros((2, count, width), np.int32)
        spans = []
        for row, (context, wanted) in enumerate(pairs):
            ids = [*context, *wanted][-(self.max_length + 1) :]
            tokens[row, : len(ids) - 1], targets[row, : len(ids) - 1] = ids[:-1], ids[1:]
            spans.append(slice(max(0, len(ids) - 1 - len(wanted)), len(ids) - 1))
        model = self.model
        where = model.placement
        placed = where.rows(tokens, targets)
        found = token_log_probabilities(model.config, model.params, *placed, model.dtype, where.split)
        values, greedy = where.fetched(found[0]).astype(np.float64), where.fetched(found[1])
        return [(float(values[row, s].sum()), bool(greedy[row, s].all())) for row, s in enumerate(spans)]


def _greedy(settings: dict[str, Any]) -> dict[str, Any]:
    """Stops and length of a task's generation settings; UserError where it wants sampling."""
    if settings.get("do_sample", bool(settings.get("temperature"))):
        raise UserError(f"a task asks for sampling ({settings}); generation is greedy here")
    until = settings.get("until") or []
    return {
        "until": [until] if isinstance(until, str) else list(until),
        "max_gen_toks": int(settings.get("max_gen_toks") or settings.get("max_new_tokens") or MAX_NEW_TOKENS),
    }
