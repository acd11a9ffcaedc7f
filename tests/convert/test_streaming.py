"""EasyLM's streaming checkpoints: the original's own files bit for bit, chunked arrays, and broken files."""

import ml_dtypes
import msgpack
import numpy as np
import pytest

from commit_llm.convert.streaming import CHUNKED, read_streaming_params
from commit_llm.errors import UserError


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
