"""Which process this is, of how many, as flags and launchers say."""

import pytest

from commit_llm.errors import UserError
from commit_llm.parallel import detection
from commit_llm.parallel.detection import Place, find_place

SLURM = {
    "SLURM_JOB_ID": "70000",
    "SLURM_STEP_ID": "0",
    "SLURM_STEP_NODELIST": "gpu[003-004]",
    "SLURM_STEP_NUM_NODES": "2",
    "SLURM_STEP_NUM_TASKS": "16",
    "SLURM_PROCID": "9",
    "SLURM_LOCALID": "1",
}
OPEN_MPI = {
    "OMPI_COMM_WORLD_SIZE": "4",
    "OMPI_COMM_WORLD_RANK": "3",
    "OMPI_COMM_WORLD_LOCAL_SIZE": "4",
    "OMPI_COMM_WORLD_LOCAL_RANK": "3",
}
PMI = {"PMI_SIZE": "2", "PMI_RANK": "1"}
GKE = {"TPU_WORKER_HOSTNAMES": "a-0.a,a-1.a", "TPU_WORKER_ID": "1"}
ADDRESS = {"JAX_COORDINATOR_ADDRESS": "first:1234"}


@pytest.fixture(autouse=True)
def no_tpu(monkeypatch):
    monkeypatch.setattr(detection, "_has_tpu", lambda: False)


def place(environ, coordinator=None, count=None, index=None):
    detected = find_place(coordinator, count, index, environ)
    return detected and (detected.coordinator, detected.count, detected.index, detected.devices)


def test_a_machine_by_itself():
    assert place({}) is None
    assert place({"JOB_COMPLETION_INDEX": "3"}) is None  # a job of many runs
    assert place(ADDRESS) is None
    assert place({"SLURM_JOB_ID": "7", "SLURM_NTASKS": "16", "SLURM_PROCID": "0"}) is None  # a batch script
    assert place(SLURM | {"SLURM_STEP_NUM_TASKS": "1", "SLURM_PROCID": "0"}) is None
    assert place({"TPU_WORKER_HOSTNAMES": "localhost", "TPU_WORKER_ID": "0"}) is None
    # What jax itself sets where libtpu is installed and there is no TPU; processes that it starts inherit it.
    warning = "WARNING: could not determine TPU worker number"
    assert place({"TPU_WORKER_HOSTNAMES": warning, "TPU_WORKER_ID": warning}) is None
    assert place(OPEN_MPI | {"OMPI_COMM_WORLD_SIZE": "1", "OMPI_COMM_WORLD_RANK": "0"}) is None


def test_flags():
    assert find_place("h:1", 2, 1, SLURM) == Place("h:1", 2, 1, "flags")
    assert place({}, "h:1", 1, 0) is None
    assert place(PMI, "h:1") == ("h:1", 2, 1, None)
    wrong = [
        (("h:1", None, None), "--num-processes and --process-id must be given too"),
        ((None, 2, 0), "--coordinator must be given too"),
        (("h", 2, 0), "--coordinator 'h': give HOST:PORT"),
        (("h:0", 2, 0), "--coordinator 'h:0'"),
        (("h:1", 0, 0), "--num-processes 0: must be at least 1"),
        (("h:1", 2, 2), "--process-id 2: must be from 0 to 1"),
    ]
    for flags, message in wrong:
        with pytest.raises(UserError, match=message):
            find_place(*flags, {})


def test_slurm():
    assert place(SLURM) == ("gpu003:61808", 16, 9, [1])
    assert place(SLURM | {"CUDA_VISIBLE_DEVICES": "0"}) == ("gpu003:61808", 16, 9, None)
    assert place(SLURM | {"CUDA_VISIBLE_DEVICES": "0,1"})[3] == [1]
    assert place(SLURM | {"SLURM_STEP_NUM_TASKS": "2", "SLURM_PROCID": "1", "SLURM_LOCALID": "0"})[1:] == (2, 1, None)
    assert place(SLURM | ADDRESS)[0] == "first:1234"
    with pytest.raises(UserError, match="SLURM_PROCID='x' in the environment"):
        place(SLURM | {"SLURM_PROCID": "x"})


def test_mpi():
    address, *rest = place(OPEN_MPI)
    assert address.startswith("127.0.0.1:")
    assert rest == [4, 3, [3]]
    assert place(OPEN_MPI | SLURM)[1:3] == (4, 3)  # mpirun starts its daemons through srun
    assert place(PMI | ADDRESS) == ("first:1234", 2, 1, None)
    assert place(PMI | SLURM | ADDRESS)[1:3] == (2, 1)
    with pytest.raises(UserError, match=r"PMI says this is process 1 of 2: --coordinator must be given too"):
        place(PMI)
    with pytest.raises(UserError, match="Open MPI says"):
        place(OPEN_MPI | {"OMPI_COMM_WORLD_LOCAL_SIZE": "2"})


def test_kubernetes():
    job = {"JOB_COMPLETION_INDEX": "1", "JAX_NUM_PROCESSES": "2", **ADDRESS}
    assert place(job) == ("first:1234", 2, 1, None)
    assert place(job | {"JAX_PROCESS_ID": "0"})[2] == 0
    del job["JAX_COORDINATOR_ADDRESS"]
    with pytest.raises(UserError, match=r"JAX_NUM_PROCESSES and JOB_COMPLETION_INDEX says .* --coordinator must"):
        place(job)


def test_tpu_slices(monkeypatch):
    assert place(GKE) == ("a-0.a:8482", 2, 1, None)
    assert place(GKE | {"JAX_PLATFORMS": "cpu"}) is None
    several = {"MEGASCALE_NUM_SLICES": "3", "MEGASCALE_SLICE_ID": "2", "MEGASCALE_COORDINATOR_ADDRESS": "z:8080"}
    assert place(GKE | several) == ("z:8482", 6, 5, None)
    metadata = {"worker-network-endpoints": "x:1:10.0.0.1,x:2:10.0.0.2", "agent-worker-number": "1"}
    monkeypatch.setattr(detection, "_metadata", metadata.__getitem__)
    assert place({}) is None  # nothing is asked where there is no TPU
    monkeypatch.setattr(detection, "_has_tpu", lambda: True)
    assert place({}) == ("10.0.0.1:8482", 2, 1, None)
    metadata["worker-network-endpoints"] = "host-0,host-1"
    assert place({}) == ("host-0:8482", 2, 1, None)
    assert place({"JAX_PLATFORMS": "cpu"}) is None
