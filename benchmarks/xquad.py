"""Answer real XQuAD prompts on a CPU, ours and Hugging Face's `generate` in interleaved rounds of one process."""

import argparse
import os
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import torch
from apart import versions
from clock import seconds
from models import their_model

from commit_llm.convert.huggingface import to_hf
from commit_llm.data.tokenizer import Tokenizer, load_tokenizer
from commit_llm.evaluate.answers import Answerer, generate_rows
from commit_llm.evaluate.endings import Ending
from commit_llm.evaluate.prompt_batches import PromptBatch, plan_batches
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.tasks import find_task
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import count_parameters, init_parameters

SHARED = Path(os.environ.get("COMMIT_SHARED", Path(__file__).parents[2] / "shared"))


def our_answers(
    model: Answerer, prompts: Sequence[list[int]], batches: Sequence[PromptBatch], new_tokens: int
) -> list[int]:
    """Answer the prompts, and give the number of new tokens of each."""
    endings = Ending(model.stops).of_tokens(model.tokenizer, model.config.vocab_size)
    lengths = [0] * len(prompts)
    for batch in batches:
        out = generate_rows(model, [prompts[i] for i in batch.prompts], batch, endings, new_tokens)
        for i, row in zip(batch.prompts, out, strict=True):
            lengths[i] = int((row >= 0).sum())
    return lengths


def their_answers(
    model: Any, prompts: Sequence[list[int]], groups: Sequence[list[int]], stops: list[int], new_tokens: int
) -> None:
    """Answer the prompts greedily, in batches that are padded on the left."""
    for group in groups:
        width = max(len(prompts[i]) for i in group)
        ids = torch.tensor([[0] * (width - len(prompts[i])) + prompts[i] for i in group])
        mask = torch.tensor([[0] * (width - len(prompts[i])) + [1] * len(prompts[i]) for i in group])
        with torch.inference_mode():
            model.generate(
                input_ids=ids, attention_mask=mask, do_sample=False, max_new_tokens=new_tokens, eos_token_id=stops,
                pad_token_id=0,
            )  # fmt: skip


def models_of(config: ModelConfig, tokenizer: Tokenizer) -> tuple[Answerer, Any]:
    """Make our model and theirs, with the same random weights."""
    params = jax.jit(lambda key: init_parameters(config, key))(jax.random.key(0))
    theirs = their_model(config, torch.float32, "cpu").eval()
    arrays = {name: torch.tensor(np.asarray(array)) for name, array in to_hf(params, config)}
    theirs.load_state_dict(arrays, strict=False)
    return Answerer.of(config, params, tokenizer, (tokenizer.eos_id,), jnp.float32), theirs


def together(sizes: dict[str, ModelConfig], arguments: argparse.Namespace) -> None:
    """Measure every size, and print the table."""
    tokenizer = load_tokenizer(SHARED / "data" / "tokenizer" / "tokenizer.model")
    task = find_task("ogx_xquad_el")
    questions = load_questions(task, str(SHARED / "data" / "xquad"), arguments.prompts)
    longest = 2048 - arguments.new_tokens
    prompts = [tokenizer.encode(task.prompt(item.context, item.question))[-longest:] for item in questions]
    batches = plan_batches([len(ids) for ids in prompts], arguments.batch_size, longest, arguments.new_tokens)
    order = [i for batch in batches for i in batch.prompts]
    pairs = [order[start : start + 2] for start in range(0, len(order), 2)]
    print(versions("jax", "torch", "transformers"))
    print(f"{jax.devices()[0].device_kind}, float32; {len(prompts)} prompts of {sum(map(len, prompts)):,}", end=" ")
    print(f"tokens, {arguments.new_tokens} new ones each; our batches: {[len(batch.prompts) for batch in batches]}")
    columns = ("size", "parameters", "ours s", "compiling", "two s", "equal s", "two/ours", "equal/ours")
    print("{:<5} {:>13} {:>8} {:>9} {:>8} {:>8} {:>9} {:>11}".format(*columns))
    for size, config in sizes.items():
        ours, theirs = models_of(config, tokenizer)
        endings = Ending((tokenizer.eos_id,)).of_tokens(tokenizer, config.vocab_size)
        stops = [int(i) for i in np.flatnonzero(endings.at_once)]
        runs = (
            lambda ours=ours: our_answers(ours, prompts, batches, arguments.new_tokens),
            lambda theirs=theirs, stops=stops: their_answers(theirs, prompts, pairs, stops, arguments.new_tokens),
            lambda theirs=theirs, stops=stops: their_answers(
                theirs, prompts, [batch.prompts for batch in batches], stops, arguments.new_tokens
            ),
        )
        first = seconds(runs[0])
        their_answers(theirs, prompts, pairs[:1], stops, 2)
        rounds = [[seconds(run) for run in runs] for _ in range(arguments.rounds)]
        mine, two, equal = (statistics.median(column) for column in zip(*rounds, strict=True))
        ratios = [statistics.median(row[k] / row[0] for row in rounds) for k in (1, 2)]
        print(
            f"{size:<5} {count_parameters(config):>13,} {mine:>8.1f} {first - mine:>9.1f} {two:>8.1f} {equal:>8.1f} "
            f"{ratios[0]:>9.2f} {ratios[1]:>11.2f}",
            flush=True,
        )
