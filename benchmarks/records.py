"""Memory and time of opening training data, by format: every record looked at, and then asked for in any order.

    python benchmarks/records.py [--megabytes 2000] [--formats jsonl txt json parquet] [--objects] [--folder FOLDER]

Writes a file of each format with random words, in records of about a thousand characters, and removes it. Each is
opened in a process of its own, as `train` opens it. Columns: the file's size; CPU seconds until it is open, with the
fields of all records checked; CPU microseconds a record in the order of training; CPU seconds for the hashes that tell
contamination; and the most memory that the process had beyond what its imports take, after opening and at the end.

--objects measures the same with all records as Python objects, as they were kept before.
"""

import argparse
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

FORMATS = ("jsonl", "txt", "json", "parquet")
WORDS = 20_000
READ = 20_000  # records that are asked for
ROW = "{:<9} {:>8} {:>9} {:>11} {:>9} {:>10} {:>9}"


def texts(megabytes: int) -> Iterator[str]:
    """Make texts of about a thousand characters, together so many megabytes; 1,000 different ones again and again."""
    draws = random.Random(0)
    words = ["".join(draws.choices("abcdefghijklmnopqrstuvwxyz", k=draws.randint(2, 11))) for _ in range(WORDS)]
    some = [" ".join(draws.choices(words, k=133)) for _ in range(1000)]
    size = number = 0
    while size < megabytes * 1_000_000:
        text = f"{number} {some[number % len(some)]}"
        yield text
        size, number = size + len(text), number + 1


def write(path: Path, megabytes: int) -> None:
    """Write a file in the format of its suffix."""
    if path.suffix == ".parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        with pq.ParquetWriter(path, pa.schema([("text", pa.string())]), use_dictionary=False) as writer:
            rows: list[str] = []
            for text in texts(megabytes):
                rows.append(text)
                if len(rows) == 50_000:
                    writer.write_table(pa.table({"text": rows}))
                    rows = []
            writer.write_table(pa.table({"text": rows}))
        return
    with path.open("w", encoding="utf-8") as file:
        for number, text in enumerate(texts(megabytes)):
            record = text if path.suffix == ".txt" else json.dumps({"text": text})
            file.write((",\n" if number else "[") + record if path.suffix == ".json" else record + "\n")
        file.write("]" if path.suffix == ".json" else "")


def peak() -> int:
    """Give the most bytes of memory that this process has had, by Linux: ru_maxrss counts those of its parent too."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) * 1024


def measure(path: Path, objects: bool) -> dict[str, float]:
    """Open a file in this process, and read it in the order of training."""
    from commit_llm.data.document_hashes import hash_documents
    from commit_llm.data.forms.form import choose_form
    from commit_llm.data.packing.example_order import Examples
    from commit_llm.files.records import read_records
    from commit_llm.files.training_data import load_data
    from commit_llm.recipes import find_recipe

    form = choose_form(find_recipe("align"))
    if path.suffix == ".parquet":
        import pyarrow.parquet  # noqa: F401 (not counted as memory of the data)
    before, begun = peak(), time.process_time()
    if objects:
        records = read_records(path)
        for row, record in enumerate(records):
            form.texts(record, row)
    else:
        records = load_data(str(path), check=form.texts)
    opened, open_peak = time.process_time(), peak()
    order = Examples(range(len(records)), lambda epoch, index: form.texts(records[index], index), shuffle_seed=0)
    order[0]  # makes the order
    ordered = time.process_time()
    for position in range(READ):
        order[position % len(records)]
    read = time.process_time()
    hash_documents(form, records, range(len(records)))
    return {
        "open": opened - begun,
        "record": (read - ordered) / READ * 1e6,
        "hash": time.process_time() - read,
        "open_peak": (open_peak - before) / 1e6,
        "peak": (peak() - before) / 1e6,
    }


def main() -> None:
    """Measure each format, and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--megabytes", type=int, default=2000)
    parser.add_argument("--formats", nargs="+", choices=FORMATS, default=FORMATS)
    parser.add_argument("--objects", action="store_true")
    parser.add_argument("--folder", type=Path, help="where the files are written; default: that of temporary files")
    parser.add_argument("--alone", type=Path, help="measure this file in this process, and print a line of JSON")
    arguments = parser.parse_args()
    if arguments.alone:
        print(json.dumps(measure(arguments.alone, arguments.objects)))
        return
    print(ROW.format("format", "file MB", "open s", "us a record", "hashes s", "opened MB", "most MB"))
    for suffix in arguments.formats:
        with tempfile.TemporaryDirectory(dir=arguments.folder) as folder:
            path = Path(folder) / f"data.{suffix}"
            write(path, arguments.megabytes)
            command = [sys.executable, __file__, "--alone", str(path), *(["--objects"] if arguments.objects else [])]
            answer = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
            figures = json.loads(answer.stdout)
            size = path.stat().st_size / 1e6
        shown = [figures[name] for name in ("open", "record", "hash", "open_peak", "peak")]
        print(ROW.format(suffix, f"{size:,.0f}", *(f"{figure:,.1f}" for figure in shown)), flush=True)


if __name__ == "__main__":
    main()
