"""Two processes of four fake CPU devices train as one process does."""

import json
import shutil
import signal
import time
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest

from commit_llm.parallel.processes import SHUTDOWN_SECONDS
from commit_llm.recipes import dump_recipe
from commit_llm.runs.logs import read_metrics
from commit_llm.train.export import export
from commit_llm.train.loop import train
from commit_llm.train.manifest import MANIFEST
from tests.parallel.processes import Processes, flags, free_port, run_command
from tests.tiers import in_long_tier
from tests.train.conftest import BEFORE, NOW, model_with_heads

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def recipe(small_recipe):
    return small_recipe(batch_size=8, log_every=1, held_out_share=0.1, eval_every=4)


@pytest.fixture(scope="module")
def alone(recipe, tmp_path_factory):
    run = tmp_path_factory.mktemp("alone") / "run"
    train(recipe, run)
    return run


def last_value(output):
    """The JSON value that a program printed last; Gloo's lines before it may be torn."""
    return json.loads(output.splitlines()[-1])


def command(recipe, folder, run, *more):
    config = folder / f"{len(list(folder.iterdir()))}.yaml"
    config.write_text(dump_recipe(recipe))
    return ["train", str(config), "--out", str(run), *more]


def held_out(run):
    return [json.loads(line) for line in (run / "held_out.jsonl").read_text().splitlines()]


def assert_same_metrics(run, alone):
    ours, theirs = read_metrics(run), read_metrics(alone)
    for name in ("step", "tokens", "learning_rate"):
        assert [line[name] for line in ours] == [line[name] for line in theirs]
    for name in ("loss", "accuracy", "grad_norm"):
        assert [line[name] for line in ours] == pytest.approx([line[name] for line in theirs], rel=1e-5)


@pytest.mark.long
def test_two_processes_give_the_losses_of_one_and_either_goes_on_with_the_other_s_run(recipe, alone, tmp_path):
    run = tmp_path / "run"
    argv = command(recipe, tmp_path, run)
    first, second = run_command([argv, argv], tmp_path)
    assert (first[0], second[0]) == (0, 0), first[2] + second[2]
    assert "to step 8" in first[1]
    assert second[1] == ""  # process 0 alone speaks
    assert_same_metrics(run, alone)
    means = [line["loss"] for line in held_out(run)]
    assert means == pytest.approx([line["loss"] for line in held_out(alone)], rel=1e-5)
    assert len(list((run / "tensorboard").iterdir())) == 1
    # One process, of as many devices, goes on from step 6.
    (run / "checkpoints" / "8").rename(tmp_path / "8")
    (done,) = run_one(argv, tmp_path, 8)
    assert "resumed from step 6" in done[1], done[2]
    assert_same_metrics(run, alone)
    # And two go on with a run of one.
    (run / "checkpoints" / "8").rename(tmp_path / "8 again")
    first, second = run_command([argv, argv], tmp_path)
    assert "resumed from step 6" in first[1], first[2] + second[2]
    assert_same_metrics(run, alone)


@pytest.mark.long
def test_each_process_has_as_many_idle_devices(small_recipe, example, tmp_path):
    """Of four each, for four rows of a model with one key-value head: two each work, to the losses of one device."""
    model = model_with_heads(example / "model", tmp_path / "model", 4, 1)
    recipe = small_recipe(model=str(model), batch_size=4, log_every=1)
    train(recipe, tmp_path / "alone")
    argv = command(recipe, tmp_path, tmp_path / "run")
    (status, _, err), (other, _, other_err) = run_command([argv, argv], tmp_path)
    assert (status, other) == (0, 0), err + other_err
    assert "4 x cpu, mesh data 1, fsdp 4, tensor 1 (auto: 4 rows at a time, tensor must divide 1; 4 of 8" in err
    assert_same_metrics(tmp_path / "run", tmp_path / "alone")
    one_row = command(replace(recipe, batch_size=1), tmp_path, tmp_path / "one row")
    for status, _, err in run_command([one_row, one_row], tmp_path):
        assert status == 2
        assert "--mesh auto: 1 row at a time, " in err.splitlines()[-1]
        assert "no equal parts for 2 processes" in err.splitlines()[-1]
    assert not (tmp_path / "one row").exists()


