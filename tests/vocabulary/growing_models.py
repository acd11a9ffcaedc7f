"""Small models that can grow: folders with a tokenizer of English, of each kind, and random weights."""

import io
import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import jax
import numpy as np

from commit_llm.convert.config_text import new_config
from commit_llm.convert.folder import write_model
from commit_llm.model.parameters import init_parameters
from tests.model.test_decoder import SMALL

ENGLISH = [
    "The cat sleeps on the warm stone, and the dog waits by the door.",
    "The old sailor sings of the sea, of islands and of olive trees.",
    "A small boat carries bread, water and letters to the island.",
    "Where does the road to the mountain begin?",
]
GREEK = [
    "Η γάτα κοιμάται πάνω στη ζεστή πέτρα και ο σκύλος περιμένει στην πόρτα.",
    "Ο γέρος ναύτης τραγουδά για τη θάλασσα, για τα νησιά και για τις ελιές.",
    "Μια μικρή βάρκα φέρνει ψωμί, νερό και γράμματα στο νησί.",
    "Η γάτα και ο σκύλος περιμένουν στο νησί τη βάρκα και τον ναύτη.",
    "Το νησί έχει πέτρα, νερό και ελιές· η θάλασσα είναι ζεστή.",
]
SPECIALS = ("<s>", "</s>")


def byte_level(folder: Path) -> int:
    """Write a tokenizer.json of bytes, and give its size. Its special tokens stand behind its pieces, unnamed there."""
    from tokenizers import AddedToken, Tokenizer, decoders, models, pre_tokenizers, trainers

    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    trainer = trainers.BpeTrainer(vocab_size=330, initial_alphabet=alphabet, show_progress=False)
    tokenizer.train_from_iterator(ENGLISH, trainer)
    tokenizer.add_special_tokens([AddedToken(name, special=True, normalized=False) for name in SPECIALS])
    tokenizer.save(str(folder / "tokenizer.json"))
    _settings(folder)
    return tokenizer.get_vocab_size()


def sentencepiece(folder: Path, kind: str = "bpe") -> int:
    """Write a tokenizer.model with a byte for each character that it lacks, and give its size."""
    from sentencepiece import SentencePieceTrainer

    model = io.BytesIO()
    SentencePieceTrainer.Train(
        sentence_iterator=iter(ENGLISH * 4),
        model_writer=model,
        model_type=kind,
        vocab_size=330,
        byte_fallback=True,
        hard_vocab_limit=False,
        minloglevel=2,
    )
    (folder / "tokenizer.model").write_bytes(model.getvalue())
    return 330


def spaced(folder: Path) -> int:
    """Write a tokenizer.json as LLaMA has it, with a low block for each space, and give its size."""
    from tokenizers import AddedToken, Tokenizer, models, normalizers, trainers

    tokenizer = Tokenizer(models.BPE(byte_fallback=True, fuse_unk=True, unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Sequence([normalizers.Prepend("\u2581"), normalizers.Replace(" ", "\u2581")])
    names = ["<unk>", *SPECIALS, *(f"<0x{byte:02X}>" for byte in range(256))]
    words = [word for line in ENGLISH for word in line.split()]
    trainer = trainers.BpeTrainer(vocab_size=400, special_tokens=names, show_progress=False)
    tokenizer.train_from_iterator(words, trainer)
    content = json.loads(tokenizer.to_str())
    content["added_tokens"] = content["added_tokens"][:3]
    content["decoder"] = {
        "type": "Sequence",
        "decoders": [
            {"type": "Replace", "pattern": {"String": "\u2581"}, "content": " "},
            {"type": "ByteFallback"},
            {"type": "Fuse"},
            {"type": "Strip", "content": " ", "start": 1, "stop": 0},
        ],
    }
    (folder / "tokenizer.json").write_text(json.dumps(content), encoding="utf-8")
    _settings(folder)
    assert AddedToken
    return len(content["model"]["vocab"])


def _settings(folder: Path) -> None:
    names = dict(zip(("bos_token", "eos_token"), SPECIALS, strict=True))
    (folder / "tokenizer_config.json").write_text(json.dumps(names), encoding="utf-8")


KINDS: dict[str, Callable[[Path], int]] = {"bytes": byte_level, "sentencepiece": sentencepiece, "spaces": spaced}


def write_growing_model(
    folder: Path, kind: str, tied: bool = False, padding: int = 0, dtype: str = "bfloat16", times: float = 1.0
) -> None:
    """Fill a folder with a model.

    padding: rows of its embedding beyond the tokenizer's.
    times: how much larger than fresh weights its matrices are, so that the likeliest token is not always the same.
    """
    folder.mkdir(exist_ok=True)
    size = KINDS[kind](folder)
    config = replace(SMALL, vocab_size=size + padding, tie_word_embeddings=tied)
    fresh = init_parameters(config, jax.random.key(0))
    params = jax.tree.map(lambda array: np.asarray(array if (array == 1).all() else array * times), fresh)
    ids = {"bos_token_id": 1, "eos_token_id": 2}
    write_model(folder, params, config, dtype, new_config(config, dtype, ids))
