"""Exports of a run that trains an adapter: the adapter alone, and the merged model; what is read back is the same."""

import json
import shutil

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file, save_file

from commit_llm.cli.main import main
from commit_llm.convert.peft_configuration import read_configuration
from commit_llm.data.chat.template import find_chat_template
from commit_llm.errors import UserError
from commit_llm.files.provenance import sha256
from commit_llm.recipes import load_recipe
from commit_llm.runs.run import read_provenance
from commit_llm.train.adapted import adapter_of
from commit_llm.train.adapter_export import export_adapter
from commit_llm.train.export import export
from commit_llm.train.lineage import history_of
from commit_llm.train.loop import train
from commit_llm.train.model_source import open_model
from commit_llm.train.weights import load_adapter, load_params
from tests.train.test_loop import params_of

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def exported(adapted, tmp_path_factory):
    out = tmp_path_factory.mktemp("exported") / "adapter"
    export_adapter(adapted, out)
    return out


def test_the_files_of_an_adapter(exported, adapted, base):
    assert {path.name for path in exported.iterdir()} == {
        "README.md", "adapter_config.json", "adapter_model.safetensors", "chat_template.jinja",
        "generation_config.json", "provenance.json", "tokenizer.json", "tokenizer_config.json",
    }  # fmt: skip
    settings = json.loads((exported / "adapter_config.json").read_text())
    assert settings["base_model_name_or_path"] == str(base)
    assert settings["target_modules"] == ["down_proj", "gate_proj", "k_proj", "o_proj", "q_proj", "v_proj"]
    assert (settings["r"], settings["lora_alpha"], settings["revision"]) == (4, 8, None)
    kept, of_run = (json.loads((folder / "provenance.json").read_text()) for folder in (exported, adapted))
    assert kept["weights"] == of_run["weights"]
    assert (kept["base"], of_run["base"]["model"]) == ({"model": base.name, "revision": None}, str(base))
    card = (exported / "README.md").read_text()
    assert "library_name: peft" in card
    assert "AutoPeftModelForCausalLM.from_pretrained" in card
    assert "LoRA of rank 4, alpha 8, on q_proj k_proj v_proj o_proj gate_proj down_proj; the base is not in" in card
    for path in exported.iterdir():  # that an adapter is published with
        assert (base.parent.name in path.read_text("utf-8", errors="replace")) is (path.name == "adapter_config.json")


def test_an_adapter_that_is_read_is_the_run(exported, adapted):
    """Its parameters to the bit, its tokens, its template and its history."""
    source, run = open_model(str(exported)), open_model(str(adapted))
    ours, of_run = load_params(source)[0], params_of(adapted)
    assert jax.tree.structure(ours) == jax.tree.structure(of_run)
    for array, other in zip(jax.tree.leaves(ours), jax.tree.leaves(of_run), strict=True):
        np.testing.assert_array_equal(array, other)
    assert read_configuration(exported).adapter == adapter_of(load_recipe(adapted / "config.yaml"))
    assert (source.stops, source.tokenizer.bos) == (run.stops, run.tokenizer.bos)
    assert source.tokenizer.path.parent == exported
    assert find_chat_template(source.tokenizer, source.stops) is not None
    history, before = history_of(source), history_of(run)
    assert history.stages == before.stages
    assert len(history.stages) == 2
    np.testing.assert_array_equal(history.documents, before.documents)


def test_a_step_and_the_same_bytes_again(exported, adapted, tmp_path):
    export_adapter(adapted, tmp_path / "again")
    for path in exported.iterdir():
        assert (tmp_path / "again" / path.name).read_bytes() == path.read_bytes(), path.name
    export_adapter(adapted, tmp_path / "again", step=6, overwrite=True)
    trained = load_adapter(open_model(str(adapted)), adapter_of(load_recipe(adapted / "config.yaml")), 6)
    tensors = load_file(tmp_path / "again" / "adapter_model.safetensors")
    name = "base_model.model.model.layers.1.mlp.gate_proj.lora_B.weight"
    np.testing.assert_array_equal(tensors[name], trained["layers"]["gate_lora_b"][1].T)


def test_the_merged_export_keeps_the_bytes_of_what_has_no_adapter(adapted, base, tmp_path):
    """In the base's own dtype, which is bfloat16; the others are the merged ones, rounded once."""
    assert export(adapted, tmp_path / "merged") == "bfloat16"
    before, after = load_file(base / "model.safetensors"), load_file(tmp_path / "merged" / "model.safetensors")
    assert before.keys() == after.keys()
    changed = {name for name in before if before[name].tobytes() != after[name].tobytes()}
    assert {name.split(".")[-2] for name in changed} == {
        "q_proj",
        "k_proj",
        "v_proj",
        "o_proj",
        "gate_proj",
        "down_proj",
    }
    assert len(changed) == 6 * 2
    gate = params_of(adapted)["layers"]["gate"][1].T
    merged = after["model.layers.1.mlp.gate_proj.weight"]
    np.testing.assert_array_equal(merged, np.asarray(gate).astype(merged.dtype))
    assert (
        "on q_proj k_proj v_proj o_proj gate_proj down_proj; merged into the base"
        in (tmp_path / "merged" / "README.md").read_text()
    )


def test_a_base_of_the_hub_keeps_its_name(adapted, base, hub_model, tmp_path):
    snapshot = hub_model.main.parents[1] / "snapshots" / hub_model.main.read_text()
    for file in ("config.json", "model.safetensors"):
        shutil.copy(base / file, snapshot)
    run = with_base(adapted, tmp_path / "run", hub_model.name, snapshot.name)
    export_adapter(run, tmp_path / "out")
    kept = read_provenance(tmp_path / "out")["base"]
    assert kept == {"model": hub_model.name, "revision": snapshot.name}


