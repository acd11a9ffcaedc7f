"""Weights files that carry their checksum: a bit that flips anywhere is noticed, and a file of others is read."""

import json
import random

import jax
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from commit_llm.convert.config_text import new_config
from commit_llm.convert.folder import write_model
from commit_llm.convert.huggingface import read_weights
from commit_llm.convert.sealed_weights import ENTRY, UNSEALED, require_unchanged, seal
from commit_llm.convert.weight_files import open_weights
from commit_llm.errors import UserError
from commit_llm.model.parameters import init_parameters
from tests.model.test_decoder import SMALL

SEED = 28


def sealed(file, rows=3):
    save_file({"a": np.arange(4.0 * rows).reshape(rows, 4), "é": np.ones(2, np.float16)}, file, metadata=UNSEALED)
    seal(file)
    return file.read_bytes()


def flipped(content, bit):
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def read(file):
    """Read a file as `read_weights` does: some broken headers are left to the library."""
    require_unchanged(file)
    with open_weights(file.parent, []):
        pass


@pytest.fixture(scope="module")
def exported(tmp_path_factory):
    folder = tmp_path_factory.mktemp("exported")
    params = jax.tree.map(np.asarray, init_parameters(SMALL, jax.random.key(0)))
    config = new_config(SMALL, "bfloat16", {"bos_token_id": 1, "eos_token_id": 2})
    write_model(folder, params, SMALL, "bfloat16", config, shard_bytes=20_000)
    return folder


def test_every_byte_of_a_file_is_looked_at(tmp_path):
    """One bit of each; all 2,592 were tried once, and noticed."""
    file = tmp_path / "model.safetensors"
    content = sealed(file)
    require_unchanged(file)
    for bit in range(0, 8 * len(content), 9):
        file.write_bytes(flipped(content, bit))
        with pytest.raises(UserError, match=r"is damaged|not a readable safetensors file") as error:
            read(file)
        assert str(file) in str(error.value), bit


def test_sixty_bits_flipped_in_an_export_are_sixty_refusals(exported):
    generator = random.Random(SEED)
    print("seed", SEED)
    files = sorted(exported.glob("*.safetensors"))
    assert len(files) > 3
    read_weights(exported, SMALL)
    for number in range(60):
        file = generator.choice(files)
        content = file.read_bytes()
        within = int.from_bytes(content[:8], "little") + 8 if number % 2 else len(content)  # every second: the header
        file.write_bytes(flipped(content, generator.randrange(8 * within)))
        with pytest.raises(UserError, match=file.name):
            read_weights(exported, SMALL)
        file.write_bytes(content)
    read_weights(exported, SMALL)


def test_the_same_tensors_give_the_same_bytes(tmp_path):
    contents = {sealed(tmp_path / "one.safetensors") for _ in range(20)}  # the library draws an order each time
    assert len(contents) == 1
    with safe_open(tmp_path / "one.safetensors", framework="np") as opened:
        assert opened.metadata()["format"] == "pt"
        assert set(opened.metadata()) == {"format", ENTRY}


def test_a_file_that_others_rewrote_carries_no_checksum_and_is_read(exported, tmp_path):
    for file in exported.iterdir():
        content = file.read_bytes()
        if file.suffix == ".safetensors":
            save_file(
                {name: tensor + tensor.dtype.type(1) for name, tensor in load_file(file).items()}, tmp_path / file.name
            )
        else:
            (tmp_path / file.name).write_bytes(content)
    assert read_weights(tmp_path, SMALL)[1] == "bfloat16"


@pytest.mark.parametrize("content", [b"", b"\xff" * 100, b"\x02" + bytes(7) + b"[]", b"\x02" + bytes(7) + b"{]"])
def test_what_is_no_safetensors_file_is_refused_in_one_line(tmp_path, content):
    (tmp_path / "model.safetensors").write_bytes(content)
    with pytest.raises(UserError, match=r"model\.safetensors: not a readable safetensors file"):
        require_unchanged(tmp_path / "model.safetensors")


def test_a_file_whose_metadata_are_of_another_form_is_left_to_the_library(tmp_path):
    """It is not called damaged; whoever opens it says in one line what it is."""
    header = json.dumps({"__metadata__": ["a"]}).encode()
    (tmp_path / "model.safetensors").write_bytes(len(header).to_bytes(8, "little") + header)
    require_unchanged(tmp_path / "model.safetensors")
    with pytest.raises(UserError, match=r"model\.safetensors: not a readable safetensors file"):
        read_weights(tmp_path, SMALL)
