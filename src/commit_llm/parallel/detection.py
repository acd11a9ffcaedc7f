"""Which one of how many processes this is: by flags, or by what a launcher left in the environment."""

import glob
import urllib.request
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, replace

from commit_llm.errors import UserError

# Ports are taken from here where a launcher names none: the last 4,096, as jax does.
FIRST_PORT, PORTS = 61440, 4096
TPU_PORT = 8482  # what jax uses on TPU hosts
METADATA = "http://metadata.google.internal/computeMetadata/v1/instance/attributes/"


@dataclass(frozen=True)
class Place:
    """Process `index` of `count`; process 0 answers at `coordinator` (HOST:PORT). source says who told so.

    devices are the accelerators of this host that are this process's own, by number; None is all of them.
    """

    coordinator: str
    count: int
    index: int
    source: str
    devices: list[int] | None = None


@dataclass(frozen=True)
class Found:
    """What a launcher tells: how many processes, which one, where process 0 answers (or None), own devices."""

    count: int
    index: int
    coordinator: str | None
    source: str
    devices: list[int] | None = None


def find_place(
    coordinator: str | None, num_processes: int | None, process_id: int | None, environ: Mapping[str, str]
) -> Place | None:
    """The place of this process; None where it is the only one.

    What no flag gives is looked up in the environment: JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and
    JAX_PROCESS_ID, then Open MPI, Slurm, PMI (MPICH) and TPU hosts. Raises UserError, naming what is missing.
    """
    flags = {"--coordinator": coordinator, "--num-processes": num_processes, "--process-id": process_id}
    given = [name for name, value in flags.items() if value is not None]
    found = None if len(given) == len(flags) else _launched(environ)
    if not given and (found is None or found.count == 1):
        return None
    if found is not None:
        coordinator = found.coordinator if coordinator is None else coordinator
        num_processes = found.count if num_processes is None else num_processes
        process_id = found.index if process_id is None else process_id
    if coordinator is None or num_processes is None or process_id is None:
        values = dict(zip(flags, (coordinator, num_processes, process_id), strict=True))
        missing = " and ".join(name for name, value in values.items() if value is None)
        told = f"{found.source} says this is process {found.index} of {found.count}" if found else " ".join(given)
        raise UserError(f"{told}: {missing} must be given too (process 0's HOST:PORT, how many, which from 0)")
    source = "flags" if found is None else " and ".join([*given, found.source])
    return _checked(Place(coordinator, num_processes, process_id, source, found.devices if found else None))


def split_address(address: str) -> tuple[str, int]:
    """Host and port of HOST:PORT, where the host may be an IPv6 address in brackets."""
    host, _, port = address.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        raise UserError(f"--coordinator {address!r}: give HOST:PORT, the host of process 0 and a free port there")
    return host.strip("[]"), int(port)


def _checked(place: Place) -> Place | None:
    split_address(place.coordinator)
    if place.count < 1:
        raise UserError(f"--num-processes {place.count}: must be at least 1")
    if not 0 <= place.index < place.count:
        raise UserError(f"--process-id {place.index}: must be from 0 to {place.count - 1}, of {place.count} processes")
    return place if place.count > 1 else None


def _launched(environ: Mapping[str, str]) -> Found | None:
    for launcher in (_open_mpi, _slurm, _pmi, _tpu_environment, _tpu_metadata):
        found = launcher(environ)
        if found is not None:
            break
    address = environ.get("JAX_COORDINATOR_ADDRESS")
    if found is not None:
        return found if address is None else replace(found, coordinator=address)
    count = _number(environ, "JAX_NUM_PROCESSES")
    index = _number(environ, "JAX_PROCESS_ID", "JOB_COMPLETION_INDEX")
    if count is None or index is None:
        return None
    source = "JAX_NUM_PROCESSES" + (" and JOB_COMPLETION_INDEX" if "JAX_PROCESS_ID" not in environ else "")
    return Found(count, index, address, source)


def _open_mpi(environ: Mapping[str, str]) -> Found | None:
    """mpirun of Open MPI. It does not say where process 0 is, unless all are on this host."""
    count, index = _number(environ, "OMPI_COMM_WORLD_SIZE"), _number(environ, "OMPI_COMM_WORLD_RANK")
    if count is None or index is None:
        return None
    here, local = _number(environ, "OMPI_COMM_WORLD_LOCAL_SIZE"), _number(environ, "OMPI_COMM_WORLD_LOCAL_RANK")
    job = environ.get("PMIX_NAMESPACE") or environ.get("OMPI_MCA_orte_hnp_uri") or ""
    address = f"127.0.0.1:{_port(zlib.crc32(job.encode()))}" if here == count else None
    return Found(count, index, address, "Open MPI", _own_devices(environ, local, here))


