"""A tokenizer that keeps every text as it is, which the quickstart's does not: its words are those of its world."""

import json

import pytest

from commit_llm.data.tokenizer import load_tokenizer


@pytest.fixture(scope="session")
def lossless(tmp_path_factory):
    """The folder of a tokenizer with a token a byte."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers

    tokens = ["<unk>", "<s>", "</s>", *sorted(pre_tokenizers.ByteLevel.alphabet())]
    tokenizer = Tokenizer(models.BPE({token: place for place, token in enumerate(tokens)}, []))
    tokenizer.add_special_tokens(tokens[:3])
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    folder = tmp_path_factory.mktemp("lossless")
    tokenizer.save(str(folder / "tokenizer.json"))
    (folder / "tokenizer_config.json").write_text(json.dumps({"bos_token": "<s>", "eos_token": "</s>"}))
    return folder


@pytest.fixture(scope="session")
def tokenizer(lossless):
    return load_tokenizer(lossless)
