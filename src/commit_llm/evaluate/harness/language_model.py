"""Our model as one of lm-eval's models: it generates text and gives log-likelihoods, without torch."""

import json
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from lm_eval import utils
from lm_eval.api.instance import Instance
from lm_eval.api.model import TemplateLM

from commit_llm.errors import UserError
from commit_llm.evaluate.answers import Answerer, answer, require_answerable
from commit_llm.evaluate.chat_prompts import encode_message
from commit_llm.evaluate.encoded_prompts import EncodedPrompt, encode_question, keep_end, longest_prompt
from commit_llm.evaluate.endings import Ending
from commit_llm.evaluate.harness.responses import Responses
from commit_llm.evaluate.prompt_batches import MAX_LENGTH, MAX_NEW_TOKENS
from commit_llm.evaluate.question_files import Question
from commit_llm.evaluate.tasks import TASKS, Task
from commit_llm.model.likelihood import token_log_probabilities

WIDTH_STEP = 128  # rows of log-likelihoods are padded to a multiple of it


class CommitLM(TemplateLM):  # type: ignore[misc]  # lm-eval is untyped to mypy
    """Make a model of ours one for `lm_eval.simple_evaluate(model=...)`. Generation is greedy.

    What stands before a text is what the model's folder says. Tasks of ours are asked and answered by their own rules,
    as our runner does it.

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
        """Give the id of the end of text. Generation ends at each of the model's stops."""
        return self.model.tokenizer.eos_id

    @property
    def prefix_token_id(self) -> int:
        """Give what replaces an empty context, as lm-eval's own models do: bos, or eos where there is no bos."""
        bos = self.model.tokenizer.bos_id
        return self.eot_token_id if bos is None else bos

    @property
    def tokenizer_name(self) -> str:
        """Name the tokenizer, for lm-eval's own caches."""
        return str(self.model.tokenizer.path)

    def tok_encode(self, string: str, add_special_tokens: bool | None = None, **kwargs: Any) -> list[int]:
        """Encode a text, with what the folder puts before it unless add_special_tokens is False."""
        tokenizer = self.model.tokenizer
        return [*([] if add_special_tokens is False else tokenizer.bos), *tokenizer.encode(string)]

    def generate_until(self, requests: list[Instance], disable_tqdm: bool = False) -> list[str]:
        """Generate greedy text for each (context, settings), up to the first of its stops."""
        groups: dict[tuple[Task | None, str], list[Instance]] = defaultdict(list)
        for request in requests:
            if self.responses.get("generate", request.args) is None:
                groups[TASKS.get(request.task_name), json.dumps(_greedy(request.args[1]))].append(request)
        answered = len(requests) - sum(map(len, groups.values()))
        for (task, settings), group in groups.items():
            for batch in self._answers(task, group, **json.loads(settings)):
                for place, text in batch.items():
                    self.responses.keep("generate", group[place].args, text)
                answered += len(batch)
                self.on_answers("generating", answered, len(requests))
        return [self.responses.get("generate", request.args) for request in requests]

    def _answers(
        self, task: Task | None, group: Sequence[Instance], until: list[str], max_gen_toks: int
    ) -> Iterator[dict[int, str]]:
        """Answer requests of one task of ours, or of others with the same settings, batch by batch."""
        model = self.model
        require_answerable(model.config, self.batch_size, max_new_tokens=max_gen_toks)
        if task is None:
            ending, longest = Ending(model.stops, tuple(until)), self.max_length - max_gen_toks
        else:
            ending = Ending(model.stops, skips_blank_lines=task.as_tuned)
            longest = longest_prompt(task, model.config, room=max_gen_toks)
        prompts = [self._encode(task, request, longest) for request in group]
        batches = answer(model, prompts, self.batch_size, ending=ending, longest=longest, max_new_tokens=max_gen_toks)
        for batch in batches:
            yield {place: given.text for place, given in batch.items()}

    def _encode(self, task: Task | None, request: Instance, longest: int) -> EncodedPrompt:
        tokenizer, (prompt, _), document = self.model.tokenizer, request.args, request.doc
        template = self.model.template_for(task) if task else None
        if task and prompt == task.prompt(document["context"], document["question"]):
            item = Question(document["id"], "", document["context"], document["question"], ())
            return encode_question(tokenizer, task, item, longest, template)
        # Not ours; or ours, and lm-eval put more around it, such as examples.
        if template is not None:
            return keep_end(encode_message(tokenizer, template, prompt), [], longest)
        bos = [] if task and not task.as_tuned else [*tokenizer.bos]
        return keep_end(tokenizer.encode(prompt), bos, longest)

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
        raise UserError(f"a task asks for sampling ({settings}); generation is greedy here: leave the task out")
    until = settings.get("until") or []
    return {
        "until": [until] if isinstance(until, str) else list(until),
        "max_gen_toks": int(settings.get("max_gen_toks") or settings.get("max_new_tokens") or MAX_NEW_TOKENS),
    }
