"""The mesh that a training has where none is given: it always runs, and leaves no device idle that could work."""

import dataclasses
import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.parallel.mesh import most_shards, parameter_shardings
from commit_llm.parallel.mesh_choice import lay_out, numbers_that_work
from commit_llm.parallel.topologies import AbsentDevice

LLAMA = ModelConfig(
    vocab_size=128256, hidden_size=4096, intermediate_size=14336, num_hidden_layers=2, num_attention_heads=32,
    num_key_value_heads=8, head_dim=128,
)  # fmt: skip
SMOLLM2 = ModelConfig(49152, 576, 1536, 2, 9, 3, 64)
GEMMA_3_1B = ModelConfig(262144, 1152, 6912, 2, 4, 1, 256)


def devices_of(*processes, platform="gpu"):
    """So many devices of each process, in turn, as no process has its own in a row."""
    numbers = itertools.count()
    return [
        AbsentDevice(next(numbers), platform, platform, process_index=process)
        for turn in range(max(processes))
        for process, count in enumerate(processes)
        if turn < count
    ]


def sizes_of(choice):
    return tuple(choice.mesh.shape[name] for name in ("data", "fsdp", "tensor"))


@pytest.mark.parametrize(
    ("config", "rows", "devices", "sizes", "told"),
    [
        (LLAMA, 8, 8, (1, 8, 1), ""),
        (LLAMA, 4, 8, (1, 4, 2), " (auto: 4 rows at a time)"),
        (LLAMA, 1, 8, (1, 1, 8), " (auto: 1 row at a time)"),
        (LLAMA, 4, 1, (1, 1, 1), ""),
        (LLAMA, 3, 8, (1, 1, 8), " (auto: 3 rows at a time)"),
        (LLAMA, 4, 7, (1, 4, 1), " (auto: 4 rows at a time, tensor must divide 8; 3 of 7 devices are idle)"),
        (SMOLLM2, 4, 8, (1, 2, 3), " (auto: 4 rows at a time, tensor must divide 3; 2 of 8 devices are idle)"),
        (SMOLLM2, 9, 9, (1, 9, 1), ""),
        (SMOLLM2, 128, 128, (2, 64, 1), " (auto: 128 rows at a time, fsdp must divide 576)"),
        (GEMMA_3_1B, 4, 8, (1, 4, 1), " (auto: 4 rows at a time, tensor must divide 1; 4 of 8 devices are idle)"),
        (GEMMA_3_1B, 4, 5, (1, 4, 1), " (auto: 4 rows at a time, tensor must divide 1; 1 of 5 devices is idle)"),
    ],
)
def test_what_is_chosen_and_told(config, rows, devices, sizes, told):
    choice = lay_out("auto", config, rows, devices_of(devices))
    assert sizes_of(choice) == sizes
    assert str(choice) == "mesh data {}, fsdp {}, tensor {}".format(*sizes) + told
    assert choice.idle == devices - choice.mesh.size


def models():
    """Small models whose sizes divide by little, or by much."""
    numbers = st.integers(1, 12)

    def make(kv_heads, group, head_dim, hidden, mlp, vocab):
        return ModelConfig(vocab, hidden, mlp, 2, kv_heads * group, kv_heads, 2 * head_dim)

    return st.builds(make, numbers, numbers, st.integers(1, 4), *[st.integers(1, 96)] * 3)


@given(models(), st.integers(1, 24), st.lists(st.integers(1, 8), min_size=1, max_size=4))
def test_it_always_runs_and_no_other_mesh_has_fewer_idle_devices(config, rows, processes):
    """Held to all meshes of all sizes."""
    devices = devices_of(*processes)
    sizes = range(1, len(devices) + 1)
    most = most_shards(config)
    working = [
        (data * fsdp * tensor, fsdp, -data)
        for data, fsdp, tensor in itertools.product(sizes, repeat=3)
        if (shares := data * fsdp * tensor / len(processes)) <= min(processes) and shares.is_integer()
        if rows % (data * fsdp) == 0 and most["fsdp"] % fsdp == 0 and most["tensor"] % tensor == 0
    ]
    if not working:
        with pytest.raises(
            UserError, match=f"--mesh auto: {rows} row.*: no equal parts for {len(processes)} processes"
        ):
            lay_out("auto", config, rows, devices)
        return
    choice = lay_out("auto", config, rows, devices)
    data, fsdp, _ = sizes_of(choice)
    assert (choice.mesh.size, fsdp, -data) == max(working)
    assert choice.idle == len(devices) - choice.mesh.size
    assert rows % (data * fsdp) == 0
    parameter_shardings(config, choice.mesh)  # raises where the mesh does not divide the model
    taken = list(choice.mesh.devices.flat)
    assert len(set(taken)) == len(taken)
    assert {sum(device.process_index == process for device in taken) for process in range(len(processes))} == {
        choice.mesh.size // len(processes)
    }
    if choice.idle == 0:  # what it came to can be given as it is
        given = lay_out(",".join(map(str, sizes_of(choice))), config, rows, devices)
        assert (given.mesh, given.idle, given.reason) == (choice.mesh, 0, "")


