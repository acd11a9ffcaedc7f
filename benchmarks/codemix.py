# ruff: noqa: E402 (the number of threads is set before the libraries are imported)
"""Measure words mixed per CPU-second, both styles beside two versions in plain Python, in one run on one core.

    python benchmarks/codemix.py [--pair en-el] [--ratio 0.9] [--rounds 7] [--copies 1]

The text is real and varied: 999 + 1,807 Alpaca examples (instruction, input, output) and 1 MB of Wikipedia (a
line a row, as an output), from the folder of reference material (COMMIT_SHARED, default ../shared), each text
`--copies` times, three at most: the wide repeat of one text flatters whatever caches by word. The versions:

- plain: the original's algorithm (cut at spaces, peel both ends, look up, `random.random()`, `random.choice()`).
  It must give the original's own outputs, byte for byte, or nothing is measured.
- plain, cached: the same, but a piece's ends and translations are kept by surface; each round starts with
  an empty cache.
- original, clean: ours, through `CodeMixer.mix_columns` on Arrow columns. At ratio 1 with one translation a
  word, style original must give the bytes of the plain version on all of the text.
- clean, phrases: the dictionary has the phrases of two to five words too that stand in the text five times or more,
  word for word.
- clean, sentences: every other sentence of the text has a translation, which takes its place one time in two.

Rounds are interleaved, because these machines are noisy; a figure is the median over rounds of CPU time. A word
is a piece between spaces with something left after peeling; they are counted once, for all versions. Loading
the dictionary, making a mixer and compiling (or loading) its kernel are not in the figures and are told apart.

Peak memory is taken in a process of its own: with the text (three copies, one chunk), the mixer and its kernel
loaded, the high-water mark of the process's memory (Linux's VmHWM) is set back, the chunk is mixed, and the mark is
read again. The output is in the figure; what was there before, the text among it, is not.
"""

import argparse
import ctypes
import json
import os
import random
import statistics
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable, Sequence
from functools import partial
from pathlib import Path

# One thread each, set before the libraries start: CPU time is then what one core gives.
os.environ["NUMBA_NUM_THREADS"] = "1"
os.environ["OMP_NUM_THREADS"] = "1"
os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})

import pyarrow as pa

from commit_llm.codemix import BilingualDictionary, CodeMixer, Counts
from commit_llm.codemix.dictionaries.phrases import MOST_WORDS
from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs
from commit_llm.codemix.engine.original import skip_characters
from commit_llm.codemix.finding.sentences import find_sentences

SHARED = Path(os.environ.get("COMMIT_SHARED", Path(__file__).parents[2] / "shared"))
FIELDS = ("instruction", "input", "output")
MOST_COPIES = 3
STYLES = ("original", "clean")

VARIANTS = ("clean, phrases", "clean, sentences")

Translations = dict[str, tuple[str, ...]]
Columns = dict[str, list[str]]


def read_text(copies: int) -> Columns:
    """Read the Alpaca examples and Wikipedia, a column a field."""
    rows = json.loads((SHARED / "data/alpaca/alpaca_demo_999.json").read_text(encoding="utf-8"))
    rows += map(json.loads, (SHARED / "data/alpaca/alpaca_1807.jsonl").read_text(encoding="utf-8").splitlines())
    wikipedia = (SHARED / "data/text/wikipedia_en_1mb.txt").read_text(encoding="utf-8").removesuffix("\n")
    rows += ({"instruction": "", "input": "", "output": line} for line in wikipedia.split("\n"))
    return {field: [row[field] for row in rows] * copies for field in FIELDS}


def mix_plainly(texts: Sequence[str], dictionary: Translations, ratio: float, generator: random.Random) -> list[str]:
    """Mix by the original's algorithm, in one loop."""
    skip, find, draw, choose = skip_characters(), dictionary.get, generator.random, generator.choice
    mixed = []
    for text in texts:
        pieces = text.split(" ")
        for position, piece in enumerate(pieces):
            core = piece.strip(skip)
            translations = find(core)
            if translations is not None and core and draw() < ratio:
                start = piece.find(core)
                pieces[position] = piece[:start] + choose(translations) + piece[start + len(core) :]
        mixed.append(" ".join(pieces))
    return mixed


