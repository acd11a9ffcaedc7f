"""An adapter folder of PEFT's in the place of a model: opened, merged with its base, and refused with another one."""

import dataclasses
import json
import logging
import shutil

import jax
import numpy as np
import pytest

from commit_llm.cli.main import main
from commit_llm.convert.config_text import changed_config
from commit_llm.convert.folder import write_model
from commit_llm.convert.huggingface import read_weights
from commit_llm.data.document_hashes import hash_texts
from commit_llm.errors import UserError
from commit_llm.files.provenance import sha256
from commit_llm.model.adapter import Adapter, merged
from commit_llm.model.families.config_json import read_config
from commit_llm.model.parameters import init_parameters
from commit_llm.parallel.mesh import make_mesh, parameter_shardings
from commit_llm.runs.history import History
from commit_llm.runs.run import read_provenance
from commit_llm.train.dry_run import dry_run
from commit_llm.train.lineage import history_of
from commit_llm.train.loop import train
from commit_llm.train.model_source import find_model, open_model
from commit_llm.train.weights import load_params
from commit_llm.train.weights_identity import agree_on_weights, require_begun_weights
from tests.convert.adapters import draw_trained, write_folder

ADAPTER = Adapter(3, 4.5, ("query", "down"), ())


def write_base(model, folder, **changes):
    """A copy of a model folder with weights, which the example's lacks."""
    shutil.copytree(model, folder)
    config = dataclasses.replace(read_config(folder), **changes)
    params = jax.tree.map(np.asarray, init_parameters(config, jax.random.key(0)))
    write_model(folder, params, config, "float32", changed_config(folder / "config.json", config, "float32"))
    return folder


@pytest.fixture
def base(example, tmp_path):
    return write_base(example / "model", tmp_path / "base")


def adapter_beside(base, folder, adapter=ADAPTER, name=None, seed=0, revision=None):
    """The folder of an adapter beside a base; what it holds."""
    config = read_config(base)
    trained = draw_trained(config, adapter, seed)
    write_folder(folder, trained, adapter, config, base if name is None else name, revision)
    return trained


def set_field(folder, **fields):
    file = folder / "adapter_config.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | fields))


def test_the_parameters_are_those_of_the_base_with_the_adapter(base, tmp_path):
    trained = adapter_beside(base, tmp_path / "adapter")
    source = open_model(str(tmp_path / "adapter"))
    assert (source.folder, source.run, source.commit, source.config) == (base, None, None, read_config(base))
    params, dtype = load_params(source)
    before = read_weights(base, source.config)[0]
    for name, kernel in before["layers"].items():
        expected = kernel.astype(np.float64)
        if name in ADAPTER.targets:
            a, b = (trained["layers"][f"{name}_lora_{part}"].astype(np.float64) for part in "ab")
            expected = expected + 1.5 * a @ b
        np.testing.assert_allclose(params["layers"][name], expected, rtol=0, atol=1e-6)
    np.testing.assert_array_equal(params["embedding"], before["embedding"])
    assert dtype == "float32"


def test_on_a_mesh_and_in_another_dtype(base, tmp_path):
    trained = adapter_beside(base, tmp_path / "adapter")
    source = open_model(str(tmp_path / "adapter"))
    shardings = parameter_shardings(source.config, make_mesh("1,1,1", jax.devices()[:1]))
    params, _ = load_params(source, shardings, dtype=jax.numpy.bfloat16)
    expected = merged(read_weights(base, source.config)[0], trained, ADAPTER)
    assert jax.tree.structure(params) == jax.tree.structure(expected)
    for array, other in zip(jax.tree.leaves(params), jax.tree.leaves(expected), strict=True):
        np.testing.assert_array_equal(array, np.asarray(other, jax.numpy.bfloat16))


