"""Make random examples that have all that may be replaced at once, and mixers with every feature, for fuzzing."""

import dataclasses
import random
import unicodedata

from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.codemix.dictionaries.sentence_pairs import SentencePairs

WORDS = [
    "dog",
    "hot",
    "house",
    "no",
    "ice",
    "cream",
    "café",
    "don't",
    "well",
    "known",
    "the",
    "a",
    "Naïve",
    "über",
    "b2b",
]
PHRASES = [
    "hot dog", "hot dog house", "the hot dog", "dog house", "ice cream", "well-known", "ice-cream", "café no",
    "no no", "the hot dog house no", "a dog", "don't no", "Naïve dog", "over the", "dog dog", "a b c d e f",
]  # fmt: skip
GAPS = [" "] * 12 + ["  ", "\t", "-", ", ", " (", ") ", " [", "] ", "\n", " \n", "'s ", "\u00a0", "/", "\u200b ", "… "]
STOPS = [". ", "! ", "?\n", ". ", ".\n", '." ', ".", ") ", ".) "]
PARTS = ["{x}", "`dog`", "https://a.dog/x", "$dog$", "<b>", "snake_dog", "1.5", "2", "U.S.", "{x} {x}"]
SENTENCES = [
    ("The hot dog.", "Το ζεστό."), ("A dog {x} no.", "Ένας {x} όχι."), ("A dog {x} no {x}!", "Λείπει {x}!"),
    ("No no.", "Όχι."), ("Don’t.", "Μη."), ("Dog", "Σκύλος"), ("Café no!", "Καφέ όχι!"),
    ("The dog snake_dog.", "Όχι snake_dog."), ("The dog b2b.", "Λείπει."), ("(The dog house.)", "(Το σπίτι.)"),
    ("Hot dog house", "Χοτ"), ("1.5 dog.", "1,5."),
    ("The dog.", "The dog."), ("2.", "δύο."), ("Ice cream in the house.", "Παγωτό."),
]  # fmt: skip


def dictionaries() -> list[BilingualDictionary]:
    """Make three, into two languages, with words and phrases in common."""
    rng = random.Random(1)
    made = []
    for name in ("en-el", "en-es", "en-el"):
        letters = "αβγδε" if name == "en-el" else "xyzñ"
        entries = [entry for entry in WORDS + PHRASES if rng.random() < 0.8]
        pairs = [
            (entry, "".join(rng.choice(letters + " ") for _ in range(rng.randint(2, 9))).strip() + letters[0])
            for entry in entries
            for _ in range(rng.randint(1, 3))
        ]
        counts = {target: 3 ** (number % 4) for number, (_, target) in enumerate(pairs)}
        made.append(dataclasses.replace(BilingualDictionary.from_pairs(pairs, name), frequencies=counts))
    return made


def sentence_files() -> list[SentencePairs]:
    """Make two, into two languages."""
    return [
        SentencePairs.from_pairs(SENTENCES, "en-el"),
        SentencePairs.from_pairs([(source, "¡" + target) for source, target in SENTENCES[::2]], "en-es"),
    ]


def spelt(rng: random.Random, text: str) -> str:
    """Spell a text in one of the ways that mean the same, or in another case."""
    way = rng.random()
    if way < 0.1:
        return unicodedata.normalize("NFD", text)
    if way < 0.15:
        return text.replace("'", "’")
    if way < 0.2 and len(text) > 2:
        return text[:2] + "\u00ad" + text[2:]
    if way < 0.35:
        return text.capitalize()
    return text.upper() if way < 0.4 else text


def random_text(rng: random.Random, units: int) -> str:
    """Make a text of so many units."""
    parts = []
    for _ in range(units):
        kind = rng.random()
        if kind < 0.45:
            parts.append(spelt(rng, rng.choice(WORDS)))
        elif kind < 0.65:
            parts.append(spelt(rng, rng.choice(PHRASES)))
        elif kind < 0.85:
            sentence = spelt(rng, rng.choice(SENTENCES)[0])
            parts.append(rng.choice(["", "", ". ", "\n"]) + sentence.replace(" ", rng.choice([" ", " ", "  ", "\n"])))
        else:
            parts.append(rng.choice(PARTS))
        parts.append(rng.choice(GAPS if rng.random() < 0.75 else STOPS))
    return "".join(parts)


def random_example(rng: random.Random) -> dict[str, str]:
    """Make an example; its output mostly stands in its input."""
    example = {"instruction": random_text(rng, rng.randint(0, 4)), "input": random_text(rng, rng.randint(1, 12))}
    text = example["input"]
    way = rng.random()
    if way < 0.5:
        borders = [0, *(place for place, sign in enumerate(text) if sign in " \n.("), len(text)]
        start, end = sorted(rng.choices(borders, k=2))
        example["output"] = text[start:end].strip() if rng.random() < 0.7 else text[start:end]
    elif way < 0.7:
        start, end = sorted(rng.choices(range(len(text) + 1), k=2))
        example["output"] = text[start:end]
    else:
        example["output"] = random_text(rng, rng.randint(0, 2))
    return example


def random_mixer(rng: random.Random) -> CodeMixer:
    """Make a mixer with random features."""
    surface = rng.choice(["replace", "replace", "annotate"])
    return CodeMixer(
        dictionaries()[: rng.randint(1, 3)],
        sentences=sentence_files()[: rng.randint(0, 2)],
        ratio=rng.choice([0.3, 0.9, 1.0]),
        sentence_ratio=rng.choice([0.0, 0.5, 1.0]),
        surface=surface,
        annotate_fields=rng.choice([(), ("output", "input"), ("output",)]) if surface == "annotate" else (),
        draw=rng.choice(["type", "type", "occurrence"]),
        draw_language=rng.choice(["word", "example"]),
        all_capitals=rng.random() < 0.3,
        unmixed_share=rng.choice([0.0, 0.2]),
        choice=rng.choice(["uniform", "first", "frequent"]),
        skip_words=frozenset(rng.choice([[], ["cream"]])),
        seed=rng.randint(0, 9),
    )