def in_other_dtypes(base, folder):
    """A copy of a base in which norms are in float32, and one of two layers' kernels in float16."""
    shutil.copytree(base, folder)
    tensors = load_file(folder / "model.safetensors")
    for name in tensors:
        if "norm" in name:
            tensors[name] = tensors[name].astype(np.float32) * np.float32(1.0001)  # which bfloat16 has no room for
        elif "layers.1.mlp" in name:
            tensors[name] = tensors[name].astype(np.float16)
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    return tensors


def test_the_merged_export_keeps_the_dtype_of_each_tensor(adapted, base, tmp_path):
    before = in_other_dtypes(base, tmp_path / "base")
    run = with_base(adapted, tmp_path / "run", tmp_path / "base")
    provenance = read_provenance(run)
    provenance["weights"]["sha256"] = {"model.safetensors": sha256(tmp_path / "base" / "model.safetensors")}
    (run / "provenance.json").write_text(json.dumps(provenance))
    assert export(run, tmp_path / "merged") == "bfloat16"  # that of the embedding
    after = load_file(tmp_path / "merged" / "model.safetensors")
    assert {name: tensor.dtype for name, tensor in after.items()} == {
        name: tensor.dtype for name, tensor in before.items()
    }
    assert len({tensor.dtype for tensor in after.values()}) == 3
    changed = {name for name in before if before[name].tobytes() != after[name].tobytes()}
    assert len(changed) == 6 * 2
    assert not any("norm" in name or "up_proj" in name or "embed" in name or "head" in name for name in changed)
    card = (tmp_path / "merged" / "README.md").read_text()
    assert "| weights | bfloat16 and float32 and float16, trained from bfloat16 |" in card
    assert export(run, tmp_path / "other", dtype="bfloat16") == "bfloat16"
    other = load_file(tmp_path / "other" / "model.safetensors")
    assert {tensor.dtype.name for tensor in other.values()} == {"bfloat16"}


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_the_merged_export_has_the_dtype_of_the_base(dtype, undisturbed, lora_recipe, tmp_path):
    """Also in a -2024 recipe, whose export is float16 else."""
    export(undisturbed, tmp_path / "base", dtype=dtype)
    recipe = lora_recipe("commit-2024", model=str(tmp_path / "base"), steps=1, warmup_steps=0)
    train(recipe, tmp_path / "run")
    assert export(tmp_path / "run", tmp_path / "merged") == dtype
    before, after = (load_file(tmp_path / name / "model.safetensors") for name in ("base", "merged"))
    same = {name for name in before if before[name].tobytes() == after[name].tobytes()}
    assert {name for name in before if "norm" in name or "up_proj" in name or "embed" in name or "head" in name} <= same
    assert export(tmp_path / "run", tmp_path / "other", dtype="bfloat16") == "bfloat16"


def test_what_is_no_adapter_s_run(adapted, undisturbed, tmp_path, capsys):
    with pytest.raises(UserError, match=r"trained the whole model, and no adapter \(--lora-r\); leave --adapter out"):
        export_adapter(undisturbed, tmp_path / "out")
    with pytest.raises(UserError, match="not a run directory"):
        export_adapter(tmp_path, tmp_path / "out")
    argv = ["export", str(adapted), "--out", str(tmp_path / "out"), "--adapter", "--dtype", "bfloat16"]
    assert main(argv) == 2
    assert "--dtype bfloat16: an adapter is float32, as it was trained; leave it out" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "config.json").write_text("{}")  # a model's folder is no adapter's
    with pytest.raises(UserError, match=r"holds something else \(no adapter_config.json\)"):
        export_adapter(adapted, tmp_path / "out", overwrite=True)


def test_the_command_says_what_it_wrote(adapted, base, tmp_path, capsys):
    assert main(["export", str(adapted), "--out", str(tmp_path / "out"), "--adapter"]) == 0
    line = (
        f"wrote {tmp_path / 'out'}, an adapter of {base}; load it with peft.AutoPeftModelForCausalLM.from_pretrained\n"
    )
    assert capsys.readouterr().out == line


def with_base(run, out, model, revision=None):
    """A run that says another base; its weights are looked at later."""
    shutil.copytree(run, out)
    provenance = json.loads((out / "provenance.json").read_text())
    provenance["base"] = {"model": str(model), "revision": revision}
    (out / "provenance.json").write_text(json.dumps(provenance))
    return out


def test_bases_that_peft_does_not_load(adapted, exported, undisturbed, base, tmp_path):
    merged = "which peft does not load; leave --adapter out, and the export is the merged model"
    for number, (model, kind) in enumerate([(undisturbed, "a run"), (exported, "an adapter itself")]):
        run = with_base(adapted, tmp_path / f"run{number}", model)
        with pytest.raises(UserError, match=rf"base of its adapter, '{model}', is {kind}, {merged}"):
            export_adapter(run, tmp_path / "out")
    sees = shutil.copytree(base, tmp_path / "sees")
    config = json.loads((sees / "config.json").read_text())
    text = config | {"model_type": "gemma3_text", "sliding_window": 4, "layer_types": None}
    (sees / "config.json").write_text(json.dumps({"model_type": "gemma3", "text_config": text}))
    run = with_base(adapted, tmp_path / "run", sees)
    with pytest.raises(UserError, match=r"is a gemma3, whose decoder has other names in peft; leave --adapter out"):
        export_adapter(run, tmp_path / "out")
    gone = with_base(adapted, tmp_path / "gone", tmp_path / "nowhere")
    with pytest.raises(UserError, match="the base of its adapter cannot be opened"):
        export_adapter(gone, tmp_path / "out")
    assert not (tmp_path / "out").exists()
