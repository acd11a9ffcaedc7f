"""Reading and writing records: .json, .jsonl, .parquet and .txt files, and data sets of the hub."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from commit_llm.data.files import whole_file
from commit_llm.errors import UserError

SUFFIXES = (".json", ".jsonl", ".parquet", ".txt")

Record = Mapping[str, Any]


def read_records(path: str | Path) -> list[dict[str, Any]]:
    """Read all records of a file, in order.

    `.json` holds one list of objects, `.jsonl` an object a line, `.parquet` a row each, `.txt` one
    document a line as `{"text": line}` (an empty line is an empty document, so rows keep their number).

    Raises UserError naming file and line where the file is missing, malformed or empty.
    """
    path = Path(path)
    require_suffix(path)
    if not path.is_file():
        raise UserError(f"{path}: no such data file")
    records = _read_parquet(path) if path.suffix == ".parquet" else _parse(path, _decode(path))
    if not records:
        raise UserError(f"{path}: holds no record")
    return records


def require_suffix(path: Path) -> None:
    """Raise UserError where a file's suffix names none of the formats."""
    if path.suffix not in SUFFIXES:
        raise UserError(f"{path}: unknown suffix {path.suffix!r}; data is a {', '.join(SUFFIXES)} file")


def write_records(records: Sequence[Record], path: Path, overwrite: bool = False) -> None:
    """Write records in the format that the suffix names; the file appears whole or not at all."""
    require_suffix(path)
    if path.suffix == ".txt" and any(set(record) != {"text"} for record in records):
        raise UserError(f"{path}: a .txt file holds only a text a line, these records have more columns; write .jsonl")
    with whole_file(path, overwrite) as temporary:
        if path.suffix == ".parquet":
            import pyarrow as pa
            import pyarrow.parquet as pq

            try:
                names = dict.fromkeys(name for record in records for name in record)
                columns = {name: [record.get(name) for record in records] for name in names}
                pq.write_table(pa.table(columns), temporary)
            except (pa.ArrowException, OverflowError) as error:
                raise UserError(f"{path}: the records do not fit Parquet ({error}); write .jsonl") from None
            return
        if path.suffix == ".txt":
            _require_single_lines(records, path)
        with temporary.open("w", encoding="utf-8", newline="\n") as file:
            try:
                if path.suffix == ".json":
                    json.dump(list(records), file, ensure_ascii=False, indent=1)
                    file.write("\n")
                for record in records if path.suffix != ".json" else ():
                    file.write(record["text"] if path.suffix == ".txt" else json.dumps(record, ensure_ascii=False))
                    file.write("\n")
            except TypeError as error:
                raise UserError(f"{path}: a value has no JSON form ({error}); write .parquet") from None


def _require_single_lines(records: Sequence[Record], path: Path) -> None:
    for row, record in enumerate(records):
        if "\n" in record["text"]:
            raise UserError(f"{path}: record {row + 1} has a line break, which a .txt file cannot hold; write .jsonl")


def load_hub(name: str, config: str | None, split: str) -> Sequence[Record]:
    """A data set of the Hugging Face hub, through `datasets` (no remote code), memory-mapped."""
    import datasets

    try:
        return datasets.load_dataset(name, config, split=split)
    except Exception as error:  # the library raises many kinds for "not found" and "offline"
        reason = str(error).splitlines()[0] if str(error) else type(error).__name__
        raise UserError(f"{name}: neither a file here nor a data set loaded from the hub ({reason})") from None


def load_data(data: str, config: str | None = None, split: str = "train") -> Sequence[Record]:
    """Records of DATA: a file with a known suffix, or the id of a hub data set."""
    if Path(data).suffix in SUFFIXES or Path(data).exists():
        return read_records(data)
    if data.count("/") > 1 or data.startswith((".", "/", "~")):
        raise UserError(f"{data}: no such data file")
    return load_hub(data, config, split)


def text_of(record: Record, field: str, row: int) -> str:
    """The text in the field of the record of a row (from 0).

    Raises UserError where it is missing or no text, naming the record as a person counts, from 1.
    """
    if field not in record:
        raise UserError(
            f"record {row + 1} of the data: no field {field!r}; it has {', '.join(map(repr, record)) or 'none'}"
        )
    value = record[field]
    if not isinstance(value, str):
        found = f"{type(value).__name__} {str(value)[:40]!r}"
        raise UserError(f"record {row + 1} of the data: field {field!r} holds {found}, not a text")
    return value


def _decode(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except UnicodeDecodeError as error:
        raise UserError(f"{path}: not UTF-8 at byte {error.start}; convert the file to UTF-8") from None


def _parse(path: Path, text: str) -> list[dict[str, Any]]:
    if path.suffix == ".txt":
        return [{"text": line.removesuffix("\r")} for line in text.removesuffix("\n").split("\n")] if text else []
    if path.suffix == ".json":
        rows = _json(text, str(path))
        if not isinstance(rows, list):
            raise UserError(f"{path}: holds a JSON {type(rows).__name__}; it must be one list of objects")
        return [_object(row, f"{path}: item {n}") for n, row in enumerate(rows)]
    lines = enumerate(text.split("\n"), 1)
    return [_object(_json(line, f"{path}:{n}"), f"{path}:{n}") for n, line in lines if line.strip()]


def _json(text: str, where: str) -> Any:
    try:
        value = json.loads(text)
        if "\\ud" in text.lower():  # an escape that may be half a character, which no file can hold
            json.dumps(value, ensure_ascii=False).encode("utf-8")
        return value
    except UnicodeEncodeError as error:
        raise UserError(f"{where}: holds {error.object[error.start]!a}, half of a character; mend the text") from None
    except json.JSONDecodeError as error:
        start = max(0, error.pos - 20)
        raise UserError(f"{where}: malformed JSON: {error.msg} near {text[start : start + 40]!r}") from None
    except RecursionError:
        raise UserError(f"{where}: JSON nested too deeply") from None


def _object(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise UserError(f"{where}: holds {json.dumps(value)[:40]}, not an object of named fields")
    return value


def _read_parquet(path: Path) -> list[dict[str, Any]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        return pq.read_table(path).to_pylist()
    except pa.ArrowInvalid as error:
        raise UserError(f"{path}: not a readable Parquet file ({error})") from None
