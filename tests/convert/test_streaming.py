"""EasyLM's streaming checkpoints: the original's own files bit for bit, chunked arrays, and broken files."""

import json

import jax
import ml_dtypes
import msgpack
import numpy as np
import pytest

from commit_llm.cli.main import main
from commit_llm.convert import easylm
from commit_llm.convert.easylm import from_easylm, named_config
from commit_llm.convert.huggingface import read_weights
from commit_llm.convert.streaming import CHUNKED, read_streaming_params
from commit_llm.errors import UserError
from commit_llm.model.config import read_config
from commit_llm.model.parameters import count_parameters


def test_the_golden_model_bit_for_bit(shared, tiny):
    config, params = tiny
    arrays = read_streaming_params(shared.golden("tiny_streaming_params"))
    assert len(arrays) == len(shared.golden_json("tiny_streaming_params.layout.json")) == 21
    read = from_easylm(arrays, config)
    for ours, expected in zip(jax.tree.leaves(read), jax.tree.leaves(params), strict=True):
        assert ours.dtype == ml_dtypes.bfloat16
        np.testing.assert_array_equal(ours.astype(np.float32), expected)


@pytest.mark.parametrize("kind", ["params", "train_state"])
@pytest.mark.parametrize("dtype", ["bf16", "fp32"])
def test_parameter_files_and_train_states(shared, kind, dtype):
    arrays = read_streaming_params(shared.golden(f"micro_streaming_{kind}_{dtype}"))
    truth = np.load(shared.golden("micro_params.npz"))
    assert set(arrays) == set(truth.files)
    for name in truth.files:
        expected = truth[name] if dtype == "fp32" else truth[name].astype(ml_dtypes.bfloat16)
        assert arrays[name].tobytes() == expected.tobytes()


def packed(array):
    content = msgpack.packb((array.shape, array.dtype.name, array.tobytes()))
    return msgpack.ExtType(1, content)


def stream(path, **values):
    path.write_bytes(b"".join(msgpack.packb((key.split("/"), msgpack.packb(value))) for key, value in values.items()))
    return path


def test_an_array_in_chunks(tmp_path):
    array = np.arange(24, dtype=np.float32).reshape(4, 6)
    flat = array.reshape(-1)
    chunks = {"0": packed(flat[:10]), "1": packed(flat[10:20]), "2": packed(flat[20:])}
    value = {CHUNKED: True, "shape": {"0": 4, "1": 6}, "chunks": chunks}
    read = read_streaming_params(stream(tmp_path / "s", **{"lm_head/kernel": value}))
    np.testing.assert_array_equal(read["lm_head/kernel"], array)


def test_broken_files(shared, tmp_path):
    whole = shared.golden("micro_streaming_params_fp32").read_bytes()
    path = tmp_path / "s"
    for content, message in (
        (whole[:-10], r"s: truncated: its last value, at byte \d+ of \d+, is not whole"),
        (whole + b"\x00", "not a value of a streaming checkpoint"),
        (b"\xc1" * 20, "at byte 0: not msgpack"),
        (b"", "holds no parameters"),
        (msgpack.packb((["a"], msgpack.packb(5))), "not an array"),
        (
            msgpack.packb((["a"], msgpack.packb(msgpack.ExtType(1, msgpack.packb(((9,), "float32", b"1234")))))),
            "for shape",
        ),
        (
            msgpack.packb((["a"], msgpack.packb(msgpack.ExtType(1, msgpack.packb(((1,), "object", b"1234")))))),
            "dtype 'object'",
        ),
        (msgpack.packb((["a"], msgpack.packb(msgpack.ExtType(5, b"x")))), "not an array"),
    ):
        path.write_bytes(content)
        with pytest.raises(UserError, match=message) as error:
            read_streaming_params(path)
        assert "\n" not in str(error.value)
    with pytest.raises(UserError, match="no such checkpoint file"):
        read_streaming_params(tmp_path / "none")


def test_parameters_that_do_not_fit(shared, tiny):
    config, _ = tiny
    arrays = read_streaming_params(shared.golden("micro_streaming_params_fp32"))
    with pytest.raises(UserError, match=r"'transformer/wte/embedding' has shape \(64, 16\), .* \(32000, 64\)"):
        from_easylm(arrays, config)
    micro = easylm.ModelConfig(64, 16, 24, 2, 2, 2, 8)
    assert from_easylm(arrays, micro)["embedding"].shape == (64, 16)
    with pytest.raises(UserError, match="'transformer/h/1/attention/wq/kernel' is missing"):
        from_easylm({k: v for k, v in arrays.items() if k != "transformer/h/1/attention/wq/kernel"}, micro)
    with pytest.raises(UserError, match="'transformer/h/9/x' belongs to no LLaMA"):
        from_easylm(arrays | {"transformer/h/9/x": np.zeros(1)}, micro)


@pytest.mark.parametrize(
    ("size", "parameters"),
    [("7b", 6_738_415_616), ("13b", 13_015_864_320), ("30b", 32_528_943_616), ("65b", 65_285_660_672)],
)
def test_sizes_of_llama_1(size, parameters):
    assert count_parameters(named_config(size)) == parameters
    assert named_config(size).rms_norm_eps == (1e-5 if size == "65b" else 1e-6)


def test_the_command(shared, tiny, tmp_path, capsys):
    config, params = tiny
    (tmp_path / "config.json").write_text(json.dumps(config.to_hf("bfloat16")))
    tokenizer = shared.data("tokenizer/tokenizer.model")
    argv = ["import", str(shared.golden("tiny_streaming_params")), "--config", str(tmp_path / "config.json")]
    argv += ["--tokenizer", str(tokenizer), "--out", str(tmp_path / "model")]
    assert main(argv) == 0
    assert "(bfloat16)" in capsys.readouterr().out
    assert read_config(tmp_path / "model") == config
    back, dtype = read_weights(tmp_path / "model", config)
    assert dtype == "bfloat16"
    for ours, expected in zip(jax.tree.leaves(back), jax.tree.leaves(params), strict=True):
        np.testing.assert_array_equal(ours.astype(np.float32), expected)
    assert (tmp_path / "model" / "tokenizer.model").read_bytes() == tokenizer.read_bytes()
    assert main(argv) == 2
    assert main([*argv[:3], "70b", *argv[4:-1], str(tmp_path / "other")]) == 2
    assert "give a config.json or one of 7b, 13b, 30b, 65b" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