@pytest.mark.parametrize("ties", [True, False])
def test_a_tied_base_with_an_embedding_in_the_adapter(ties, example, tmp_path, caplog):
    """PEFT has them apart, unless the adapter's configuration says that they stay one."""
    caplog.set_level(logging.WARNING)
    base = write_base(example / "model", tmp_path / "base", tie_word_embeddings=True)
    trained = adapter_beside(base, tmp_path / "adapter", dataclasses.replace(ADAPTER, saved=("embedding",)))
    if not ties:
        set_field(tmp_path / "adapter", ensure_weight_tying=False)
        from safetensors.numpy import load_file, save_file

        tensors = load_file(tmp_path / "adapter" / "adapter_model.safetensors")
        del tensors["base_model.model.lm_head.weight"]
        save_file(tensors, tmp_path / "adapter" / "adapter_model.safetensors")
    source = open_model(str(tmp_path / "adapter"))
    params, _ = load_params(source)
    np.testing.assert_array_equal(params["embedding"], trained["embedding"])
    assert source.config.tie_word_embeddings is ties
    assert ("head" in params) is not ties
    if not ties:
        np.testing.assert_array_equal(params["head"], read_weights(base, read_config(base))[0]["embedding"].T)
    goes_untied = [record for record in caplog.records if "the model becomes untied" in record.getMessage()]
    assert bool(goes_untied) is not ties
    assert open_model(str(tmp_path / "adapter"), weights=False).config == source.config


def test_where_a_base_is_looked_for(base, tmp_path, monkeypatch):
    """As a whole path, from here, and from the adapter's folder."""
    (tmp_path / "deep" / "deeper").mkdir(parents=True)
    for place, name in ((tmp_path, "base"), (tmp_path / "deep", "../base"), (tmp_path / "deep" / "deeper", "../base")):
        adapter_beside(base, tmp_path / "adapter", name=name)
        monkeypatch.chdir(place)
        assert find_model(str(tmp_path / "adapter")).folder.resolve() == base.resolve()


def test_a_base_and_an_adapter_of_the_hub(hub_model, tmp_path):
    from tests.train.conftest import BEFORE, NOW

    base = hub_model.main.parents[1] / "snapshots" / BEFORE
    adapter_beside(base, tmp_path / "adapter", name=hub_model.name, revision=BEFORE)
    model = find_model(str(tmp_path / "adapter"), weights=False)
    assert (model.folder.name, model.commit, model.adapter.base) == (BEFORE, None, hub_model.name)
    set_field(tmp_path / "adapter", revision=None)
    assert find_model(str(tmp_path / "adapter"), weights=False).folder.name == NOW
    snapshot = tmp_path / "hub" / "models--someone--an-adapter" / "snapshots" / NOW
    shutil.copytree(tmp_path / "adapter", snapshot)
    (snapshot.parents[1] / "refs").mkdir()
    (snapshot.parents[1] / "refs" / "main").write_text(NOW)
    model = find_model("someone/an-adapter", weights=False)
    assert (model.adapter.folder.name, model.commit) == (NOW, NOW)
    set_field(snapshot, base_model_name_or_path="someone/an-adapter")  # of itself, without end
    with pytest.raises(UserError, match="someone/an-adapter: is an adapter itself, which peft takes for no base"):
        find_model("someone/an-adapter", weights=False)


def test_the_tokenizer_and_the_stops_are_the_adapter_s_where_it_has_them(base, tmp_path):
    adapter_beside(base, folder := tmp_path / "adapter")
    of_base = open_model(str(folder))
    assert of_base.tokenizer.path.parent == base
    for path in base.glob("tokenizer*"):
        shutil.copy(path, folder)
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [5, 7]}))
    (folder / "chat_template.jinja").write_text("{{ messages[0]['content'] }}")
    own = open_model(str(folder))
    assert own.tokenizer.path.parent == folder
    assert own.stops == (own.tokenizer.eos_id, 5, 7)
    assert of_base.stops != own.stops
    assert own.generation_folder == folder


def test_identity_is_of_the_adapter_and_of_its_base(base, tmp_path):
    adapter_beside(base, folder := tmp_path / "adapter")
    hashes = agree_on_weights(open_model(str(folder)), hashed=True).hashes
    assert hashes == {
        "model.safetensors": sha256(base / "model.safetensors"),
        "adapter/adapter_config.json": sha256(folder / "adapter_config.json"),
        "adapter/adapter_model.safetensors": sha256(folder / "adapter_model.safetensors"),
    }


