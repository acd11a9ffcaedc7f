"""Measure the memory that a file of many sentences takes: read, as the kernel's arrays, and at most on the way.

    python benchmarks/sentence_pairs.py [--sentences 1000000]

The file is made: different English sentences of 4 to 20 words, each with a Greek translation of as many. Figures are of
this process (Linux's VmRSS and VmHWM), above what it took before the file was read.
"""

import argparse
import random
import tempfile
import time
from pathlib import Path

from codemix import status

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs

LETTERS = {"en": "abcdefghijklmnopqrstuvwxyz", "el": "αβγδεζηθικλμνξοπρστυφχψω"}


def write_pairs(path: Path, sentences: int) -> None:
    """Write sentences with their translations, a pair a line."""
    rng = random.Random(0)
    words = {
        language: ["".join(rng.choices(letters, k=rng.randint(2, 9))) for _ in range(5000)]
        for language, letters in LETTERS.items()
    }
    with path.open("w", encoding="utf-8") as file:
        for number in range(sentences):
            size = rng.randint(3, 19)
            source, target = (" ".join(rng.choices(words[language], k=size)) for language in ("en", "el"))
            file.write(f"Sentence {number} {source}.\tΠρόταση {number} {target}.\n")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sentences", type=int, default=1_000_000)
    arguments = parser.parse_args()
    few = SentencePairs.from_pairs([("The dog.", "Ο σκύλος.")])
    dictionary = BilingualDictionary.from_pairs([("dog", "σκύλος")])
    CodeMixer(dictionary, sentences=few, languages="en-el").mix_example({"text": "The dog."}, row=0)  # compiles
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "sentences-en-el.tsv"
        write_pairs(path, arguments.sentences)
        print(f"{arguments.sentences:,} sentences, {path.stat().st_size / 2**20:.0f} MiB")
        before, begun = status("VmRSS"), time.perf_counter()
        pairs = SentencePairs.load(path)
        say("read", before, begun)
        mixer = CodeMixer(dictionary, sentences=pairs, languages="en-el")
        mixer.mix_example({"text": "The dog."}, row=0)
        say("with the kernel's arrays", before, begun)


def say(what: str, before: int, begun: float) -> None:
    """Print the memory taken since, the most of it so far, and the seconds."""
    taken, peak = ((status(name) - before) / 2**20 for name in ("VmRSS", "VmHWM"))
    print(f"{what}: {taken:.0f} MiB, at most {peak:.0f} MiB, after {time.perf_counter() - begun:.0f} s")


if __name__ == "__main__":
    main()
