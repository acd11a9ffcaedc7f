"""Checkpoints that cannot be read, and a run that is killed while it writes them."""

import gc
import random
import shutil
import signal
import subprocess
import sys
import time

import jax
import numpy as np
import pytest

from commit_llm.errors import UserError
from commit_llm.files.disk import DiskError
from commit_llm.files.lock import locked
from commit_llm.recipes import dump_recipe
from commit_llm.train.checkpoint import Checkpoints, restore_newest
from commit_llm.train.loop import train
from commit_llm.train.manifest import MANIFEST
from commit_llm.train.model_source import open_model
from commit_llm.train.prepare import prepare
from commit_llm.train.recipe_data import open_recipe_model
from commit_llm.train.watch import watching
from commit_llm.train.weights import load_params
from tests.disks import enlarge, small_disk
from tests.tiers import in_long_tier

SEED = 28


def break_checkpoint(run, step):
    files = [path for path in (run / "checkpoints" / str(step)).rglob("*") if path.is_file()]
    assert files
    for path in files:
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])


@pytest.mark.slow
def test_a_broken_checkpoint_is_told_and_the_one_before_it_used(small_recipe, tmp_path, undisturbed, caplog):
    run = tmp_path / "run"
    train(small_recipe(), run)
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["6", "8"]
    break_checkpoint(run, 8)
    assert train(small_recipe(), run)[:2] == (6, 8)
    assert "the checkpoint of step 8 cannot be read" in caplog.text
    assert (run / "unreadable" / "8").is_dir()
    assert (run / "metrics.jsonl").read_bytes() == (undisturbed / "metrics.jsonl").read_bytes()
    caplog.clear()
    assert train(small_recipe(), run)[:2] == (8, 8)
    assert caplog.text == ""
    break_checkpoint(run, 8)
    assert train(small_recipe(), run)[:2] == (6, 8)
    assert sorted(path.name for path in (run / "unreadable").iterdir()) == ["8", "8-1"]
    break_checkpoint(run, 6)
    break_checkpoint(run, 8)
    with pytest.raises(UserError, match=r"none of its checkpoints can be read .* nothing was changed"):
        train(small_recipe(), run)
    assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["6", "8"]
    assert (run / "metrics.jsonl").read_bytes() == (undisturbed / "metrics.jsonl").read_bytes()


@pytest.fixture(scope="module")
def restorable(small_recipe, undisturbed):
    """The run's recipe laid out on the devices, and its step 6 as it is read from an undamaged run."""
    training = prepare(small_recipe(), open_recipe_model(small_recipe()).config)
    with Checkpoints(undisturbed) as checkpoints:
        return training, checkpoints.restore(6, training.abstract_state())


