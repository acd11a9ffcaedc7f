"""An export has the bytes of the tensors that were read, and every character of the config.json."""

import pytest
from safetensors import safe_open

from commit_llm.convert.config_text import changed_config
from commit_llm.convert.folder import write_model
from commit_llm.convert.huggingface import read_weights
from commit_llm.model.families.config_json import read_config
from tests.parity.families import CASES

torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

from tests.parity.tiny_models import save_tiny  # noqa: E402

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]


@pytest.mark.parametrize("case", CASES)
@pytest.mark.parametrize("dtype", ["float32", "bfloat16", "float16"])
def test_tensors_and_configuration_go_through(case, dtype, tmp_path):
    source, out = tmp_path / "source", tmp_path / "out"
    save_tiny(CASES[case], source, getattr(torch, dtype))
    export(source, out, dtype)
    assert tensors_of(out) == tensors_of(source)
    assert (out / "config.json").read_bytes() == (source / "config.json").read_bytes()


def export(source, out, dtype):
    """Read a folder and write it again, as `export` does."""
    config = read_config(source)
    params, file_dtype = read_weights(source, config)
    assert file_dtype == dtype
    out.mkdir()
    write_model(out, params, config, dtype, changed_config(source / "config.json", config, dtype))


def tensors_of(folder):
    """Give dtype, shape and bytes of each tensor."""
    with safe_open(folder / "model.safetensors", framework="pt") as opened:
        tensors = {name: opened.get_tensor(name) for name in opened.keys()}  # noqa: SIM118
    as_integers = {2: torch.int16, 4: torch.int32}
    return {
        name: (tensor.dtype, tensor.shape, tensor.view(as_integers[tensor.element_size()]).numpy().tobytes())
        for name, tensor in tensors.items()
    }
