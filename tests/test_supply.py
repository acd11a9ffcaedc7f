"""`.ci/supply audit`, with tools that only pretend: its last line and its status tell whether anything was audited."""

import os
import subprocess

import pytest

from tests.conftest import ROOT

pytestmark = pytest.mark.slow

UV = '#!/bin/sh\nfor word; do file=$word; done\nprintf "a==1\\nb==2\\n" > "$file"\n'
FOUND = "Found 1 known vulnerability in 1 package\nName Version ID\na 1 X-1\n"
UNKNOWN = "No known vulnerabilities found\nName Skip Reason\na Dependency not found and could not be audited: a (1)\n"


@pytest.mark.parametrize(
    ("printed", "ended", "last", "status"),
    [
        ("No known vulnerabilities found\n", 0, "No known vulnerabilities found", 0),
        (FOUND, 1, "a 1 X-1", 1),
        (FOUND + UNKNOWN, 1, UNKNOWN.splitlines()[-1], 1),
        (UNKNOWN, 0, "not audited: 1 of 2: the index has no list of vulnerabilities", 3),
        (
            "urllib3: Max retries exceeded\n",
            1,
            "not audited: the list of vulnerabilities cannot be reached from here",
            3,
        ),
        ("Traceback\n", 2, "not audited: pip-audit failed with status 2", 3),
    ],
)
def test_what_an_audit_says(tmp_path, printed, ended, last, status):
    tools = tmp_path / "tools" / "bin"
    tools.mkdir(parents=True)
    (tmp_path / "printed").write_text(printed)
    audit = f'#!/bin/sh\ncat "{tmp_path}/printed"\nexit {ended}\n'
    for name, program in (("uv", UV), ("pip-audit", audit)):
        (tools / name).write_text(program)
        (tools / name).chmod(0o755)
    environment = os.environ | {"SUPPLY_DIR": str(tmp_path)}
    process = subprocess.run([ROOT / ".ci" / "supply", "audit"], env=environment, capture_output=True, text=True)
    assert (process.stdout.splitlines()[-1], process.returncode) == (last, status)


def test_versions_that_cannot_be_resolved_are_not_audited(tmp_path):
    (tmp_path / "tools" / "bin").mkdir(parents=True)
    uv = tmp_path / "tools" / "bin" / "uv"
    uv.write_text("#!/bin/sh\nexit 1\n")
    uv.chmod(0o755)
    environment = os.environ | {"SUPPLY_DIR": str(tmp_path)}
    process = subprocess.run([ROOT / ".ci" / "supply", "audit"], env=environment, capture_output=True, text=True)
    assert process.stdout.splitlines()[-1] == "not audited: the newest versions cannot be resolved"
    assert process.returncode == 3
