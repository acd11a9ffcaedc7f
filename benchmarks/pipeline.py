# ruff: noqa: E402 (the number of threads is set before the libraries are imported)
"""Training tokens made per CPU-second: records mixed, put into the prompt, tokenised and packed, on one core.

    python benchmarks/pipeline.py [--pair en-el] [--batches 100] [--rounds 5]

Everything is what `commit-llm train` and `commit-llm batches` take (`open_batches`), at the recipe's own values, with
the LLaMA tokenizer. The text is in the folder of reference material (COMMIT_SHARED, default ../shared): 999 + 1,807
Alpaca examples, and for `align` the Greek contexts of XQuAD, mixed with the dictionary turned round (el-en). A token is
one that takes a place in a row; padding does not count. Rounds of all recipes are interleaved, because these machines
are noisy, and each round begins at the first batch; the figure is the median over rounds of tokens per second of CPU
time.

Parts are measured by themselves on all the examples of one epoch, in microseconds an example: mixing (with the prompt,
and joining prompt and answer with their mask), the tokenizer, and packing examples that are made already. Opening
(reading the dictionary, making the mixer, compiling its kernel or loading it) is told apart, in seconds. `sha256` is of
the batches of a round: a change that is to make the pipeline faster leaves it as it was.
"""

import argparse
import dataclasses
import hashlib
import json
import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path

# One thread each, set before the libraries start: CPU time is then what one core gives.
os.environ["NUMBA_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from commit_llm.data.examples import Example, NoExample
from commit_llm.data.loader import open_batches, open_examples, training_examples
from commit_llm.data.tokenizer import Tokenizer, load_tokenizer
from commit_llm.data.training_mixer import make_mixer
from commit_llm.files.records import Record, read_records
from commit_llm.recipes import Recipe, find_recipe

SHARED = Path(os.environ.get("COMMIT_SHARED", Path(__file__).parents[2] / "shared"))
RECIPES = ("commit", "commit-2024", "alpaca", "align")


class TimedLibrary:
    """Measure the CPU time that a tokenizer's library takes."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.library, self.seconds = tokenizer.library, 0.0

    def encode(self, text: str) -> list[int]:
        begun = time.process_time()
        ids = self.library.encode(text)
        self.seconds += time.process_time() - begun
        return ids

    def decode(self, ids: list[int]) -> str:
        return self.library.decode(ids)


def records_of(recipe: Recipe) -> list[Record]:
    """Read the records that a recipe trains on here."""
    if recipe.form == "instruction":
        folder = SHARED / "data/alpaca"
        return [*read_records(folder / "alpaca_demo_999.json"), *read_records(folder / "alpaca_1807.jsonl")]
    articles = json.loads((SHARED / "data/xquad/xquad.el.json").read_text(encoding="utf-8"))["data"]
    return [{"text": paragraph["context"]} for article in articles for paragraph in article["paragraphs"]]


def with_dictionary(name: str, pair: str) -> Recipe:
    """A recipe with its dictionary, where it mixes."""
    recipe = find_recipe(name)
    if recipe.ratio == 0.0:
        return recipe
    pair = pair if recipe.form == "instruction" else "el-en"
    return dataclasses.replace(recipe, dictionary=(str(SHARED / f"data/muse/{pair}.txt"),))


def cpu_seconds(run: Callable[[], object]) -> float:
    begun = time.process_time()
    run()
    return time.process_time() - begun


@dataclasses.dataclass
class Pipeline:
    """A recipe's pipeline, opened."""

    recipe: Recipe
    records: list[Record]
    tokenizer: Tokenizer
    seconds_to_open: float = 0.0

    def __post_init__(self) -> None:
        begun = time.process_time()
        self.make = open_examples(self.recipe, self.records, self.tokenizer, make_mixer(self.recipe))
        self.packer = open_batches(self.recipe, self.make)
        self.first = self.packer.get_state()
        next(self.packer)
        self.seconds_to_open = time.process_time() - begun

    def tokens_a_second(self, batches: int) -> float:
        """Of one round, from the first batch."""
        self.packer.set_state(self.first)
        begun, tokens = time.process_time(), 0
        for _ in range(batches):
            tokens += int((next(self.packer)["segment_ids"] > 0).sum())
        return tokens / (time.process_time() - begun)

    def sha256(self, batches: int) -> str:
        """Of the first batches."""
        self.packer.set_state(self.first)
        digest = hashlib.sha256()
        for _ in range(batches):
            for _, array in sorted(next(self.packer).items()):
                digest.update(array.tobytes())
        return digest.hexdigest()

    def parts(self) -> tuple[float, float, float]:
        """Microseconds an example: mixing, tokenizer, packing."""
        indices = range(len(self.records))
        timed = TimedLibrary(self.tokenizer)
        make = dataclasses.replace(self.make, tokenizer=dataclasses.replace(self.tokenizer, library=timed))
        examples: list[Example | NoExample] = []
        making = cpu_seconds(lambda: examples.extend(make(0, index) for index in indices))
        order, packer = training_examples(self.recipe, self.make), self.packer
        packer.examples = dataclasses.replace(order, make=lambda epoch, index, place: examples[index])
        packer.set_state(self.first)
        next(packer)
        before = packer.get_state()["position"]

        def pack() -> None:
            while packer.get_state()["position"] < before + len(indices):
                next(packer)

        packing = cpu_seconds(pack)
        packer.examples = order
        each = 1e6 / len(indices)
        return (making - timed.seconds) * each, timed.seconds * each, packing * each


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pair", default="en-el", help="a dictionary of the reference material, for instruction data")
    parser.add_argument("--recipes", nargs="+", choices=RECIPES, default=RECIPES)
    parser.add_argument("--batches", type=int, default=100, help="of one round")
    parser.add_argument("--rounds", type=int, default=5)
    arguments = parser.parse_args()
    tokenizer = load_tokenizer(SHARED / "data/tokenizer/tokenizer.model")
    pipelines = {}
    for name in arguments.recipes:
        recipe = with_dictionary(name, arguments.pair)
        pipelines[name] = Pipeline(recipe, records_of(recipe), tokenizer)
    print(f"python {sys.version.split()[0]}, one core, {arguments.pair}, {arguments.batches} batches a round")
    rounds = [
        {name: (pipeline.tokens_a_second(arguments.batches), *pipeline.parts()) for name, pipeline in pipelines.items()}
        for _ in range(arguments.rounds)
    ]
    print(f"{'recipe':<12} {'tokens/CPU-s':>13} {'mixing':>7} {'tokenizer':>10} {'packing':>8} {'opening':>8}  sha256")
    for name, pipeline in pipelines.items():
        speed, mixing, tokens, packing = (statistics.median(each[name][n] for each in rounds) for n in range(4))
        times = f"{mixing:>7.0f} {tokens:>10.0f} {packing:>8.0f} {pipeline.seconds_to_open:>8.2f}"
        print(f"{name:<12} {speed:>13,.0f} {times}  {pipeline.sha256(arguments.batches)[:16]}")


if __name__ == "__main__":
    main()
