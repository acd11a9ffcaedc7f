"""Every reader of a user's file gives a result or one line, whatever the file holds."""

import ast
import sys

import numpy as np
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from commit_llm.errors import UserError
from tests.architecture.source import FILES, inside, tree_of
from tests.fuzz.kept_cases import cases
from tests.fuzz.modules import COSTLY, MODULES, OTHERS
from tests.fuzz.mutations import of_bytes, of_values
from tests.fuzz.outcome import BrokenError, require_kept
from tests.fuzz.readers import READERS, Reader

SEEDS = st.integers(0, 2**32 - 1)
EXAMPLES = 20  # of a reader, in CI
OPENS = {  # calls that read what a user named
    "open", "read_text", "read_bytes", "read_json", "read_json_object", "utf8_of", "parse_json", "parse_yaml",
    "open_own",
    "read_records", "stream_records", "opened", "opened_as_utf_8", "safe_open", "read_lines", "chunks", "first_rows",
    "parquet_tables", "parquet_rows", "parquet_bytes", "from_file", "LoadFromSerializedProto", "ParseFromString",
    "CheckpointManager", "load_dataset",
}  # fmt: skip


def mutated(files, seed):
    """The name of one of the files, and the files with a fault in it."""
    draw = np.random.default_rng(seed)
    name = sorted(files)[int(draw.integers(len(files)))]
    fault = of_values(files[name], draw) if draw.random() < 0.5 else of_bytes(files[name], draw)
    content = of_bytes(files[name], draw).content if fault.content is None else fault.content
    return name, {**files, name: content}


@pytest.mark.slow
@pytest.mark.parametrize("name", READERS)
def test_a_valid_file_is_read(name, tmp_path):
    assert require_kept(READERS[name], "valid", READERS[name].files(), tmp_path) is None


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(READERS.keys() - COSTLY))
def test_a_file_with_a_fault_is_a_result_or_one_line(name, tmp_path_factory):
    @settings(max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(seed=SEEDS)
    def read(seed):
        name_of_file, files = mutated(READERS[name].files(), seed)
        require_kept(READERS[name], name_of_file, files, tmp_path_factory.mktemp("around"))

    read()


@pytest.mark.slow
@pytest.mark.parametrize("name", sorted(READERS.keys() - COSTLY))
def test_any_bytes_are_a_result_or_one_line(name, tmp_path_factory):
    @settings(max_examples=EXAMPLES, derandomize=True, database=None, suppress_health_check=list(HealthCheck))
    @given(content=st.binary(max_size=200), place=st.integers(0, 30))
    @example(b"", 0)
    def read(content, place):
        files = READERS[name].files()
        name_of_file = sorted(files)[place % len(files)]
        require_kept(READERS[name], name_of_file, {**files, name_of_file: content}, tmp_path_factory.mktemp("around"))

    read()


@pytest.mark.slow
def test_faults_that_were_mended_stay_so(tmp_path):
    number = 0
    for number, (name, file, content) in enumerate(cases(), 1):
        reader = READERS[name]
        try:
            require_kept(reader, file, {**reader.files(), file: content}, tmp_path / str(number))
        except Exception as error:
            raise AssertionError(f"case {number}: {name}, {file}: {content[:100]!r}") from error
    assert number > 100


def test_every_module_that_opens_a_file_is_in_the_table():
    """A new reader goes into READERS and MODULES, or with a reason into OTHERS."""
    opening = set()
    for path in FILES:
        names = {
            node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
            for node in ast.walk(tree_of(path))
            if isinstance(node, ast.Call)
        }
        if names & OPENS:
            opening.add(inside(path).removesuffix(".py"))
    assert opening - MODULES.keys() - OTHERS.keys() == set()
    assert MODULES.keys() & OTHERS.keys() == set()
    assert {*MODULES, *OTHERS} - opening == set(), "opens nothing: take it out of the table"
    assert {reader for readers in MODULES.values() for reader in readers} <= READERS.keys()


def writes_outside(folder):
    (folder.parent / "outside").write_text("")


def writes_inside(folder):
    (folder / "inside").write_text("")


def prints_an_escape(folder):
    print("\x1b[2J")


def names_no_file(folder):
    raise UserError("is wrong")


def raises_another(folder):
    raise KeyError("a")


def takes_memory(megabytes):
    """Take memory, and give it back."""
    np.ones(megabytes << 20, np.uint8)


@pytest.mark.parametrize(
    ("read", "error"),
    [
        (writes_outside, BrokenError),
        (writes_inside, BrokenError),
        (prints_an_escape, BrokenError),
        (names_no_file, BrokenError),
        (raises_another, KeyError),
    ],
)
def test_what_breaks_a_promise_is_noticed(read, error, tmp_path):
    with pytest.raises(error):
        require_kept(Reader(dict, read), "a", {"a": b""}, tmp_path)


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere a system does not forget a peak")
def test_much_memory_is_noticed_behind_a_higher_peak(tmp_path):
    takes_memory(900)
    with pytest.raises(BrokenError, match=r"a: 6\d\d MB more of memory"):
        require_kept(Reader(dict, lambda folder: takes_memory(610)), "a", {"a": b""}, tmp_path)
    assert require_kept(Reader(dict, lambda folder: takes_memory(200)), "a", {"a": b""}, tmp_path / "less") is None
