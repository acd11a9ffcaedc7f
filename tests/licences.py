"""Write docs/licences.md: `python -m tests.licences`, where commit-llm is installed with the extras to be looked at.

A row of what is not installed stays as the page has it, so that each environment adds what it knows.
"""

import importlib.metadata
import re
import tomllib
from collections.abc import Iterator

from tests.conftest import ROOT

PAGE = ROOT / "docs" / "licences.md"
MARK = "<!-- licences: python -m tests.licences -->"
ROW = re.compile(r"^\| `([\w.-]+)` \| (.+?) \| (.+?) \|$", re.M)
# Of packages whose metadata say nothing, or only a whole text: what that text, or their licence file, is.
KNOWN = {"grain": "Apache-2.0", "word2number": "MIT"}


def normal(name: str) -> str:
    """Give a package's name as indexes compare it."""
    return re.sub(r"[-_.]+", "-", name).lower()


def names_of(requirements: list[str]) -> list[str]:
    return [normal(re.match(r"[\w.-]+", requirement)[0]) for requirement in requirements]


def direct() -> dict[str, str]:
    """Give what pyproject.toml names: each package, and by which extra, `base` for the base install."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named: dict[str, str] = {}
    for extra, requirements in {"base": project["dependencies"], **project["optional-dependencies"]}.items():
        for name in names_of(requirements):
            if name != "commit-llm":
                named.setdefault(name, extra if extra == "base" else f"extra `{extra}`")
    return named


def licence_of(name: str) -> str:
    """Give the licence that a package's metadata say, the shortest way that they say it."""
    if name in KNOWN:
        return KNOWN[name]
    metadata = importlib.metadata.metadata(name)
    if expression := metadata.get("License-Expression"):
        return expression
    classes = [line.split(" :: ")[-1] for line in metadata.get_all("Classifier") or [] if line.startswith("License ::")]
    text = (metadata.get("License") or "").strip()
    if text not in ("", "UNKNOWN") and len(text) < 60 and "\n" not in text:
        return text
    return "; ".join(classes) or "not said"


def reached() -> Iterator[tuple[str, str]]:
    """Give every installed package that is needed, and what needs it, the direct ones first."""
    waiting = list(direct().items())
    seen = {name for name, _ in waiting} | {"commit-llm"}
    while waiting:
        name, reason = waiting.pop(0)
        try:
            requirements = importlib.metadata.requires(name) or []
        except importlib.metadata.PackageNotFoundError:
            continue
        yield name, reason
        for other in names_of([line for line in requirements if "extra ==" not in line]):
            if other not in seen:
                seen.add(other)
                waiting.append((other, f"through `{name}`"))


def rows(text: str) -> dict[str, tuple[str, str]]:
    """Read the rows of the page: package -> (licence, what needs it)."""
    return {name: (licence, reason) for name, licence, reason in ROW.findall(text)}


def main() -> None:
    text = PAGE.read_text(encoding="utf-8")
    table = rows(text) | {name: (licence_of(name), reason) for name, reason in reached()}
    head = text[: text.index(MARK)]
    lines = [f"| `{name}` | {licence} | {reason} |" for name, (licence, reason) in sorted(table.items())]
    body = "\n".join([MARK, "| package | licence | needed by |", "| --- | --- | --- |", *lines])
    PAGE.write_text(f"{head}{body}\n", encoding="utf-8")


if __name__ == "__main__":
    main()
