"""Print the table of what `benchmarks/gpu.sh` measured, in Markdown; exit with status 1 where a part failed.

    python benchmarks/gpu_table.py FOLDER

The folder holds parts.tsv, a line for each part in order: its name, a tab, and why it failed, or nothing; and NAME.out,
what a part printed: figures as lines of JSON (benchmarks/apart.py), or, of parity, Markdown that is passed on. What is
for ours alone has a table of its own, with what the compiler and `commit-llm plan` say of the memory (planned.json,
where benchmarks/planned.py could write it), and the operations of a step that took longest.
"""

import argparse
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from apart import cells

Figures = dict[str, Any]


def read_parts(folder: Path) -> dict[str, str]:
    """Read why each part failed, by its name; the reason is empty where it did not."""
    lines = (folder / "parts.tsv").read_text(encoding="utf-8").splitlines()
    return {name: reason for name, _, reason in (line.partition("\t") for line in lines)}


def read_output(folder: Path, name: str) -> tuple[list[Figures], list[str]]:
    """Read the figures and the other lines that a part printed."""
    path = folder / f"{name}.out"
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    figures = [json.loads(line) for line in lines if line.startswith("{")]
    return figures, [line for line in lines if not line.startswith("{")]


def table(figures: Sequence[Figures]) -> list[str]:
    """Make the table: rows of one model and task stand together."""
    groups: dict[tuple[str, str], list[Figures]] = {}
    for row in figures:
        groups.setdefault((row["model"], row["what"]), []).append(row)
    lines = ["| model | what | contender | tokens/s | MFU | peak GiB | ours / theirs |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for (model, what), rows in groups.items():
        ours = next((row["tokens_per_second"] for row in rows if row["contender"] == "ours"), None)
        lines += ["| " + " | ".join([model, what, row["contender"], *cells(row, ours)]) + " |" for row in rows]
    return lines


def table_of_ours(figures: Mapping[str, Figures], planned: Mapping[str, float]) -> list[str]:
    """Make the table of what is measured of ours alone, by part; planned: GiB by part."""
    lines = ["| model | what | tokens/s | MFU | peak GiB | by the compiler | by `plan` |"]
    lines.append("| --- | --- | --- | --- | --- | --- | --- |")
    for name, row in figures.items():
        plan = f"{planned[name]:.2f}" if name in planned else "unknown"
        shown = [row["model"], row["what"], *cells(row, None)[:3], f"{row['compiler_gib']:.2f}", plan]
        lines.append("| " + " | ".join(shown) + " |")
    for row in figures.values():
        if row["longest"]:
            longest = ", ".join(f"{name} {spent:.2f} ms ({share:.0%})" for name, spent, share in row["longest"])
            lines += ["", f"A step of {row['model']} ({row['what']}) spends longest in: {longest}."]
    return lines


def basis(figures: Sequence[Figures]) -> str:
    """Name the devices, the peak that the MFU is a share of, and the versions."""
    devices = {row["device"]: f"{row['peak']:g} TFLOP/s in bf16" if row["peak"] else "unknown" for row in figures}
    peaks = [f"{device} (peak {peak})" for device, peak in devices.items()]
    return "; ".join([*peaks, *dict.fromkeys(row["versions"] for row in figures)]) + "."


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    folder = parser.parse_args().folder
    parts = read_parts(folder)
    figures: list[Figures] = []
    of_ours: dict[str, Figures] = {}
    for name in parts:
        measured, lines = read_output(folder, name)
        for row in measured:
            if "recipe" in row:
                of_ours[name] = row
            else:
                figures.append(row)
        if name == "parity" and lines:
            print(*lines, "", sep="\n")
    if figures:
        print(basis(figures), "", *table(figures), sep="\n")
    if of_ours:
        path = folder / "planned.json"
        planned = json.loads(path.read_text(encoding="utf-8")) if path.exists() else {}
        print(basis(list(of_ours.values())), "", *table_of_ours(of_ours, planned), sep="\n")
    failed = {name: reason for name, reason in parts.items() if reason}
    if failed:
        print("", *(f"- {name}: {reason}" for name, reason in failed.items()), sep="\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