@pytest.mark.long
def test_two_processes_train_an_adapter_as_one_does_and_one_goes_on_with_their_run(recipe, alone, tmp_path):
    export(alone, tmp_path / "base")
    adapters = {"model": str(tmp_path / "base"), "from_scratch": False, "lora_r": 4, "modules_to_save": ("lm_head",)}
    recipe = replace(recipe, **adapters)
    train(recipe, tmp_path / "alone")
    run = tmp_path / "run"
    argv = command(recipe, tmp_path, run)
    for status, _, err in run_command([argv, argv], tmp_path):
        assert status == 0, err
    assert_same_metrics(run, tmp_path / "alone")
    (run / "checkpoints" / "8").rename(tmp_path / "8")
    ((status, out, err),) = run_one(argv, tmp_path, 8)
    assert "resumed from step 6" in out, err
    assert_same_metrics(run, tmp_path / "alone")


@pytest.mark.long
def test_two_processes_train_several_sources_at_a_ratio_that_moves_as_one_does(several_sources, tmp_path):
    recipe = several_sources(batch_size=8, log_every=1, held_out_share=0.1, eval_every=4)
    train(recipe, tmp_path / "alone")
    argv = command(recipe, tmp_path, tmp_path / "run")
    for status, _, err in run_command([argv, argv], tmp_path):
        assert status == 0, err
    assert_same_metrics(tmp_path / "run", tmp_path / "alone")
    losses = ([line["loss"] for line in held_out(tmp_path / name)] for name in ("run", "alone"))
    assert next(losses) == pytest.approx(next(losses), rel=1e-5)


@pytest.mark.long
def test_where_one_process_cannot_read_a_checkpoint_all_take_the_one_before(recipe, alone, tmp_path):
    run = tmp_path / "run"
    argv = command(recipe, tmp_path, run)
    assert [status for status, _, _ in run_command([argv, argv], tmp_path)] == [0, 0]
    part = max((run / "checkpoints" / "8").glob("params/ocdbt.process_1/d/*"), key=lambda path: path.stat().st_size)
    content = bytearray(part.read_bytes())
    content[len(content) // 2] ^= 4
    part.write_bytes(content)
    (first, _, err), (second, _, other) = run_command([argv, argv], tmp_path)
    assert (first, second) == (0, 0), err + other
    assert "the checkpoint of step 8 cannot be read (params/ocdbt.process_1/d/" in err
    assert "resuming from step 6" in err
    # Process 0 alone speaks.
    assert "the checkpoint of step" not in other
    assert "resuming from step" not in other
    assert_same_metrics(run, alone)


def run_one(argv, folder, devices):
    with Processes([["-m", "commit_llm", *argv]], folder, devices) as processes:
        return processes.wait()


def test_sigterm_to_one_stops_both_at_one_step_and_all_is_saved(recipe, alone, tmp_path):
    run, port = tmp_path / "run", free_port()
    argv = command(recipe, tmp_path, run, "--steps", "100000", "--decay-steps", "8")
    commands = [["-m", "commit_llm", *argv, *flags(number, 2, port)] for number in range(2)]
    with Processes(commands, tmp_path) as processes:
        deadline = time.monotonic() + 200
        while not (run / "metrics.jsonl").is_file() or len(read_metrics(run)) < 3:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        processes.started[1].send_signal(signal.SIGTERM)
        (first, out, err), (second, _, other) = processes.wait()
    assert (first, second) == (143, 143), err + other
    assert "stopped by SIGTERM at step" in out
    step = read_metrics(run)[-1]["step"]
    assert f"at step {step}, all saved" in out
    assert (run / "checkpoints" / str(step)).is_dir()


@pytest.mark.long
def test_hosts_that_have_other_commits_of_a_hub_model_end_with_one_line(recipe, example, tmp_path):
    """Each has a cache of its own, whose main branch is where it was when the model was fetched."""
    caches = [tmp_path / f"cache {number}" for number in range(2)]
    for cache, commit in zip(caches, (NOW, BEFORE), strict=True):
        model = cache / "models--someone--small"
        shutil.copytree(example / "model", model / "snapshots" / commit)
        (model / "refs").mkdir()
        (model / "refs" / "main").write_text(commit)
    argv, port = command(replace(recipe, model="someone/small"), tmp_path, tmp_path / "run"), free_port()
    commands = [["-m", "commit_llm", *argv, *flags(number, 2, port)] for number in range(2)]
    variables = [{"HF_HUB_CACHE": str(cache)} for cache in caches]
    with Processes(commands, tmp_path, variables=variables, folders=[tmp_path] * 2) as processes:
        results = processes.wait()
    for status, _, err in results:
        assert status == 2
        assert f"process 1 of 2 has another recipe than process 0 (model_revision: {NOW} -> {BEFORE};" in err
    assert not (tmp_path / "run").exists()


def test_processes_that_disagree_end_at_once_with_one_line(recipe, tmp_path):
    run = tmp_path / "run"
    one = command(recipe, tmp_path, run)
    results = run_command([one, [*one, "--seed", "5", "--learning-rate", "0.5"]], tmp_path)
    for status, _, err in results:
        assert status == 2
        assert err == (
            "commit-llm train: process 1 of 2 has another recipe than process 0 (seed: 0 -> 5; "
            "learning_rate: 0.001 -> 0.5); start every process with the same command, on the same files\n"
        )
    assert not run.exists()


def test_a_mistake_in_process_0_ends_both(recipe, tmp_path):
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "file").write_text("something")
    results = run_command([command(recipe, tmp_path, tmp_path / "foreign")] * 2, tmp_path)
    assert [status for status, _, _ in results] == [2, 2]
    message = f"{tmp_path / 'foreign'}: exists already; choose another --out\n"
    assert [err for _, _, err in results] == [
        f"commit-llm train: {message}",
        f"commit-llm train: process 0: {message}",
    ]


