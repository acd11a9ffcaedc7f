"""Detect which process this is, of how many: by flags, or by what a launcher left in the environment."""

import glob
import urllib.request
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from commit_llm.errors import UserError

# Where a launcher names no port, one of the last 4,096 is taken, as jax does.
FIRST_PORT, PORTS = 61440, 4096
TPU_PORT = 8482  # what jax uses on TPU hosts
METADATA = "http://metadata.google.internal/computeMetadata/v1/instance/attributes/"


@dataclass(frozen=True)
class Place:
    """Hold the place of this process among all.

    coordinator: where process 0 answers, HOST:PORT.
    count: how many processes there are.
    index: which of them this is, from 0.
    source: who says so, for messages.
    devices: the numbers of this host's accelerators that belong to this process; None: all of them.
    """

    coordinator: str
    count: int
    index: int
    source: str
    devices: list[int] | None = None


@dataclass(frozen=True)
class Launch:
    """Hold what a launcher says: the fields of `Place`, where coordinator is None if the launcher does not say it."""

    count: int
    index: int
    coordinator: str | None
    source: str
    devices: list[int] | None = None


def find_place(
    coordinator: str | None, num_processes: int | None, process_id: int | None, environ: Mapping[str, str]
) -> Place | None:
    """Find the place of this process; None where it is the only one.

    The environment says what no flag says: Open MPI, Slurm, PMI (MPICH), TPU hosts, then JAX_NUM_PROCESSES and
    JAX_PROCESS_ID. JAX_COORDINATOR_ADDRESS comes before the address of a launcher. Raise UserError naming what is
    missing.

    coordinator, num_processes, process_id: the flags of these names; None where a flag is not set.
    """
    flags = {"--coordinator": coordinator, "--num-processes": num_processes, "--process-id": process_id}
    flags_set = [name for name, value in flags.items() if value is not None]
    launch = None if len(flags_set) == len(flags) else _find_launch(environ)
    if not flags_set and (launch is None or launch.count == 1):
        return None
    if launch is not None:
        coordinator = launch.coordinator if coordinator is None else coordinator
        num_processes = launch.count if num_processes is None else num_processes
        process_id = launch.index if process_id is None else process_id
    if coordinator is None or num_processes is None or process_id is None:
        values = dict(zip(flags, (coordinator, num_processes, process_id), strict=True))
        missing = " and ".join(name for name, value in values.items() if value is None)
        facts = " ".join(flags_set)
        if launch is not None:
            facts = f"{launch.source} says this is process {launch.index} of {launch.count}"
        raise UserError(f"{facts}: {missing} must be given too (process 0's HOST:PORT, how many, which from 0)")
    source = "flags" if launch is None else " and ".join([*flags_set, launch.source])
    return _check(Place(coordinator, num_processes, process_id, source, launch.devices if launch else None))


def split_address(address: str) -> tuple[str, int]:
    """Split HOST:PORT into host and port; the host may be an IPv6 address in brackets."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdecimal() or len(port) > 5 or not 0 < int(port) < 65536:
        raise UserError(f"--coordinator {address!r}: give HOST:PORT, the host of process 0 and a free port there")
    return host.strip("[]"), int(port)


def _check(place: Place) -> Place | None:
    """Give the place, or None where it is the only one; raise UserError where its numbers are impossible."""
    split_address(place.coordinator)
    if place.count < 1:
        raise UserError(f"--num-processes {place.count}: must be at least 1")
    if not 0 <= place.index < place.count:
        raise UserError(f"--process-id {place.index}: must be from 0 to {place.count - 1}, of {place.count} processes")
    return place if place.count > 1 else None


def _find_launch(environ: Mapping[str, str]) -> Launch | None:
    """Ask every launcher in turn, and the variables of jax last."""
    for launcher in (_open_mpi, _slurm, _pmi, _tpu_environment, _tpu_metadata):
        launch = launcher(environ)
        if launch is not None:
            break
    address = environ.get("JAX_COORDINATOR_ADDRESS")
    if launch is not None:
        return launch if address is None else replace(launch, coordinator=address)
    count = _number(environ, "JAX_NUM_PROCESSES")
    index = _number(environ, "JAX_PROCESS_ID", "JOB_COMPLETION_INDEX")
    if count is None or index is None:
        return None
    source = "JAX_NUM_PROCESSES" + (" and JOB_COMPLETION_INDEX" if "JAX_PROCESS_ID" not in environ else "")
    return Launch(count, index, address, source)


def _open_mpi(environ: Mapping[str, str]) -> Launch | None:
    """Read the variables of Open MPI's mpirun. They do not say where process 0 is, unless all are on this host."""
    count, index = _number(environ, "OMPI_COMM_WORLD_SIZE"), _number(environ, "OMPI_COMM_WORLD_RANK")
    if count is None or index is None:
        return None
    local_count = _number(environ, "OMPI_COMM_WORLD_LOCAL_SIZE")
    local_index = _number(environ, "OMPI_COMM_WORLD_LOCAL_RANK")
    job = environ.get("PMIX_NAMESPACE") or environ.get("OMPI_MCA_orte_hnp_uri") or ""
    address = f"127.0.0.1:{_port(zlib.crc32(job.encode()))}" if local_count == count else None
    return Launch(count, index, address, "Open MPI", _own_devices(environ, local_index, local_count))