def mix_by_surface(texts: Sequence[str], dictionary: Translations, ratio: float, generator: random.Random) -> list[str]:
    """Mix the same way, but look up each surface once: its translations and its peeled ends, or nothing."""
    skip, draw, choose = skip_characters(), generator.random, generator.choice
    seen: dict[str, tuple[tuple[str, ...], str, str] | None] = {}
    mixed = []
    for text in texts:
        pieces = text.split(" ")
        for position, piece in enumerate(pieces):
            if piece in seen:
                surface = seen[piece]
            else:
                core = piece.strip(skip)
                targets, start = dictionary.get(core) if core else None, piece.find(core)
                surface = None if targets is None else (targets, piece[:start], piece[start + len(core) :])
                seen[piece] = surface
            if surface is not None and draw() < ratio:
                translations, before, after = surface
                pieces[position] = before + choose(translations) + after
        mixed.append(" ".join(pieces))
    return mixed


PLAIN = {"plain": mix_plainly, "plain, cached": mix_by_surface}


def hold_to_the_original() -> int:
    """Compare both plain versions with the original's outputs; gives the number of texts compared."""
    golden, compared = SHARED / "reference/golden", 0
    examples = read_text(1)
    rows = [json.loads(line) for line in (golden / "codemix_first_ratio1.jsonl").read_text("utf-8").splitlines()]
    rows += json.loads((golden / "codemix_edge.json").read_text("utf-8"))
    drawn = (golden / "codemix_full_ratio0.9_seed42.jsonl").read_text("utf-8").splitlines()
    for language in ("el", "hi", "th"):
        full = load(f"en-{language}")
        first = {word: targets[:1] for word, targets in full.items()}
        cases = [case for case in map(json.loads, drawn) if case["lang"] == language]
        texts = [examples[field][case["i"]] for case in cases for field in FIELDS]
        for name, mix in PLAIN.items():
            pairs = list(zip(mix([row["input"] for row in rows], first, 1.0, random.Random(0)), rows, strict=True))
            mixed = [text for text, _ in pairs] + mix(texts, full, 0.9, random.Random(42))
            expected = [row[language] for _, row in pairs] + [case[field] for case in cases for field in FIELDS]
            if mixed != expected:
                sys.exit(f"{name}: not the original's output for en-{language}: the comparison would mean nothing")
            compared += len(mixed)
    return compared


def hold_ours_to_plain(columns: Columns, dictionary: BilingualDictionary) -> None:
    """Compare at ratio 1 with one translation a word, where nothing is left to chance: the same bytes everywhere."""
    first = dictionary.first_only()
    mixed, _ = CodeMixer(first, ratio=1.0, style="original").mix_columns(arrow(columns))
    for field, texts in columns.items():
        if mixed[field].to_pylist() != mix_plainly(texts, dict(first.translations), 1.0, random.Random(0)):
            sys.exit(f"style original differs from the plain version in column {field}")


def load(pair: str) -> Translations:
    """Load a dictionary of the reference material."""
    return dict(BilingualDictionary.load(SHARED / f"data/muse/{pair}.txt").translations)


def arrow(columns: Columns) -> dict[str, pa.Array]:
    """Make Arrow arrays of the columns."""
    return {field: pa.array(texts, pa.string()) for field, texts in columns.items()}


def first_row(columns: dict[str, pa.Array]) -> dict[str, pa.Array]:
    """Give enough to compile or load the kernel, and to set up whatever is set up on first use."""
    return {field: column[:1] for field, column in columns.items()}


def count_words(columns: Columns) -> int:
    """Count pieces between spaces that have a core."""
    skip = skip_characters()
    return sum(bool(piece.strip(skip)) for texts in columns.values() for text in texts for piece in text.split(" "))


def with_phrases(dictionary: BilingualDictionary, texts: Sequence[str]) -> BilingualDictionary:
    """Add the frequent phrases of the texts, each translated word for word."""
    times: Counter[tuple[str, ...]] = Counter()
    for text in texts:
        words = text.split(" ")
        for size in range(2, MOST_WORDS + 1):
            times.update(zip(*(words[start:] for start in range(size)), strict=False))
    pairs = [(word, target) for word, targets in dictionary.translations.items() for target in targets]
    for phrase, number in times.items():
        if number >= 5 and all(word in dictionary for word in phrase):
            pairs.append((" ".join(phrase), " ".join(dictionary.translations[word][0] for word in phrase)))
    return BilingualDictionary.from_pairs(pairs, dictionary.name)


def every_other_sentence(dictionary: BilingualDictionary, texts: Sequence[str]) -> SentencePairs:
    """Give every other sentence of the texts a translation of as many words."""
    sentences = list(dict.fromkeys(text[start:end] for text in texts for start, end in find_sentences(text)))
    word = next(iter(dictionary.translations.values()))[0]
    pairs = ((sentence, " ".join([word] * len(sentence.split()))) for sentence in sentences[::2])
    return SentencePairs.from_pairs(pairs, dictionary.name)


