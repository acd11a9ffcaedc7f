"""Which weights a model has: of a folder and of a run, and a run that goes on with others is refused."""

import json
import shutil
from dataclasses import replace

import jax
import numpy as np
import pytest

from commit_llm.convert.folder import write_weights
from commit_llm.errors import UserError
from commit_llm.files.provenance import sha256
from commit_llm.model.parameters import init_parameters
from commit_llm.runs.run import read_provenance
from commit_llm.train.loop import train
from commit_llm.train.manifest import MANIFEST
from commit_llm.train.model_source import open_model
from commit_llm.train.weights_identity import agree_on_weights, require_begun_weights


@pytest.fixture
def sharded(example, tmp_path):
    """A folder whose weights are shards, and which has a file beside them that nothing reads."""
    folder = tmp_path / "sharded"
    shutil.copytree(example / "model", folder)
    source = open_model(str(folder), weights=False)
    params = jax.tree.map(np.asarray, init_parameters(source.config, jax.random.key(0)))
    write_weights(folder, params, source.config, "float32", 300_000, {})
    (folder / "consolidated.safetensors").write_bytes(b"of nobody")
    return replace(source, name="sharded")


def flip(path):
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def begun(run, identity):
    run.mkdir()
    (run / "provenance.json").write_text(json.dumps({"weights": identity.to_json()}))
    return run


def test_of_a_folder_the_files_that_are_read(sharded):
    step, hashes = agree_on_weights(sharded, hashed=True)
    names = sorted(path.name for path in sharded.folder.glob("model*.safetensors*"))
    assert step is None
    assert len(names) > 2
    assert hashes == {name: sha256(sharded.folder / name) for name in names}
    assert agree_on_weights(sharded).hashes == {}  # one process has nobody to compare them with


def test_of_a_run_the_step_and_its_manifest(undisturbed, tmp_path):
    source = open_model(str(undisturbed))
    for asked, step in ((None, 8), (6, 6)):
        manifest = f"checkpoints/{step}/{MANIFEST}"
        assert agree_on_weights(source, asked, hashed=True) == (step, {manifest: sha256(undisturbed / manifest)})
    with pytest.raises(UserError, match="no checkpoint of step 7; there is 6, 8"):
        agree_on_weights(source, 7)


def test_of_a_checkpoint_without_a_manifest_every_file_of_parameters(undisturbed, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    (run / "checkpoints/8" / MANIFEST).unlink()
    before = agree_on_weights(open_model(str(run)), hashed=True).hashes
    assert len(before) > 5
    assert all(name.startswith("checkpoints/8/params/") for name in before)
    flip(max((run / "checkpoints/8/params").rglob("*/d/*"), key=lambda path: path.stat().st_size))
    after = agree_on_weights(open_model(str(run)), hashed=True).hashes
    assert sum(before[name] != after[name] for name in before) == 1


def test_a_run_without_a_checkpoint_goes_on_with_the_weights_it_began_with(sharded, tmp_path):
    identity = agree_on_weights(sharded, hashed=True)
    run = begun(tmp_path / "run", identity)
    assert require_begun_weights(run, sharded) == identity
    changed = sorted(sharded.folder.glob("model-*.safetensors"))[1]
    flip(changed)
    then, now = identity.hashes[changed.name], sha256(changed)
    message = rf"sharded have changed since the run began \({changed.name}; SHA-256 then {then[:16]}.*, now {now[:16]}"
    with pytest.raises(UserError, match=message):
        require_begun_weights(run, sharded)
    (run / "provenance.json").write_text("{}")  # of a version that kept none
    assert require_begun_weights(run, sharded).step is None


def test_a_run_without_a_checkpoint_goes_on_from_the_step_it_began_with(undisturbed, tmp_path):
    source = open_model(str(undisturbed))
    run = begun(tmp_path / "run", agree_on_weights(source, 6, hashed=True))
    assert require_begun_weights(run, source).step == 6


@pytest.mark.slow
def test_a_new_run_keeps_which_weights_it_began_with(undisturbed, small_recipe, tmp_path):
    recipe = small_recipe(model=str(undisturbed), from_scratch=False)
    train(recipe, tmp_path / "run", stop_after_minutes=0)
    kept = read_provenance(tmp_path / "run")["weights"]
    manifest = f"checkpoints/8/{MANIFEST}"
    assert kept == {"step": 8, "sha256": {manifest: sha256(undisturbed / manifest)}}
    shutil.rmtree(tmp_path / "run/checkpoints")
    train(recipe, tmp_path / "run", stop_after_minutes=0)
    provenance = read_provenance(tmp_path / "run")
    provenance["weights"]["sha256"][manifest] = "0"
    (tmp_path / "run/provenance.json").write_text(json.dumps(provenance))
    shutil.rmtree(tmp_path / "run/checkpoints")
    with pytest.raises(UserError, match=r"the weights of .* have changed since the run began"):
        train(recipe, tmp_path / "run")
    assert read_provenance(undisturbed)["weights"] is None  # random ones
