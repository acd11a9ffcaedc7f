"""Log-likelihoods of the candidates of questions, with and without the context, batch by batch."""

from collections.abc import Collection, Iterator, Sequence

import jax
import numpy as np

from commit_llm.errors import UserError, shown
from commit_llm.evaluate.answers import Answerer
from commit_llm.evaluate.candidates import Likelihoods, RankedQuestion
from commit_llm.evaluate.encoded_prompts import encode_question, longest_prompt
from commit_llm.evaluate.prompt_batches import MAX_NEW_TOKENS
from commit_llm.evaluate.rank_batches import Candidates, RowBatch, add_up, lay_out, plan_rows
from commit_llm.evaluate.tasks import Task
from commit_llm.model.tree_likelihood import tree_log_probabilities
from commit_llm.parallel.slow_compilation import say_compiled, without_alarm


def encode_candidates(
    model: Answerer, task: Task, items: Sequence[RankedQuestion], max_length: int | None
) -> tuple[list[Candidates], list[bool]]:
    """Encode each question twice, with its context and then without, and say of each prompt whether it was shortened.

    A prompt is that of `xquad_instruct_LANG`, and without a context that of an example without an input. Candidates
    are encoded by themselves, as training encodes an answer. A prompt leaves the room of 256 tokens for them, as it
    does for a written answer, and more where one is longer.

    Raises UserError where a prompt does not fit with a single character of its context.
    """
    tokenizer = model.tokenizer
    encoded, truncated = [], []
    for item in items:
        answers = [tokenizer.encode(candidate) for candidate in item.candidates]
        if empty := [text for text, ids in zip(item.candidates, answers, strict=True) if not ids]:
            raise UserError(
                f"{task.name}: answer {shown(empty[0])} of question {shown(item.question.id)} has no token; leave the "
                "question out"
            )
        room = max(MAX_NEW_TOKENS, *map(len, answers))
        longest = longest_prompt(task, model.config, max_length, room)
        for question in (item.question, item.question._replace(context="")):
            prompt = encode_question(tokenizer, task, question, longest)
            encoded.append(Candidates(prompt.ids, answers))
            truncated.append(prompt.truncated)
    return encoded, truncated


def rank(
    model: Answerer,
    prompts: Sequence[Candidates],
    truncated: Sequence[bool],
    batch_size: int,
    ranked: Collection[int] = (),
) -> Iterator[dict[int, Likelihoods]]:
    """Score the candidates of prompts, batch by batch. Each item has those of one batch, by the place of the prompt.

    ranked: places of prompts that have their scores already. A batch of such prompts alone is left out. The other
        batches stay as they are, so that every score is the same, with and without.

    Raises UserError where the model gives no finite number.
    """
    planned = plan_rows(prompts, batch_size, model.placement.rows_for)
    batches = [batch for batch in planned if not all(place in ranked for place in batch.prompts)]
    if batches:
        widths = ", ".join(f"{width:,}" for width in sorted({batch.width for batch in batches}))
        say_compiled(f"the ranking of answers in rows of {widths} tokens, each width when needed")
    for batch in batches:
        scores = add_up(prompts, batch, score_rows(model, prompts, batch))
        if not all(np.isfinite(of_prompt).all() for of_prompt in scores.values()):
            raise UserError("the model's likelihoods are not numbers (are its parameters finite?); train it again")
        yield {place: Likelihoods(of_prompt, truncated[place]) for place, of_prompt in scores.items()}


def score_rows(model: Answerer, prompts: Sequence[Candidates], batch: RowBatch) -> np.ndarray:
    """Compute the log-probabilities of a batch, in the order of `lay_out`."""
    arrays, placement = lay_out(prompts, batch), model.placement
    rows = placement.rows(arrays.tokens, arrays.segment_ids, arrays.parent_ids, arrays.positions)
    scored = (placement.everywhere(arrays.places), placement.everywhere(arrays.targets))
    on_one_cpu = jax.default_backend() == "cpu" and placement.mesh is None
    with without_alarm():
        out = tree_log_probabilities(model.config, model.params, *rows, *scored, model.dtype, on_one_cpu)
    return placement.fetched(out)