def cpu_seconds(run: Callable[[], object]) -> float:
    """Measure the CPU time of a call."""
    begun = time.process_time()
    run()
    return time.process_time() - begun


def peak_memory(pair: str, ratio: float, style: str) -> None:
    """Print the bytes of the text and the most that mixing it takes above what was there before."""
    chunk = arrow(read_text(MOST_COPIES))
    mixer = CodeMixer(BilingualDictionary.load(SHARED / f"data/muse/{pair}.txt"), ratio=ratio, style=style)
    mixer.mix_columns(first_row(chunk))
    # Memory that was freed but not given back would hide what mixing takes.
    pa.default_memory_pool().release_unused()
    ctypes.CDLL(None).malloc_trim(0)
    Path("/proc/self/clear_refs").write_text("5")
    before = status("VmRSS")
    mixer.mix_columns(chunk)
    print(sum(column.nbytes for column in chunk.values()), status("VmHWM") - before)


def status(name: str) -> int:
    """Read a figure of this process in bytes from Linux."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) * 1024 for line in lines if line.startswith(name + ":"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pair", default="en-el", help="a dictionary of the reference material")
    parser.add_argument("--ratio", type=float, default=0.9)
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--copies", type=int, choices=range(1, MOST_COPIES + 1), default=1)
    parser.add_argument("--peak-memory", choices=STYLES, help="only that, for the process that measures it")
    arguments = parser.parse_args()
    pa.set_cpu_count(1)
    if arguments.peak_memory:
        peak_memory(arguments.pair, arguments.ratio, arguments.peak_memory)
        return

    compared = hold_to_the_original()
    print(f"python {sys.version.split()[0]}, pyarrow {pa.__version__}, one core; {compared:,} texts as the original's")
    columns = read_text(arguments.copies)
    words = count_words(columns)
    print(f"{len(columns['output']):,} rows, {words:,} words, {arguments.pair}, ratio {arguments.ratio}")
    begun = time.process_time()
    dictionary = BilingualDictionary.load(SHARED / f"data/muse/{arguments.pair}.txt")
    print(f"loading the dictionary: {time.process_time() - begun:.2f} s")

    translations, chunk = dict(dictionary.translations), arrow(columns)
    texts = [text for column in columns.values() for text in column]
    versions: dict[str, Callable[[], object]] = {
        name: partial(mix, texts, translations, arguments.ratio, random.Random(0)) for name, mix in PLAIN.items()
    }
    for style in STYLES:
        begun = time.process_time()
        mixer = CodeMixer(dictionary, ratio=arguments.ratio, style=style)
        made = time.process_time()
        mixer.mix_columns(first_row(chunk))
        print(f"{style}: making the mixer {made - begun:.2f} s, first call {time.process_time() - made:.2f} s")
        versions[style] = partial(mixer.mix_columns, chunk)
    for name in VARIANTS:
        if name.endswith("phrases"):
            mixer = CodeMixer(with_phrases(dictionary, texts), ratio=arguments.ratio)
        else:
            sentences = every_other_sentence(dictionary, texts)
            mixer = CodeMixer(dictionary, sentences=sentences, ratio=arguments.ratio)
        counts = Counts(*mixer.mix_columns(chunk)[1].sum(axis=0).tolist())
        print(f"{name}: {counts.phrases:,} phrases and {counts.sentences:,} sentences are replaced")
        versions[name] = partial(mixer.mix_columns, chunk)
    hold_ours_to_plain(columns, dictionary)

    rounds = [{name: cpu_seconds(run) for name, run in versions.items()} for _ in range(arguments.rounds)]
    seconds = {name: statistics.median(each[name] for each in rounds) for name in versions}
    print(f"{'version':<16} {'CPU-s':>7} {'M words/CPU-s':>14} {'× plain':>8}")
    for name, median in seconds.items():
        print(f"{name:<16} {median:>7.3f} {words / median / 1e6:>14.2f} {seconds['plain'] / median:>8.1f}")
    for style in STYLES:
        command = [sys.executable, __file__, "--peak-memory", style, "--pair", arguments.pair]
        command += ["--ratio", str(arguments.ratio)]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout.split()
        size, peak = int(output[0]), int(output[1])
        print(f"{style}: peak memory {peak / 2**20:.1f} MiB, {peak / size:.1f} × the chunk's {size / 2**20:.1f} MiB")
    for style in STYLES:
        print(f"{style}: {seconds['plain'] / seconds[style]:.1f} ×")
    for name in VARIANTS:
        print(f"{name}: {seconds['clean'] / seconds[name]:.2f} of the speed of clean")


if __name__ == "__main__":
    main()
