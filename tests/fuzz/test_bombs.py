"""Small files that stand for much memory: each is refused, or read, in a process that may not take more."""

import gzip
import subprocess
import sys

import pytest

from tests.conftest import ROOT
from tests.fuzz import valid_files as valid

MOST_MEGABYTES = 1500  # of addresses, beyond those of the process that has imported what it needs
# Reads a folder with a reader, within a bound; prints what came of it.
PROGRAM = """
import resource, sys
from pathlib import Path
import jax, pyarrow.parquet, safetensors, tokenizers, sentencepiece, yaml, msgpack
from commit_llm.errors import UserError
from tests.fuzz.readers import READERS
pages = int(Path("/proc/self/statm").read_text().split()[0])
bound = pages * resource.getpagesize() + int(sys.argv[3]) * 2**20
resource.setrlimit(resource.RLIMIT_AS, (bound, bound))
try:
    READERS[sys.argv[1]].read(Path(sys.argv[2]))
    print("read")
except UserError as error:
    print("refused:", error)
"""


def repeated_value():
    """A Parquet file in which one text of 10 MB stands for 300 rows."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    texts = pa.DictionaryArray.from_arrays(pa.array([0] * 300, pa.int32()), pa.array(["a" * (10 << 20)]))
    out = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": texts}), out, compression="zstd", store_schema=False)
    return out.getvalue().to_pybytes()


def large_text():
    """A Parquet file with one text of 400 MB."""
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = pa.BufferOutputStream()
    pq.write_table(pa.table({"text": ["a" * (400 << 20)]}), out, compression="zstd", use_dictionary=False)
    return out.getvalue().to_pybytes()


HEADER = (2**62).to_bytes(8, "little") + b"{}"
BOMBS = {
    "gzip": ("data a.jsonl.gz", "a.jsonl.gz", lambda: gzip.compress(b"a" * (600 << 20), 9), "a line of over 64 MB"),
    "zstd": ("data a.json.zst", "a.json.zst", lambda: valid.zstandard(b"[" + b" " * (600 << 20)),
        "unpacks to over 100"),
    "gzip of a dictionary": ("dictionary txt", "en-el.txt", lambda: gzip.compress(b"a " * (300 << 20), 9),
    "unpacks to"),
    "a repeated value of Parquet": ("sentences parquet", "en-el.parquet", repeated_value, "column(s)"),
    "a large value of Parquet": ("data a.parquet", "a.parquet", large_text, "unpacks to over 100 times its size"),
    "nested JSON": ("data a.json", "a.json", lambda: b"[" * (20 << 20), "nested too deeply"),
    "nested YAML": ("recipe", "recipe.yaml", lambda: b"- " * 20_000, "not readable YAML"),
    "layers": ("config.json llama", "config.json", lambda: valid.as_json(valid.CONFIG | {"num_hidden_layers": 10**9}),
               "num_hidden_layers is 1000000000; it must be 10,000 or less"),
    "a header of safetensors": ("weights", "model-00001-of-00003.safetensors", lambda: HEADER, "a header of"),
    "a list of msgpack": ("streaming checkpoint", "streaming_params", lambda: b"\xdd\xff\xff\xff\xff", "not msgpack"),
    "a map of msgpack": ("streaming checkpoint", "streaming_params", lambda: b"\xdf\xff\xff\xff\xff", "not msgpack"),
    "bytes of msgpack": ("streaming checkpoint", "streaming_params", lambda: b"\x92\x91\xa1a\xc6\xff\xff\xff\xff",
    "truncated"),
    "a loop of Jinja": ("prompt", "prompt.txt", lambda: b"{{ instruction * 10**12 }}", "prompt.txt: "),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.skipif(sys.platform != "linux", reason="the bound of addresses is Linux's")
@pytest.mark.parametrize("bomb", BOMBS)
def test_a_bomb_is_refused_in_little_memory(bomb, tmp_path):
    name, file, content, message = BOMBS[bomb]
    from tests.fuzz.readers import READERS

    for path, bytes_of in {**READERS[name].files(), file: content()}.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_bytes(bytes_of)
    words = [sys.executable, "-c", PROGRAM, name, str(tmp_path), str(MOST_MEGABYTES)]
    process = subprocess.run(words, capture_output=True, text=True, cwd=ROOT, check=False, timeout=300)
    assert process.returncode == 0, process.stderr[-2000:]
    assert process.stdout.startswith("refused: ")
    assert message in process.stdout