def exported_beside(base, folder, /, **changes):
    """Write what `export --adapter` keeps of the base."""
    weights = {"step": None, "sha256": {"model.safetensors": sha256(base / "model.safetensors")}}
    kept = {"commit_llm": "1", "base": {"model": "the-base", "revision": None}, "weights": weights} | changes
    (folder / "provenance.json").write_text(json.dumps(kept))


def test_an_adapter_of_ours_goes_with_the_weights_it_was_trained_beside(base, tmp_path):
    adapter_beside(base, folder := tmp_path / "adapter")
    exported_beside(base, folder)
    source = open_model(str(folder))
    load_params(source)
    recorded = sha256(base / "model.safetensors")
    config = read_config(base)
    params = jax.tree.map(np.asarray, init_parameters(config, jax.random.key(1)))
    write_model(base, params, config, "float32", (base / "config.json").read_text())
    now = sha256(base / "model.safetensors")
    with pytest.raises(UserError) as error:
        load_params(source)
    assert str(error.value) == (
        f"{folder}: its base was 'the-base', with model.safetensors of SHA-256 {recorded[:16]}..., and '{base}' "
        f"has {now[:16]}...; put its former base there, or name that in adapter_config.json"
    )
    exported_beside(base, folder, weights=None)
    with pytest.raises(UserError, match=r"provenance.json: malformed: does not name the base of the adapter"):
        load_params(source)
    exported_beside(base, folder, commit_llm="1", base=None)  # the provenance of something else
    load_params(source)


STAGE = {"data": "a.jsonl", "form": "text", "behaviour": "mended", "ratio": 0.5, "seed": 0} | dict.fromkeys(
    ("steps", "examples", "tokens"), 3
)


def test_what_an_adapter_was_trained_on_is_read_from_its_own_folder(base, tmp_path):
    adapter_beside(base, folder := tmp_path / "adapter")
    assert history_of(open_model(str(folder))) is None
    (base / "provenance.json").write_text(json.dumps({"commit_llm": "1", "training": "malformed", "documents": None}))
    exported_beside(base, folder, **History([STAGE], hash_texts(["of the adapter"])).to_json("training"))
    assert history_of(open_model(str(folder))).documents.tolist() == hash_texts(["of the adapter"]).tolist()
    exported_beside(base, folder, training=None, documents=None)
    assert history_of(open_model(str(folder))) == (None, None)
    exported_beside(base, folder)  # of a version that kept none
    assert history_of(open_model(str(folder))) == (None, None)


@pytest.mark.parametrize("provenance", [None, {"training": "of another tool's"}], ids=["none", "another's"])
def test_of_an_adapter_from_elsewhere_what_its_base_was_trained_on_is_known(base, tmp_path, caplog, provenance):
    adapter_beside(base, folder := tmp_path / "adapter")
    if provenance is not None:
        (folder / "provenance.json").write_text(json.dumps(provenance))
    known = History([STAGE], hash_texts(["of the base"]))
    (base / "provenance.json").write_text(json.dumps({"commit_llm": "1"} | known.to_json("training")))
    with caplog.at_level(logging.WARNING, "commit_llm"):
        history = history_of(open_model(str(folder)))
    assert history.stages == [STAGE]
    assert history.documents.tolist() == known.documents.tolist()
    line = f"{folder}: an adapter from elsewhere; what it was trained on is not known, and what is said of its training"
    assert f"{line} is that of its base, {base}" in caplog.messages
    (base / "provenance.json").write_text(json.dumps({"commit_llm": "1"}))  # of a version that kept none
    assert history_of(open_model(str(folder))) == (None, None)


def test_bases_that_cannot_be_opened(base, tmp_path):
    adapter_beside(base, folder := tmp_path / "adapter")
    way_out = r"put its base there, or write where it is into adapter_config.json \(base_model_name_or_path\)"
    for name, reason in (
        (str(tmp_path / "nowhere"), "no such model folder"),
        ("someone/nobody-has", "no whole copy of it is on this machine"),
        (str(folder), r"is an adapter itself, which peft takes for no base; merge it with peft \(merge_and_unload, "),
        ("b" * 256, r"'bbb.*bbb': cannot be opened as a model folder \(File name too long\)"),
        ("b/" * 5000, r"cannot be opened as a model folder \(File name too long\)"),
        ("b\0/c", "neither a folder here nor a model fetched from the hub"),
        ("/b\0", "no such model folder"),
        (str(tmp_path), r"not a model folder \(no config.json in it\)"),
    ):
        set_field(folder, base_model_name_or_path=name)
        with pytest.raises(
            UserError, match=rf"adapter: the base of this adapter cannot be opened .*{reason}.*; {way_out}"
        ):
            open_model(str(folder))


