"""What is said where a device's memory runs out."""

import re

import jax
import pytest

from commit_llm.errors import UserError
from commit_llm.train.loop import train
from commit_llm.train.plan import out_of_memory
from commit_llm.train.prepare import Training

MESSAGE = "RESOURCE_EXHAUSTED: Out of memory while trying to allocate 33554432 bytes."


def exhaust(monkeypatch, message=MESSAGE, memory=None):
    def place(training, params):
        raise jax.errors.JaxRuntimeError(message)

    monkeypatch.setattr(Training, "place", place)
    monkeypatch.setattr(out_of_memory, "bytes_for_program", lambda devices: memory)


def needed(recipe, monkeypatch, tmp_path, memory=None):
    exhaust(monkeypatch, memory=memory)
    with pytest.raises(UserError) as raised:
        train(recipe, tmp_path / "run")
    message = str(raised.value)
    assert "\n" not in message
    return message


@pytest.mark.slow
def test_the_mildest_optimizer_that_fits_is_named(small_recipe, monkeypatch, tmp_path):
    message = needed(small_recipe(dtype="bfloat16"), monkeypatch, tmp_path, 2**40)
    assert message.startswith("out of memory on cpu: by arithmetic a step needs 0.0")
    assert " GiB of 1024 on each; --optimizer adamw-split would need 0.0" in message
    assert message.endswith(
        " (bf16 weights and gradients), with another --out; `commit-llm plan` lists what else would help"
    )


@pytest.mark.slow
def test_the_leanest_is_named_where_none_fits_and_said_to_be_too_much_too(small_recipe, monkeypatch, tmp_path):
    message = needed(small_recipe(dtype="bfloat16"), monkeypatch, tmp_path, 2**10)
    assert re.search(r" GiB of [\d.e-]+ on each; --optimizer adamw-lean would need 0\.0", message)
    assert ", which is too much too (bf16 weights and gradients, factored second moments)" in message


def test_the_mildest_is_named_where_memory_is_not_known(small_recipe, monkeypatch, tmp_path):
    message = needed(small_recipe(dtype="bfloat16"), monkeypatch, tmp_path)
    assert " GiB on each; --optimizer adamw-split would need 0.0" in message
    assert "too much" not in message


def test_another_error_of_the_device_is_left_as_it_is(small_recipe, monkeypatch, tmp_path):
    exhaust(monkeypatch, "INTERNAL: the device has lost itself")
    with pytest.raises(jax.errors.JaxRuntimeError, match="lost itself"):
        train(small_recipe(), tmp_path / "run")
