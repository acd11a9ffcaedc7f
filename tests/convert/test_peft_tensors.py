"""An adapter_model.safetensors: written and read to the same numbers, and what does not fit."""

import dataclasses

import jax
import ml_dtypes
import numpy as np
import pytest
from safetensors import safe_open
from safetensors.numpy import load_file, save_file

from commit_llm.convert.peft_tensors import adapter_file, read_adapter, write_adapter
from commit_llm.errors import UserError
from commit_llm.model.adapter import Adapter
from tests.convert.adapters import draw_trained, write_folder
from tests.model.test_decoder import SMALL

ADAPTER = Adapter(4, 8.0, ("query", "down"), ("embedding", "head"))
TIED = dataclasses.replace(SMALL, tie_word_embeddings=True)
QUERY_A = "base_model.model.model.layers.0.self_attn.q_proj.lora_A.weight"


@pytest.fixture
def folder(tmp_path):
    return write_folder(tmp_path, draw_trained(SMALL, ADAPTER), ADAPTER, SMALL, "base")


def read(folder, adapter=ADAPTER, config=SMALL):
    return read_adapter(folder, adapter, config)


def require_same(ours, expected):
    assert jax.tree.structure(ours) == jax.tree.structure(expected)
    for array, other in zip(jax.tree.leaves(ours), jax.tree.leaves(expected), strict=True):
        assert np.asarray(array).tobytes() == other.tobytes()


def test_what_is_written_is_read(folder):
    require_same(read(folder), draw_trained(SMALL, ADAPTER))


def test_names_shapes_and_metadata(folder):
    tensors = load_file(adapter_file(folder))
    assert len(tensors) == 2 * 2 * SMALL.num_hidden_layers + 2
    assert tensors[QUERY_A].shape == (4, SMALL.hidden_size)
    assert tensors[QUERY_A.replace("lora_A", "lora_B")].shape == (32, 4)
    assert tensors["base_model.model.model.layers.2.mlp.down_proj.lora_A.weight"].shape == (4, SMALL.intermediate_size)
    assert tensors["base_model.model.model.embed_tokens.weight"].shape == (97, 32)
    assert tensors["base_model.model.lm_head.weight"].shape == (97, 32)
    with safe_open(adapter_file(folder), "np") as opened:
        assert opened.metadata()["format"] == "pt"


def test_the_same_adapter_gives_the_same_bytes(folder, tmp_path):
    (tmp_path / "other").mkdir()
    other = write_folder(tmp_path / "other", draw_trained(SMALL, ADAPTER), ADAPTER, SMALL, "base")
    assert adapter_file(other).read_bytes() == adapter_file(folder).read_bytes()


def test_a_tied_embedding_stands_there_twice_and_is_one(tmp_path):
    adapter = dataclasses.replace(ADAPTER, saved=("embedding",))
    trained = draw_trained(TIED, adapter)
    folder = write_folder(tmp_path, trained, adapter, TIED, "base")
    tensors = load_file(adapter_file(folder))
    embedding, head = (tensors[f"base_model.model.{name}.weight"] for name in ("model.embed_tokens", "lm_head"))
    assert embedding.tobytes() == head.tobytes()
    require_same(read(folder, adapter, TIED), trained)
    tensors["base_model.model.lm_head.weight"] = head + 1
    save_file(tensors, adapter_file(folder))
    with pytest.raises(UserError, match=r"its lm_head is not its embed_tokens, though adapter_config.json ties them"):
        read(folder, adapter, TIED)


EMBEDDING, HEAD = (f"base_model.model.{name}.weight" for name in ("model.embed_tokens", "lm_head"))


@pytest.mark.parametrize(
    ("shapes", "wrong"),
    [
        ({EMBEDDING: (97,), HEAD: (97,)}, (EMBEDDING, "(97,)")),
        ({EMBEDDING: (), HEAD: ()}, (EMBEDDING, "()")),
        ({EMBEDDING: (97, 0), HEAD: (97, 0)}, (EMBEDDING, "(97, 0)")),
        ({HEAD: (97,)}, (HEAD, "(97,)")),
        ({HEAD: (97, 31)}, (HEAD, "(97, 31)")),
    ],
)
def test_a_tied_embedding_of_another_shape(tmp_path, shapes, wrong):
    adapter = dataclasses.replace(ADAPTER, saved=("embedding",))
    folder = write_folder(tmp_path, draw_trained(TIED, adapter), adapter, TIED, "base")
    changed(folder, lambda tensors: tensors.update({key: np.zeros(shape, np.float32) for key, shape in shapes.items()}))
    name, shape = wrong
    with pytest.raises(UserError) as error:
        read(folder, adapter, TIED)
    assert str(error.value) == (
        f"{adapter_file(folder)}: tensor '{name}' has shape {shape}, and adapter_config.json with the base says "
        "(97, 32); is it the adapter of another base?"
    )


