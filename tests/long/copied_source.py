"""A copy of source and tests, into which faults are put, and the tests of a room run on it."""

import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

from tests.conftest import ROOT


class CopiedSource(NamedTuple):
    """Hold the folder of a copy."""

    folder: Path

    @classmethod
    def in_folder(cls, folder: Path) -> "CopiedSource":
        """Copy source and tests into a folder."""
        for name in ("src", "tests"):
            shutil.copytree(ROOT / name, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        shutil.copy(ROOT / "pyproject.toml", folder)
        return cls(folder)

    def tests_near(self, path: str) -> list[str]:
        """Give where the tests of a file of the package are: its own file, its folder, and so on out to its room."""
        own, room = Path(path).with_name(f"test_{Path(path).name}"), Path(path).parts[0]
        places = [own, *(parent for parent in Path(path).parents if parent.parts[:1] == (room,))]
        return [str(place) for place in places if (self.folder / "tests" / place).exists()]

    def test(
        self, place: str, marks: str | None = None, seconds: float | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run tests on the copy until one fails: the quick ones, or those of the marks.

        place: a room, or a folder, a file or a test inside `tests`.
        Raises subprocess.TimeoutExpired after so many seconds.
        """
        tests = self.folder / "tests" / place
        if "::" not in place and not tests.exists():
            tests = tests.with_name(f"test_{place}.py")
        command = [sys.executable, "-m", "pytest", "-q", "-x", "-p", "no:cacheprovider", str(tests)]
        command += [] if marks is None else ["-m", marks]
        environment = os.environ | {"PYTHONPATH": str(self.folder / "src"), "PYTHONDONTWRITEBYTECODE": "1"}
        return subprocess.run(
            command, cwd=self.folder, env=environment, capture_output=True, text=True, timeout=seconds, check=False
        )

    @contextmanager
    def with_fault(self, path: str, content: str) -> Iterator[None]:
        """Give a file of the package another content while inside. path: inside the package."""
        target = self.folder / "src" / "commit_llm" / path
        before = target.read_text(encoding="utf-8")
        target.write_text(content, encoding="utf-8")
        try:
            yield
        finally:
            target.write_text(before, encoding="utf-8")