@pytest.mark.parametrize("there", ["another", *in_long_tier("none", "half")])
def test_files_that_are_not_the_same_on_every_host(recipe, tmp_path, there):
    """Half of the data is other batches too, which nobody may wait for before the files are compared."""
    hosts = [tmp_path / "host-0", tmp_path / "host-1"]
    data = Path(recipe.data).read_bytes()
    for number, host in enumerate(hosts):
        host.mkdir()
        if number == 0 or there != "none":
            end = data.rfind(b"\n", 0, -1 if there == "another" else len(data) // 2) + 1
            (host / "data.jsonl").write_bytes(data[:end] if number else data)
    epochs = 1 if there == "half" else None
    argv = command(replace(recipe, data="data.jsonl", epochs=epochs), tmp_path, tmp_path / "run")
    results = run_command([argv, argv], tmp_path, folders=hosts)
    assert [status for status, _, _ in results] == [2, 2]
    for status, _, err in results:
        assert status == 2
        told = err.splitlines()[-1]  # process 0 may have told of its attention before
        assert told.startswith("commit-llm train: ")
        assert "data.jsonl" in told if there == "none" else "process 1 of 2 has another recipe than process 0 (" in told
    assert ("process 1: data.jsonl" if there == "none" else "data: ") in results[0][2]
    assert not (tmp_path / "run").exists()


@pytest.fixture(scope="module")
def hosts(alone, tmp_path_factory):
    """Two hosts that each have a model folder and a run of their own, whose weights differ in one bit."""
    folder = tmp_path_factory.mktemp("hosts")
    hosts = [folder / "host-0", folder / "host-1"]
    export(alone, hosts[0] / "model")
    shutil.copytree(alone, hosts[0] / "run")
    shutil.copytree(hosts[0], hosts[1])
    for part in (hosts[1] / "model/model.safetensors", hosts[1] / f"run/checkpoints/8/{MANIFEST}"):
        content = bytearray(part.read_bytes())
        content[len(content) // 2] ^= 1
        part.write_bytes(content)
    return hosts


@pytest.mark.parametrize("name", ["train", "eval"])
def test_hosts_with_other_weights_end_with_one_line_that_names_the_file(recipe, hosts, tmp_path, name):
    if name == "train":
        argv = command(replace(recipe, model="model", from_scratch=False), tmp_path, tmp_path / "new")
        file = "model/model.safetensors"
    else:
        argv = ["eval", "run", "--tasks", "xquad_instruct_el", "--data-dir", str(Path(recipe.data).parent)]
        argv += ["--limit", "2", "--out", str(tmp_path / "new")]
        file = f"run/checkpoints/8/{MANIFEST}"
    results = run_command([argv, argv], tmp_path, folders=hosts)
    assert [status for status, _, _ in results] == [2, 2]
    for _, out, err in results:
        assert out == ""
        assert f"process 1 of 2 has another model than process 0 ({file}: " in err.splitlines()[-1]
        assert "on the same files" in err.splitlines()[-1]
    assert not (tmp_path / "new").exists()


def test_a_coordinator_that_never_answers(recipe, tmp_path):
    port = free_port()
    argv = command(recipe, tmp_path, tmp_path / "run")
    for number in range(2):
        began = time.monotonic()
        with Processes([["-m", "commit_llm", *argv, *flags(number, 2, port, 2)]], tmp_path) as processes:
            ((status, _, err),) = processes.wait()
        assert status == 2
        assert err.count("\n") == 1
        assert f"127.0.0.1:{port} in 2 s" in err
        assert time.monotonic() - began < SHUTDOWN_SECONDS


@pytest.mark.long
def test_twenty_golden_steps_in_two_processes(shared, tmp_path):
    golden = shared.golden_json("train_log.json")["fp32mom_lr1e-3"]["steps"]
    together = {"JAX_COORDINATOR_ADDRESS": f"127.0.0.1:{free_port()}", "JAX_NUM_PROCESSES": "2"}
    variables = [together | {"JAX_PROCESS_ID": str(n), "COMMIT_SHARED": str(shared.path)} for n in range(2)]
    command = ["-m", "tests.train.mesh_program", "golden", "1,4,2", "2,1,4"]
    with Processes([command] * 2, tmp_path, variables=variables) as processes:
        results = processes.wait()
    for status, out, err in results:
        assert status == 0, err
        for mesh, steps in last_value(out).items():
            for ours, theirs in (("loss", "loss"), ("grad_norm", "gradient_norm"), ("param_norm", "param_norm")):
                np.testing.assert_allclose(steps[ours], [step[theirs] for step in golden], rtol=1e-5, err_msg=mesh)


BATCHES = """
import hashlib, json, sys
from commit_llm.parallel.processes import index, start
start(*json.loads(sys.argv[1]))
from commit_llm.train.recipe_data import open_recipe_batches, open_recipe_model
from commit_llm.recipes import find_recipe
from commit_llm.train.upcoming import upcoming_batches
recipe = find_recipe(sys.argv[2])
batches = open_recipe_batches(recipe, open_recipe_model(recipe, weights=False)).batches
made = []
for source in getattr(batches.examples, "sources", [batches.examples]):
    object.__setattr__(source, "make", lambda *drawn, make=source.make: (made.append(drawn), make(*drawn))[1])
digest = hashlib.sha256()
with upcoming_batches(batches) as upcoming:
    for _ in range(int(sys.argv[3])):
        for name, array in sorted(next(upcoming).items()):
            digest.update(name.encode() + array.tobytes())
    state = upcoming.get_state()
print(json.dumps([digest.hexdigest(), state, len(made)]))
"""


@pytest.mark.parametrize("name", in_long_tier("several sources", "commit", "commit-2024", "align"))
def test_batches_are_the_same_bytes_and_each_process_makes_its_share(small_recipe, several_sources, tmp_path, name):
    changes = {"form": "text", "fields": "instruction+output"} if name == "align" else {}
    config = tmp_path / "config.yaml"
    make = several_sources if name == "several sources" else partial(small_recipe, name, **changes)
    config.write_text(dump_recipe(make(batch_size=8)))
    told = {}
    for count in (1, 2, 3):
        port = free_port()
        commands = [
            ["-c", BATCHES, json.dumps([f"127.0.0.1:{port}", count, number, 60]), str(config), "20"]
            for number in range(count)
        ]
        with Processes(commands, tmp_path) as processes:
            results = processes.wait()
        assert [status for status, _, _ in results] == [0] * count, results
        told[count] = [last_value(out) for _, out, _ in results]
    whole, state, made = told[1][0]
    for count in (2, 3):
        for digest, reached, _ in told[count]:
            assert (digest, reached) == (whole, state)
        assert all(share < made / count + 200 for _, _, share in told[count])