@pytest.mark.slow
def test_a_base_that_is_a_run(base, undisturbed, tmp_path):
    adapter_beside(base, folder := tmp_path / "adapter", name=undisturbed)
    with pytest.raises(
        UserError, match=r"run: is a run, which peft takes for no base; export it \(commit-llm export\)"
    ):
        open_model(str(folder))


def test_bases_of_another_size(base, example, tmp_path):
    adapter_beside(base, folder := tmp_path / "adapter")
    larger = write_base(example / "model", tmp_path / "larger", intermediate_size=200)
    settings = json.loads((larger / "config.json").read_text())
    (larger / "config.json").write_text(json.dumps(settings | {"intermediate_size": 200}))
    set_field(folder, base_model_name_or_path=str(larger))
    with pytest.raises(UserError, match=r"down_proj.lora_A.weight' has shape .* is it the adapter of another base\?"):
        load_params(open_model(str(folder)))
    set_field(folder, r=10_000)
    with pytest.raises(UserError, match=r"r is 10000, above a dimension of q_proj of the base .*larger"):
        open_model(str(folder))


@pytest.mark.slow
def test_a_dry_run_and_a_plan_of_an_adapter(base, small_recipe, example, tmp_path, capsys):
    adapter_beside(base, folder := tmp_path / "adapter")
    assert dry_run(small_recipe(model=str(folder), from_scratch=False), tmp_path / "run").new
    (base / "model.safetensors").unlink()  # a plan asks for no weights
    flags = ["--model", str(folder), "--data", str(example / "instructions.jsonl"), "--topology", "h100:1"]
    assert main(["plan", "commit", *flags]) == 0
    assert "1 x" in capsys.readouterr().out


@pytest.mark.slow
def test_a_run_begins_with_an_adapter_and_goes_on_with_no_other(base, small_recipe, tmp_path):
    adapter_beside(base, folder := tmp_path / "adapter")
    (folder / "generation_config.json").write_text(json.dumps({"eos_token_id": [5]}))
    recipe = small_recipe(model=str(folder), from_scratch=False, steps=2, warmup_steps=1, bos="auto")
    train(recipe, run := tmp_path / "run", stop_after_minutes=0)
    shutil.rmtree(run / "checkpoints")
    source = open_model(str(folder))
    assert read_provenance(run)["weights"]["sha256"] == agree_on_weights(source, hashed=True).hashes
    assert open_model(str(run)).stops == source.stops
    require_begun_weights(run, source)
    adapter_beside(base, folder, seed=1)
    with pytest.raises(
        UserError, match=r"the weights of .*adapter have changed since the run began \(adapter/adapter_model"
    ):
        train(recipe, run)


@pytest.mark.slow
def test_an_adapter_answers_as_the_merged_model_does(base, example, tmp_path, capsys):
    adapter_beside(base, tmp_path / "adapter", dataclasses.replace(ADAPTER, alpha=60.0))
    source = open_model(str(tmp_path / "adapter"))
    shutil.copytree(base, tmp_path / "merged")
    text = (base / "config.json").read_text()
    write_model(tmp_path / "merged", load_params(source)[0], source.config, "float32", text)
    for name in ("adapter", "merged", "base"):
        asked = ["--tasks", "xquad_instruct_el", "--data-dir", str(example), "--limit", "6"]
        assert main(["eval", str(tmp_path / name), *asked, "--out", str(tmp_path / f"of-{name}")]) == 0
    answers = {}
    for name in ("adapter", "merged", "base"):
        rows = (tmp_path / f"of-{name}" / "predictions.jsonl").read_text(encoding="utf-8").splitlines()
        answers[name] = [json.loads(row)["prediction"] for row in rows]
    assert answers["adapter"] == answers["merged"]
    assert answers["adapter"] != answers["base"]
    assert any(answers["adapter"])
