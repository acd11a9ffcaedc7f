"""A tokenizer that keeps every text as it is, which the quickstart's does not: its words are those of its world."""

import pytest

from commit_llm.data.tokenizer import load_tokenizer
from tests.data.tokenizer_folders import template, write_bytes_tokenizer


@pytest.fixture(scope="session")
def lossless(tmp_path_factory):
    """The folder of a tokenizer with a token a byte."""
    folder = tmp_path_factory.mktemp("lossless")
    write_bytes_tokenizer(folder, template())
    return folder


@pytest.fixture(scope="session")
def tokenizer(lossless):
    return load_tokenizer(lossless)
