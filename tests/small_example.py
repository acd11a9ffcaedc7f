"""A small data set for tests: people, told in English and, word for word, in Greek.

All of it is made here: instruction data, dictionary, test questions in SQuAD layout, a model
configuration and a tokenizer. The people of the test questions are in no training example.
"""

import itertools
import json
from pathlib import Path
from typing import Any

from commit_llm.codemix.randomness import permutation

# English word -> Greek word, of the closed vocabulary that the texts below use.
DICTIONARY = {
    "lives": "μένει", "in": "στην", "works": "δουλεύει", "as": "ως", "a": "μια", "likes": "αγαπά", "and": "και",
    "where": "πού", "what": "τι", "does": "κάνει", "live": "ζει", "work": "εργάζεται", "like": "προτιμά",
    "athens": "αθήνα", "patras": "πάτρα", "corfu": "κέρκυρα", "crete": "κρήτη", "larissa": "λάρισα", "volos": "βόλος",
    "teacher": "δασκάλα", "doctor": "γιατρός", "farmer": "αγρότισσα", "baker": "φούρναρης", "pilot": "πιλότος",
    "singer": "τραγουδίστρια", "bread": "ψωμί", "cheese": "τυρί", "olives": "ελιές", "honey": "μέλι", "fish": "ψάρι",
    "soup": "σούπα",
}  # fmt: skip
CITIES = ("athens", "patras", "corfu", "crete", "larissa", "volos")
JOBS = ("teacher", "doctor", "farmer", "baker", "pilot", "singer")
FOODS = ("bread", "cheese", "olives", "honey", "fish", "soup")
NAMES = (
    "anna", "eleni", "maria", "sofia", "katerina", "ioanna", "dimitra", "georgia", "vasiliki", "angeliki", "despina",
    "fotini", "irini", "kalliopi", "marina", "natalia", "olga", "paraskevi", "rania", "stella", "theodora", "xenia",
    "zoe", "chrysa",
)  # fmt: skip
TEST_NAMES = NAMES[-6:]

MODEL = {
    "model_type": "llama",
    "hidden_size": 64,
    "intermediate_size": 176,
    "num_hidden_layers": 2,
    "num_attention_heads": 4,
    "num_key_value_heads": 2,
    "max_position_embeddings": 2048,
    "rms_norm_eps": 1e-6,
    "bos_token_id": 1,
    "eos_token_id": 2,
}


def greek(text: str) -> str:
    """The text word for word in Greek; names and punctuation stay."""
    return " ".join(DICTIONARY.get(word, word) for word in text.split(" "))


def people(names: tuple[str, ...], seed: int) -> list[dict[str, Any]]:
    """Every person with every city, and a job and a food that the seed draws: text, questions and answers."""
    made = []
    for number, (name, city) in enumerate(itertools.product(names, CITIES)):
        job = JOBS[int(permutation(len(JOBS), seed, number, 0)[0])]
        food = FOODS[int(permutation(len(FOODS), seed, number, 1)[0])]
        text = f"{name} lives in {city} and works as a {job} and likes {food}"
        asked = [
            (f"where does {name} live", city),
            (f"what does {name} work as", job),
            (f"what does {name} like", food),
        ]
        made.append({"text": text, "asked": asked})
    return made


def instructions(seed: int) -> list[dict[str, str]]:
    """The English training data, Alpaca format: a question, the text as input, the answer."""
    told = people(tuple(name for name in NAMES if name not in TEST_NAMES), seed)
    return [
        {"instruction": f"{question} ?", "input": person["text"], "output": answer}
        for person in told
        for question, answer in person["asked"]
    ]


def questions(seed: int, in_greek: bool) -> dict[str, Any]:
    """The test questions, in SQuAD layout."""
    say = greek if in_greek else str
    paragraphs = [
        {
            "context": say(person["text"]),
            "qas": [
                {
                    "id": f"{number}-{n}",
                    "question": say(f"{question} ?"),
                    "answers": [{"text": say(answer), "answer_start": say(person["text"]).index(say(answer))}],
                }
                for n, (question, answer) in enumerate(person["asked"])
            ],
        }
        for number, person in enumerate(people(TEST_NAMES, seed))
    ]
    return {"version": "commit-llm tests", "data": [{"title": "people", "paragraphs": paragraphs}]}


def write_example(folder: Path, seed: int) -> None:
    """Write the example's files into an existing, empty folder."""
    data = instructions(seed)
    lines = [json.dumps(record, ensure_ascii=False) for record in data]
    (folder / "instructions.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    pairs = [f"{english}\t{other}\n" for english, other in DICTIONARY.items()]
    (folder / "en-el.txt").write_text("".join(pairs), encoding="utf-8")
    for language in ("en", "el"):
        text = json.dumps(questions(seed, in_greek=language == "el"), ensure_ascii=False, indent=1)
        (folder / f"xquad.{language}.json").write_text(text + "\n", encoding="utf-8")
    model = folder / "model"
    model.mkdir()
    texts = [*DICTIONARY, *DICTIONARY.values(), *NAMES, *(text for record in data for text in record.values())]
    vocab_size = write_tokenizer(model, texts)
    (model / "config.json").write_text(
        json.dumps(MODEL | {"vocab_size": vocab_size}, indent=2) + "\n", encoding="utf-8"
    )


def write_tokenizer(folder: Path, texts: list[str]) -> int:
    """Train a byte-level BPE tokenizer on the texts and the prompt templates; its number of entries."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    from commit_llm.data.prompts import ALPACA_WITH_INPUT, ALPACA_WITHOUT_INPUT

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=640,
        special_tokens=["<unk>", "<s>", "</s>"],
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    templates = [ALPACA_WITH_INPUT, ALPACA_WITHOUT_INPUT]
    tokenizer.train_from_iterator([*templates, *(f" {text}" for text in texts)], trainer)
    tokenizer.save(str(folder / "tokenizer.json"))
    settings = {"tokenizer_class": "PreTrainedTokenizerFast", "bos_token": "<s>", "eos_token": "</s>"}
    (folder / "tokenizer_config.json").write_text(json.dumps(settings, indent=2) + "\n", encoding="utf-8")
    return tokenizer.get_vocab_size()
