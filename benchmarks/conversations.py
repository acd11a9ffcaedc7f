# ruff: noqa: E402 (the number of threads is set before the libraries are imported)
"""Training tokens of conversations made per CPU-second, and whether memory grows; rendering and mixing included.

    python benchmarks/conversations.py MODEL [--pair en-el] [--rounds 5] [--conversations 100000]

MODEL is a folder with a tokenizer and a chat template, such as SmolLM2's. The Alpaca examples of the reference material
(COMMIT_SHARED, default ../shared) are taken as conversations of one turn. Beside the mixed conversations stand the same
ones unmixed, and mixed in the Alpaca prompt; rounds are interleaved, and the figure is their median. Then so many
conversations are made, of three turns that are put together anew each time, and the resident memory is printed on the
way.
"""

import argparse
import json
import os
import random
import statistics
import time
from pathlib import Path

os.environ["NUMBA_NUM_THREADS"] = os.environ["OMP_NUM_THREADS"] = "1"
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.chat.template import find_chat_template
from commit_llm.data.example_maker import ExampleMaker
from commit_llm.data.examples import Example
from commit_llm.data.forms.chat import ChatForm
from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.data.stops import read_stops
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.errors import UserError

SHARED = Path(os.environ.get("COMMIT_SHARED", Path(__file__).parents[2] / "shared"))
REPORTED = 10  # times that memory is looked at


def tokens_a_second(make: ExampleMaker) -> float:
    begun, tokens = time.process_time(), 0
    for index in range(len(make.records)):
        example = make(0, index)
        tokens += len(example.tokens) if isinstance(example, Example) else 0
    return tokens / (time.process_time() - begun)


def megabytes() -> float:
    """Of this process in memory now."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * os.sysconf("SC_PAGE_SIZE") / 1e6


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("model", type=Path)
    parser.add_argument("--pair", default="en-el")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--conversations", type=int, default=100_000)
    args = parser.parse_args()
    tokenizer = load_tokenizer(args.model)
    template = find_chat_template(tokenizer, read_stops(args.model, tokenizer))
    if template is None:
        raise UserError(f"{args.model}: has no chat template")
    records = [json.loads(line) for line in (SHARED / "data/alpaca/alpaca_1807.jsonl").read_text("utf-8").splitlines()]
    mixer = CodeMixer(BilingualDictionary.load(SHARED / f"data/muse/{args.pair}.txt"), ratio=0.9)
    makers = {
        "conversations, mixed": ExampleMaker(ChatForm(template), records, tokenizer, mixer),
        "conversations, unmixed": ExampleMaker(ChatForm(template), records, tokenizer),
        "Alpaca prompt, mixed": ExampleMaker(InstructionForm(), records, tokenizer, mixer),
    }
    figures: dict[str, list[float]] = {name: [] for name in makers}
    for _ in range(args.rounds):
        for name, make in makers.items():
            figures[name].append(tokens_a_second(make))
    for name, values in figures.items():
        print(f"{name:24}{statistics.median(values):10,.0f} tokens a second of CPU")
    generator, turns = random.Random(0), []
    make = ExampleMaker(ChatForm(template), turns, tokenizer, mixer)
    for number in range(args.conversations):
        messages = []
        for record in generator.sample(records, 3):
            messages += [{"role": "user", "content": f"{record['instruction']} {record['input']} {number}"}]
            messages += [{"role": "assistant", "content": f"{record['output']} {number}"}]
        turns[:] = [{"messages": messages}]
        make(number, 0)
        if (number + 1) % max(1, args.conversations // REPORTED) == 0:
            print(f"{number + 1:10,} conversations: {megabytes():.1f} MB")


if __name__ == "__main__":
    main()