def test_the_head_of_a_tied_embedding_may_be_left_out_and_is_of_a_known_type(tmp_path):
    adapter = dataclasses.replace(ADAPTER, saved=("embedding",))
    folder = write_folder(tmp_path, trained := draw_trained(TIED, adapter), adapter, TIED, "base")
    changed(folder, lambda tensors: tensors.update({HEAD: tensors[HEAD].astype(np.float64)}))
    with pytest.raises(UserError, match=rf"tensor '{HEAD}' is of type F64"):
        read(folder, adapter, TIED)
    changed(folder, lambda tensors: tensors.pop(HEAD))
    require_same(read(folder, adapter, TIED), trained)


@pytest.mark.parametrize("dtype", [ml_dtypes.bfloat16, np.float16])
def test_other_dtypes_are_read_as_fp32(folder, dtype):
    tensors = {name: tensor.astype(dtype) for name, tensor in load_file(adapter_file(folder)).items()}
    save_file(tensors, adapter_file(folder))
    expected = jax.tree.map(lambda array: array.astype(dtype).astype(np.float32), draw_trained(SMALL, ADAPTER))
    require_same(read(folder), expected)


def changed(folder, change):
    tensors = load_file(adapter_file(folder))
    change(tensors)
    save_file(tensors, adapter_file(folder))


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda tensors: tensors.pop(QUERY_A), f"tensor '{QUERY_A}' is missing; save or fetch"),
        (
            lambda tensors: [tensors.pop(name) for name in list(tensors) if ".q_proj." in name],
            f"tensor '{QUERY_A}' is missing \\(and 5 more\\)",
        ),
        (
            lambda tensors: tensors.update({QUERY_A.replace("q_proj", "k_proj"): tensors[QUERY_A]}),
            rf"tensor '{QUERY_A.replace('q_proj', 'k_proj')}' is none that adapter_config.json and the base ask for; "
            r"is it the adapter of another base\?",
        ),
        (
            lambda tensors: tensors.update({f"layers.{layer}.x": tensors[QUERY_A] for layer in range(3)}),
            r"tensor 'layers.0.x' is none that .* ask for \(nor do 2 more; 0 are missing\)",
        ),
        (
            lambda tensors: tensors.update({QUERY_A: tensors[QUERY_A][:, :-1].copy()}),
            rf"tensor '{QUERY_A}' has shape \(4, 31\), and adapter_config.json with the base says \(4, 32\)",
        ),
        (
            lambda tensors: tensors.update({QUERY_A: tensors[QUERY_A].astype(np.float64)}),
            f"tensor '{QUERY_A}' is of type F64; known are F32, F16, BF16",
        ),
    ],
)
def test_tensors_that_do_not_fit(folder, change, reason):
    changed(folder, change)
    with pytest.raises(UserError, match=reason):
        read(folder)


def test_the_adapter_of_a_base_of_another_size(folder):
    with pytest.raises(UserError, match=r"has shape \(4, 32\), .* says \(4, 40\); is it the adapter of another base\?"):
        read(folder, config=dataclasses.replace(SMALL, hidden_size=40))


def test_a_path_with_language_model_is_that_of_the_decoder(folder):
    """As in an adapter of the class of Gemma 3 that sees images, which has modules of the same names in its tower."""

    def rename(tensors):
        for name in list(tensors):
            new = name.replace("base_model.model.model.", "base_model.model.model.language_model.")
            tensors[new] = tensors.pop(name)
        of_tower = "base_model.model.model.vision_tower.encoder.layers.0.self_attn.q_proj.lora_A.weight"
        tensors[of_tower] = np.zeros((4, 8), np.float32)

    changed(folder, rename)
    require_same(read(folder), draw_trained(SMALL, ADAPTER))


def test_files_that_are_no_adapter(folder):
    file = adapter_file(folder)
    whole = file.read_bytes()
    file.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))
    with pytest.raises(UserError, match="is damaged"):
        read(folder)
    file.write_bytes(whole[:100])
    with pytest.raises(UserError, match="not a readable safetensors file"):
        read(folder)
    file.unlink()
    with pytest.raises(UserError, match=r"no adapter_model.safetensors in it; fetch or save the adapter again"):
        read(folder)
    (folder / "adapter_model.bin").write_bytes(b"a pickle")
    with pytest.raises(UserError, match=r"has adapter_model.bin, a pickle, which COMMIT never opens"):
        read(folder)


def test_numbers_that_are_not_finite_are_not_written(tmp_path):
    trained = draw_trained(SMALL, ADAPTER)
    trained["layers"]["query_lora_b"][1, 2, 3] = np.nan
    (tmp_path / "adapter_config.json").write_text("{}")
    with pytest.raises(UserError, match=r"layers.1.self_attn.q_proj.lora_B.weight: 1 of its numbers"):
        write_adapter(tmp_path, trained, ADAPTER, SMALL)