@pytest.mark.slow
def test_sixty_bits_flipped_in_a_checkpoint_are_sixty_times_the_step_before(undisturbed, restorable, tmp_path, caplog):
    """Of each file one, since most bits are in few files; the others drawn, over the bytes of the whole checkpoint."""
    training, (state_6, progress_6) = restorable
    generator = random.Random(SEED)
    whole = undisturbed / "checkpoints/8"
    files = sorted(path.relative_to(undisturbed) for path in whole.rglob("*") if path.is_file())
    assert {"manifest.json", "_CHECKPOINT_METADATA"} < {path.name for path in files}
    sizes = [(undisturbed / path).stat().st_size for path in files]
    for number in range(60):
        run = tmp_path / f"{number}"
        shutil.copytree(undisturbed, run)
        path = run / (files[number] if number < len(files) else generator.choices(files, sizes)[0])
        content = bytearray(path.read_bytes())
        bit = generator.randrange(8 * len(content))
        content[bit // 8] ^= 1 << bit % 8
        path.write_bytes(content)
        print("seed", SEED, "flip", number, path, bit)
        caplog.clear()
        with Checkpoints(run, keep=2) as checkpoints:
            restored = restore_newest(checkpoints, training.abstract_state())
        assert restored.step == 6
        assert restored.position == progress_6["data"]
        for one, other in zip(*map(jax.tree.leaves, (restored.state.params, state_6.params)), strict=True):
            np.testing.assert_array_equal(one, other)
        assert "the checkpoint of step 8 cannot be read (" in caplog.text
        named = f"{path.relative_to(run / 'checkpoints/8')} has changed since it was written"
        assert named in caplog.text or path.name == MANIFEST  # which may say that of another file
        assert (run / "unreadable" / "8").is_dir()
        shutil.rmtree(run)


@pytest.mark.slow
def test_what_is_read_of_a_damaged_checkpoint_is_refused_with_the_other_steps(undisturbed, tmp_path):
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    (data,) = (run / "checkpoints/8/params").glob("manifest.ocdbt")
    data.write_bytes(b"x" + data.read_bytes()[1:])
    source = open_model(str(run))
    message = r"step 8 is damaged \(params/manifest\.ocdbt has changed .*; name another with --step \(6\)"
    with pytest.raises(UserError, match=message):
        load_params(source)
    load_params(source, step=6)
    with Checkpoints(run) as checkpoints:
        assert checkpoints.progress(8)[0] == 8  # which is another item
    shutil.rmtree(run / "checkpoints/6")
    with pytest.raises(UserError, match="there is no other; train again with another --out"):
        load_params(source)


@pytest.mark.slow
def test_a_step_without_a_manifest_is_used_with_a_warning(small_recipe, undisturbed, tmp_path, caplog):
    run = tmp_path / "run"
    shutil.copytree(undisturbed, run)
    assert [len(list((run / "checkpoints").glob(f"{step}/{MANIFEST}"))) for step in (6, 8)] == [1, 1]
    assert train(small_recipe(), run)[:2] == (8, 8)
    assert caplog.text == ""
    (run / "checkpoints/8" / MANIFEST).unlink()
    assert train(small_recipe(), run)[:2] == (8, 8)
    assert "the checkpoint of step 8 has no manifest" in caplog.text
    caplog.clear()
    load_params(open_model(str(run)))
    assert "the checkpoint of step 8 has no manifest" in caplog.text


@pytest.mark.slow
@pytest.mark.optimised
@pytest.mark.parametrize(
    ("make", "times"), [("small_recipe", 2), *in_long_tier(("small_recipe", 10), ("several_sources", 10))]
)
def test_killed_several_times_the_metrics_are_those_of_an_undisturbed_run(request, tmp_path, make, times):
    """SIGKILL at random moments; a checkpoint is being written at most of them."""
    steps = 20 * times
    recipe = request.getfixturevalue(make)(steps=steps, checkpoint_every=2, log_every=1)
    (tmp_path / "config.yaml").write_text(dump_recipe(recipe))
    run, other = tmp_path / "run", tmp_path / "undisturbed"
    command = [sys.executable, "-m", "commit_llm", "train", str(tmp_path / "config.yaml"), "--out"]
    rng = random.Random(0)
    kills, reached = 0, []
    while kills < times:
        process = subprocess.Popen([*command, str(run)], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        begun = len(read_lines(run))
        while len(read_lines(run)) < begun + 3 and process.poll() is None:  # past start and compilation
            time.sleep(0.02)
        time.sleep(rng.uniform(0, 1.0))
        assert process.poll() is None, process.stderr.read()
        process.send_signal(signal.SIGKILL)
        process.communicate()
        kills += 1
        reached.append(len(read_lines(run)))
    assert max(reached) < steps, f"the run ended before it was killed {times} times"
    subprocess.run([*command, str(run)], check=True, capture_output=True)
    subprocess.run([*command, str(other)], check=True, capture_output=True)
    assert len(read_lines(run)) == steps
    assert (run / "metrics.jsonl").read_bytes() == (other / "metrics.jsonl").read_bytes()


@pytest.mark.slow
@pytest.mark.parametrize("kilobytes", [250, *in_long_tier(1500)])
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # cli/lines.py: pass_over_late_errors
def test_a_full_disk_is_known_at_the_next_logged_step(small_recipe, tmp_path, monkeypatch, kilobytes):
    """Room for no checkpoint, or for one; the next save would be three steps later."""
    recipe = small_recipe(steps=12, checkpoint_every=4, log_every=1)
    train(recipe, tmp_path / "undisturbed")
    save = Checkpoints.save

    def save_to_its_end(self, state, progress):  # as a step of a large model gives it time for
        save(self, state, progress)
        while not self._manifest.done():
            time.sleep(0.01)

    monkeypatch.setattr(Checkpoints, "save", save_to_its_end)
    with small_disk(tmp_path / "disk", kilobytes) as disk:
        run = disk / "run"
        with pytest.raises(DiskError, match=r"run: cannot be written \(No space left on device\); free some space"):
            train(recipe, run)
        saved = [int(path.name) for path in (run / "checkpoints").iterdir() if path.name.isdecimal()]
        assert saved == ([] if kilobytes == 250 else [4])
        assert len(read_lines(run)) == max(saved, default=0) + 4
        enlarge(disk, 20_000)
        assert train(recipe, run).last == 12
        assert sorted(path.name for path in (run / "checkpoints").iterdir()) == ["12", "8"]
        assert (run / "metrics.jsonl").read_bytes() == (tmp_path / "undisturbed" / "metrics.jsonl").read_bytes()
    gc.collect()  # what the failed save left open is told here, where it is expected


@pytest.mark.parametrize(
    "name", [".lock", "metrics.jsonl", "timing.jsonl", "held_out.jsonl", "unreadable", "checkpoints/4"]
)
def test_no_link_in_a_run_is_written_through(tmp_path, name):
    """A linked run, or its linked checkpoints, on a larger disk are a user's own doing; these are not."""
    (tmp_path / "run" / "checkpoints").mkdir(parents=True)
    others = tmp_path / "others"
    is_folder = "." not in name
    (others / "4").mkdir(parents=True) if is_folder else others.write_text("precious")
    (tmp_path / "run" / name).symlink_to(others)
    if name != "metrics.jsonl":
        (tmp_path / "run" / "metrics.jsonl").write_text("to be cut back")

    def train_on():
        with (
            locked(tmp_path / "run", "training"),
            watching(tmp_path / "run", 0, 0, None),
            Checkpoints(tmp_path / "run", keep=2) as checkpoints,
        ):
            checkpoints.set_aside(4)

    with pytest.raises(UserError, match=f"{name}: is a link to .*others, and nothing is written or removed"):
        train_on()
    if name in ("timing.jsonl", "held_out.jsonl"):
        assert (tmp_path / "run" / "metrics.jsonl").read_text() == "to be cut back"
    assert (others / "4").is_dir() if is_folder else others.read_text() == "precious"


def read_lines(run):
    path = run / "metrics.jsonl"
    return path.read_bytes().splitlines() if path.is_file() else []


@pytest.mark.slow
def test_what_a_kill_left_as_it_wrote_a_manifest_is_removed_by_who_writes_alone(tmp_path):
    left = tmp_path / "checkpoints" / "2" / ".manifest.json.partial-abcdefgh"
    left.mkdir(parents=True)
    for name in (".lock", "new"):
        (left / name).touch()
    with Checkpoints(tmp_path):
        assert left.exists()
    with Checkpoints(tmp_path, keep=2):
        assert not left.exists()
