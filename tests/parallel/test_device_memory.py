"""The share of a GPU's memory: the user's own is kept, and child processes have it; what this machine has."""

import os
import subprocess
import sys
from types import SimpleNamespace

import pytest

from commit_llm.cli.main import entry
from commit_llm.errors import UserError
from commit_llm.parallel import device_memory
from commit_llm.parallel.device_memory import (
    SHARE,
    SHARES,
    bytes_for_program,
    bytes_of_kind,
    claim_gpu_memory,
    gpu_share,
)
from commit_llm.parallel.topologies import KINDS


@pytest.mark.parametrize(
    ("before", "after", "share"),
    [
        ({}, {SHARE: "0.92"}, 0.92),
        ({SHARE: "0.5"}, {SHARE: "0.5"}, 0.5),
        ({SHARES[1]: ".3"}, {SHARES[1]: ".3"}, 0.3),  # jax refuses both names together
        ({SHARE: "", SHARES[1]: ""}, {SHARE: "0.92", SHARES[1]: ""}, 0.92),
        ({"XLA_PYTHON_CLIENT_PREALLOCATE": "false"}, {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", SHARE: "0.92"}, 0.92),
    ],
)
def test_the_environment_before_and_after(before, after, share):
    assert gpu_share(before) == share
    environ = dict(before)
    claim_gpu_memory(environ)
    assert (environ, gpu_share(environ)) == (after, share)


def test_jax_reads_these_names(monkeypatch):
    """It would pass over a name that it does not know; it makes its choice with what a command has left there."""
    from jaxlib import xla_client

    for name in SHARES:
        monkeypatch.setenv(name, "")
    assert "memory_fraction" not in xla_client.generate_pjrt_gpu_plugin_options()
    claim_gpu_memory(os.environ)
    assert xla_client.generate_pjrt_gpu_plugin_options()["memory_fraction"] == 0.92
    monkeypatch.setenv(SHARE, "")
    monkeypatch.setenv(SHARES[1], "0.4")
    claim_gpu_memory(os.environ)
    assert xla_client.generate_pjrt_gpu_plugin_options()["memory_fraction"] == 0.4


def test_a_command_claims_it_for_its_child_processes_too(monkeypatch, capsys):
    for name in SHARES:
        monkeypatch.setenv(name, "")
    monkeypatch.setattr(sys, "argv", ["commit-llm", "--version"])
    monkeypatch.setattr(sys, "unraisablehook", sys.unraisablehook)
    with pytest.raises(SystemExit):
        entry()
    capsys.readouterr()
    program = f"import os; print(os.environ['{SHARE}'])"
    child = subprocess.run([sys.executable, "-ISc", program], capture_output=True, text=True, check=True)
    assert child.stdout == "0.92\n"


def test_a_share_that_is_no_number():
    for name in SHARES:
        with pytest.raises(UserError, match=f"{name}='much' in the environment: must be a number"):
            gpu_share({name: "much"})


def test_a_container_has_its_own_limit(tmp_path, monkeypatch):
    """The files say a number, or "max", or are not there."""
    new, old = tmp_path / "memory.max", tmp_path / "memory.limit_in_bytes"
    monkeypatch.setattr(device_memory, "CONTAINER_LIMITS", (new, old))
    cpu = SimpleNamespace(platform="cpu")
    whole = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    assert bytes_for_program([cpu, cpu]) == whole // 2
    new.write_text("max\n")
    old.write_text("9223372036854771712\n")  # no limit, in the older kind
    assert bytes_for_program([cpu]) == whole
    new.write_text("1048576\n")
    assert bytes_for_program([cpu] * 4) == 262144


def test_an_accelerator_says_what_it_has():
    gpu = SimpleNamespace(platform="gpu", memory_stats=lambda: {"bytes_limit": 7, "bytes_in_use": 5})
    silent = SimpleNamespace(platform="tpu", memory_stats=lambda: None)
    smaller = SimpleNamespace(platform="gpu", memory_stats=lambda: {"bytes_limit": 6})
    assert (bytes_for_program([gpu, smaller]), bytes_for_program([silent])) == (6, None)


def test_what_a_command_may_take_of_a_kind():
    """All of a TPU's memory, which is what libtpu leaves to a program; a share of a GPU's."""
    assert bytes_of_kind(KINDS["v4"], {SHARE: "0.5"}) == int(30.75 * 2**30)
    assert bytes_of_kind(KINDS["a100-80gb"], {SHARE: "0.5"}) == 40 * 2**30