@given(models())
def test_what_divides_a_model_is_what_its_parameters_take(config):
    """fsdp and tensor may be any divisor, and nothing else."""
    most = most_shards(config)
    for axis, size in itertools.product(("fsdp", "tensor"), range(1, 13)):
        mesh = lay_out("auto", LLAMA, size, devices_of(size)).mesh
        sizes = (1, size, 1) if axis == "fsdp" else (1, 1, size)
        mesh = type(mesh)(mesh.devices.reshape(sizes), mesh.axis_names)
        if most[axis] % size == 0:
            parameter_shardings(config, mesh)
        else:
            with pytest.raises(UserError, match=f"{axis} {size} does not divide"):
                parameter_shardings(config, mesh)


def test_a_tpu_has_idle_devices_only_where_its_compiler_allows():
    """Six of eight would be the most; what four rows do not divide over is refused where there are several hosts."""
    one, two = devices_of(8, platform="tpu"), devices_of(4, 4, platform="tpu")
    assert (numbers_that_work(one), numbers_that_work(two)) == ({1, 2, 4, 8}, {8})
    choice = lay_out("auto", SMOLLM2, 4, one)
    assert (sizes_of(choice), choice.idle) == ((1, 4, 1), 4)
    assert sizes_of(lay_out("auto", LLAMA, 4, two)) == (1, 4, 2)
    with pytest.raises(UserError, match=r"8 TPU devices of 2 hosts, where none can be idle; .* a multiple of 8$"):
        lay_out("auto", SMOLLM2, 4, two)


def test_devices_of_a_process_stay_together_where_some_are_idle():
    choice = lay_out("auto", GEMMA_3_1B, 4, devices_of(4, 4))
    assert [device.process_index for device in choice.mesh.devices.flat] == [0, 0, 1, 1]
    assert choice.idle == 4


@pytest.mark.parametrize(
    ("config", "sizes", "rows", "message"),
    [
        (LLAMA, "1,-1,1", 4, "--mesh 1,-1,1: 4 rows at a time .* do not divide over its 8 devices along data and fsdp; "
            "give a multiple of 8; --mesh 1,4,2 works"),
        (LLAMA, "2,1,1", 4, "--mesh '2,1,1': there are 8 to lay out, and this makes 2; --mesh 1,4,2 works"),
        (SMOLLM2, "1,1,-1", 4, r"--mesh: tensor 8 does not divide the model's 9 heads; --mesh auto .with 2 idle. work"),
        (LLAMA, "8", 4, "--mesh '8': give three sizes data,fsdp,tensor, one of which may be -1, as in 1,-1,1"),
    ],
)  # fmt: skip
def test_sizes_that_do_not_work_are_refused_with_those_that_do(config, sizes, rows, message):
    with pytest.raises(UserError, match=message) as error:
        lay_out(sizes, config, rows, devices_of(8))
    assert "\n" not in str(error.value)


def test_sizes_that_are_given_stay_as_they_are():
    config = dataclasses.replace(LLAMA, num_key_value_heads=32)
    for sizes in ("2,2,2", "8,1,1", "1,8,1", "1,1,8"):
        assert sizes_of(lay_out(sizes, config, 8, devices_of(8))) == tuple(map(int, sizes.split(",")))
    assert str(lay_out("1,1,-1", config, 8, devices_of(8))) == "mesh data 1, fsdp 1, tensor 8"
