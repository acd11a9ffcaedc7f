"""Several real processes on this machine: commands, or programs, each with its own fake CPU devices."""

import os
import re
import socket
import subprocess
import sys
import time
from pathlib import Path

from tests.conftest import ROOT

SECONDS = 300  # after which a process of a test is ended
# "[Gloo] Rank 1 is connected to 1 peer ranks. Expected number of connected peer ranks is : 1", written word by word by
# several threads at once: their words and ends of lines mingle.
GLOO_WORDS = (
    r"\[Gloo\] Rank ",
    r"\d+",
    " is connected to ",
    r" peer ranks\. ",
    "Expected number of connected peer ranks is : ",
)
GLOO = re.compile(f"({'|'.join(GLOO_WORDS)})*\n")


def free_port():
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        return one.getsockname()[1]


def fake_devices(count):
    """Give XLA_FLAGS for so many devices on a CPU, beside the flags that the tests have (tests/tiers.py)."""
    return f"{os.environ.get('XLA_FLAGS', '')} --xla_force_host_platform_device_count={count}"


def flags(number, count, port, timeout=60):
    return [
        *("--coordinator", f"127.0.0.1:{port}", "--num-processes", str(count)),
        *("--process-id", str(number), "--coordinator-timeout", str(timeout)),
    ]


class Processes:
    """Processes that were started, by number; use as a context manager: leaving it ends those that still run."""

    def __init__(self, commands, folder, devices=4, folders=None, variables=None):
        environment = os.environ | {
            "XLA_FLAGS": fake_devices(devices),
            "JAX_PLATFORMS": "cpu",
            "HF_HUB_OFFLINE": "1",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "src"), str(ROOT), os.environ.get("PYTHONPATH", "")]),
        }
        self.outputs = [(folder / f"out-{n}.txt", folder / f"err-{n}.txt") for n in range(len(commands))]
        self.started = []
        folders, variables = folders or [None] * len(commands), variables or [{}] * len(commands)
        for command, (out, err), cwd, own in zip(commands, self.outputs, folders, variables, strict=True):
            with out.open("w") as out_file, err.open("w") as err_file:
                program = [sys.executable, *command]
                self.started.append(
                    subprocess.Popen(program, stdout=out_file, stderr=err_file, env=environment | own, cwd=cwd)
                )

    def __enter__(self):
        return self

    def __exit__(self, *exc_info):
        for process in self.started:
            if process.poll() is None:
                process.kill()
            process.wait()

    def wait(self):
        """(status, output, errors) of every process."""
        deadline = time.monotonic() + SECONDS
        for process in self.started:
            process.wait(max(1, deadline - time.monotonic()))
        return [
            (process.returncode, _output(out), _output(err))
            for process, (out, err) in zip(self.started, self.outputs, strict=True)
        ]


def _output(path: Path) -> str:
    """The output of a process, without the lines of the library that connects CPU processes."""
    return "".join(line for line in path.read_text().splitlines(keepends=True) if not GLOO.fullmatch(line))


def run_command(argvs, folder, devices=4, timeout=60, folders=None):
    """One `commit-llm` command line for each process, run to its end, each in a folder of its own where given."""
    port = free_port()
    commands = [
        ["-m", "commit_llm", *argv, *flags(number, len(argvs), port, timeout)] for number, argv in enumerate(argvs)
    ]
    with Processes(commands, folder, devices, folders) as processes:
        return processes.wait()