def _slurm(environ: Mapping[str, str]) -> Found | None:
    """A job step of srun (a batch script by itself is one process, whatever the job has asked for)."""
    count, index = _number(environ, "SLURM_STEP_NUM_TASKS"), _number(environ, "SLURM_PROCID")
    hosts, job = environ.get("SLURM_STEP_NODELIST"), _number(environ, "SLURM_JOB_ID")
    if count is None or index is None or hosts is None or job is None:
        return None
    if _number(environ, "PMI_SIZE") not in (None, count):
        return None  # mpiexec has started its own processes through a job step of one task a host
    nodes = _number(environ, "SLURM_STEP_NUM_NODES") or 1
    own = _own_devices(environ, _number(environ, "SLURM_LOCALID"), -(-count // nodes))
    step = _number(environ, "SLURM_STEP_ID") or 0
    return Found(count, index, f"{_first_host(hosts)}:{_port(job + step)}", "Slurm", own)


def _pmi(environ: Mapping[str, str]) -> Found | None:
    """mpiexec of MPICH and its kin. It does not say where process 0 is."""
    count, index = _number(environ, "PMI_SIZE"), _number(environ, "PMI_RANK")
    if count is None or index is None:
        return None
    here, local = _number(environ, "MPI_LOCALNRANKS"), _number(environ, "MPI_LOCALRANKID")
    return Found(count, index, None, "PMI", _own_devices(environ, local, here))


def _tpu_environment(environ: Mapping[str, str]) -> Found | None:
    """The workers of a TPU slice as Kubernetes (GKE) names them, and of several slices."""
    hosts = environ.get("TPU_PROCESS_ADDRESSES") or environ.get("TPU_WORKER_HOSTNAMES")
    worker = environ.get("TPU_WORKER_ID", "")
    if hosts is None or not worker.isdigit() or environ.get("JAX_PLATFORMS") == "cpu":
        return None  # where libtpu is installed and there is no TPU, jax itself sets both to the text of a warning
    names = [host.rsplit(":", 1)[0] for host in hosts.split(",")]
    slices, this = _number(environ, "MEGASCALE_NUM_SLICES") or 1, _number(environ, "MEGASCALE_SLICE_ID") or 0
    first = (environ.get("MEGASCALE_COORDINATOR_ADDRESS") or names[0]).split(":")[0]
    return Found(len(names) * slices, this * len(names) + int(worker), f"{first}:{TPU_PORT}", "the TPU slice")


def _tpu_metadata(environ: Mapping[str, str]) -> Found | None:
    """The workers of a TPU slice as the metadata of a Cloud TPU VM name them; asked only where there are TPU chips."""
    if environ.get("JAX_PLATFORMS") == "cpu" or "TPU_SKIP_MDS_QUERY" in environ or not _has_tpu():
        return None
    try:
        workers, worker = _metadata("worker-network-endpoints"), int(_metadata("agent-worker-number"))
    except (OSError, ValueError):
        return None
    # Either host names, or triples name:id:address.
    names = [endpoint.split(":")[-1] for endpoint in workers.split(",")]
    return Found(len(names), worker, f"{names[0]}:{TPU_PORT}", "the TPU slice")


def _has_tpu() -> bool:
    return bool(glob.glob("/dev/accel[0-9]*") or glob.glob("/dev/vfio/[0-9]*"))


def _metadata(name: str) -> str:
    request = urllib.request.Request(METADATA + name, headers={"Metadata-Flavor": "Google"})
    with urllib.request.urlopen(request, timeout=5) as answer:
        return str(answer.read().decode("utf-8"))


def _own_devices(environ: Mapping[str, str], local: int | None, here: int | None) -> list[int] | None:
    """The device that is this process's own where several run on a host; None (all) where it sees only its own."""
    seen = environ.get("CUDA_VISIBLE_DEVICES", environ.get("ROCR_VISIBLE_DEVICES", ""))
    alone = here is None or here == 1 or local is None
    return None if alone or (seen and "," not in seen) or "JAX_LOCAL_DEVICE_IDS" in environ else [local or 0]


def _first_host(hosts: str) -> str:
    """The first of a Slurm host list.

    >>> [_first_host(hosts) for hosts in ("node7", "a1,b2", "gpu[003-010,012],x1", "n[1,5]")]
    ['node7', 'a1', 'gpu003', 'n1']
    """
    head, bracket, rest = hosts.partition("[")
    if "," in head or not bracket:
        return head.split(",")[0]
    inside, _, tail = rest.partition("]")
    return head + inside.replace("-", ",").split(",")[0] + tail.split(",")[0]


def _port(number: int) -> int:
    return FIRST_PORT + number % PORTS


def _number(environ: Mapping[str, str], *names: str) -> int | None:
    for name in names:
        if name in environ:
            try:
                return int(environ[name])
            except ValueError:
                raise UserError(f"{name}={environ[name]!r} in the environment: must be a whole number") from None
    return None