def _slurm(environ: Mapping[str, str]) -> Launch | None:
    """Read the variables of a job step of srun. A batch script alone is one process, whatever the job has asked for."""
    count, index = _number(environ, "SLURM_STEP_NUM_TASKS"), _number(environ, "SLURM_PROCID")
    hosts, job = environ.get("SLURM_STEP_NODELIST"), _number(environ, "SLURM_JOB_ID")
    if count is None or index is None or hosts is None or job is None:
        return None
    if _number(environ, "PMI_SIZE") not in (None, count):
        return None  # mpiexec has started its own processes, through a job step of one task a host
    nodes = _number(environ, "SLURM_STEP_NUM_NODES") or 1
    devices = _own_devices(environ, _number(environ, "SLURM_LOCALID"), -(-count // nodes))
    step = _number(environ, "SLURM_STEP_ID") or 0
    return Launch(count, index, f"{_first_host(hosts)}:{_port(job + step)}", "Slurm", devices)


def _pmi(environ: Mapping[str, str]) -> Launch | None:
    """Read the variables of mpiexec of MPICH and its kin. They do not say where process 0 is."""
    count, index = _number(environ, "PMI_SIZE"), _number(environ, "PMI_RANK")
    if count is None or index is None:
        return None
    local_count, local_index = _number(environ, "MPI_LOCALNRANKS"), _number(environ, "MPI_LOCALRANKID")
    return Launch(count, index, None, "PMI", _own_devices(environ, local_index, local_count))


def _tpu_environment(environ: Mapping[str, str]) -> Launch | None:
    """Read the workers of one or several TPU slices, as Kubernetes (GKE) names them."""
    hosts = environ.get("TPU_PROCESS_ADDRESSES") or environ.get("TPU_WORKER_HOSTNAMES")
    worker = environ.get("TPU_WORKER_ID", "")
    if hosts is None or not worker.isdecimal() or environ.get("JAX_PLATFORMS") == "cpu":
        return None  # with libtpu and without a TPU, jax itself sets both variables to the text of a warning
    names = [host.rsplit(":", 1)[0] for host in hosts.split(",")]
    slice_count = _number(environ, "MEGASCALE_NUM_SLICES") or 1
    slice_index = _number(environ, "MEGASCALE_SLICE_ID") or 0
    first_host = (environ.get("MEGASCALE_COORDINATOR_ADDRESS") or names[0]).split(":")[0]
    index = slice_index * len(names) + int(worker)
    return Launch(len(names) * slice_count, index, f"{first_host}:{TPU_PORT}", "the TPU slice")


def _tpu_metadata(environ: Mapping[str, str]) -> Launch | None:
    """Ask the metadata of a Cloud TPU VM for the workers of its slice, only where there are TPU chips."""
    if environ.get("JAX_PLATFORMS") == "cpu" or "TPU_SKIP_MDS_QUERY" in environ or not _has_tpu():
        return None
    try:
        workers, worker = _metadata("worker-network-endpoints"), int(_metadata("agent-worker-number"))
    except (OSError, ValueError):
        return None
    # These are host names, or triples name:id:address.
    names = [endpoint.split(":")[-1] for endpoint in workers.split(",")]
    return Launch(len(names), worker, f"{names[0]}:{TPU_PORT}", "the TPU slice")


def _has_tpu() -> bool:
    """Say whether this host has TPU chips."""
    return bool(glob.glob("/dev/accel[0-9]*") or glob.glob("/dev/vfio/[0-9]*"))


def _metadata(name: str) -> str:
    """Read one attribute of this Cloud TPU VM."""
    request = urllib.request.Request(METADATA + name, headers={"Metadata-Flavor": "Google"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return str(answer.read().decode("utf-8"))


def _own_devices(environ: Mapping[str, str], local_index: int | None, local_count: int | None) -> list[int] | None:
    """Choose one device for this process where several run on its host; None (all) where it sees only its own.

    local_index, local_count: which process of this host this is, from 0, and of how many; None: unknown.
    """
    visible = environ.get("CUDA_VISIBLE_DEVICES", environ.get("ROCR_VISIBLE_DEVICES", ""))
    if local_count is None or local_count == 1 or local_index is None:
        return None
    return None if (visible and "," not in visible) or "JAX_LOCAL_DEVICE_IDS" in environ else [local_index]


def _first_host(hosts: str) -> str:
    """Give the first host of a Slurm host list.

    >>> [_first_host(hosts) for hosts in ("node7", "a1,b2", "gpu[003-010,012],x1", "n[1,5]")]
    ['node7', 'a1', 'gpu003', 'n1']
    """
    head, bracket, rest = hosts.partition("[")
    if "," in head or not bracket:
        return head.split(",")[0]
    inside, _, tail = rest.partition("]")
    return head + inside.replace("-", ",").split(",")[0] + tail.split(",")[0]


def _port(number: int) -> int:
    """Turn a number that all processes of a job share into a port."""
    return FIRST_PORT + number % PORTS


def _number(environ: Mapping[str, str], *names: str) -> int | None:
    """Read the first of these variables that is set as a whole number; None where none is."""
    for name in names:
        if name in environ:
            try:
                return int(environ[name])
            except ValueError:
                raise UserError(f"{name}={environ[name]!r} in the environment: must be a whole number") from None
    return None
