"""Print what the source looks like from outside: files, lines, names that come twice, imports, floors.

    python -m tests.architecture.structure src/commit_llm [ANOTHER_FOLDER ...]

A column a folder, so that two checkouts can be compared. A box is a file or a folder; it stands a floor above all boxes
that it imports.
"""

import ast
import sys
from collections import Counter
from functools import cache
from pathlib import Path
from statistics import mean, median

SHORT = 50  # lines; a file below that wants a reason


def source_files(package: Path) -> dict[str, Path]:
    """Give the files of a package by their dotted name below it; `__init__` and `__main__` are left out."""
    return {
        ".".join(path.relative_to(package).with_suffix("").parts): path
        for path in sorted(package.rglob("*.py"))
        if not path.stem.startswith("__")
    }


def imported(path: Path, names: frozenset[str]) -> set[str]:
    """Give the modules among `names` that a file imports, anywhere in it."""
    modules = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            modules |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return {module.removeprefix("commit_llm.") for module in modules} & names


def repeated_names(names: list[str]) -> dict[str, int]:
    """Give the module names that stand in more than one room; a command's own file may share its name."""
    counts = Counter(name.rpartition(".")[2] for name in names if not name.startswith("cli."))
    return {name: number for name, number in counts.items() if number > 1}


def boxes(imports: dict[str, set[str]], room: str) -> dict[str, set[str]]:
    """Give what is directly in a room, files and folders, and what each imports of the others."""

    def box(name: str) -> str:
        return name.removeprefix(f"{room}.").partition(".")[0]

    names = [name for name in imports if name.startswith(f"{room}.")]
    arrows: dict[str, set[str]] = {box(name): set() for name in names}
    for name in names:
        arrows[box(name)] |= {box(other) for other in imports[name] if other.startswith(f"{room}.")} - {box(name)}
    return arrows


def floors(arrows: dict[str, set[str]]) -> str:
    """Give the number of floors: a box stands above all that it imports."""

    @cache
    def floor(name: str) -> int:
        return 1 + max((floor(other) for other in arrows[name]), default=0)

    try:
        return str(max(map(floor, arrows)))
    except RecursionError:
        return "a circle"


def measures(package: Path) -> dict[str, str]:
    """Give the figures of a package, by what they are."""
    files = source_files(package)
    lengths = {name: len(path.read_text(encoding="utf-8").splitlines()) for name, path in files.items()}
    imports = {name: imported(path, frozenset(files)) for name, path in files.items()}
    repeated = repeated_names(list(files))
    of_codemix = boxes(imports, "codemix")
    return {
        "files": f"{len(files)}",
        "lines": f"{sum(lengths.values()):,}",
        "median lines": f"{median(lengths.values()):.0f}",
        "longest": f"{max(lengths.values())}",
        f"files under {SHORT} lines": f"{sum(length < SHORT for length in lengths.values())}",
        "repeated names": f"{len(repeated)}",
        "imports a file, of ours": f"{mean(map(len, imports.values())):.1f}",
        "codemix: boxes directly in it": f"{len(of_codemix)}",
        "codemix: floors of boxes": floors(of_codemix),
    }


def main() -> None:
    """Print the table."""
    packages = [Path(argument) for argument in sys.argv[1:]] or [Path("src/commit_llm")]
    columns = [measures(package) for package in packages]
    print("| |" + "".join(f" {package} |" for package in packages))
    print("| --- |" + " --- |" * len(packages))
    for name in columns[0]:
        print(f"| {name} |" + "".join(f" {column[name]} |" for column in columns))


if __name__ == "__main__":
    main()
