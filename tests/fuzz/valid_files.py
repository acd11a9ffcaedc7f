"""A small valid file of every kind that the program reads, as bytes by name."""

import functools
import gzip
import io
import json
import tempfile
import zlib
from pathlib import Path

import msgpack
import numpy as np

Files = dict[str, bytes]

RECORDS = [
    {"instruction": "Where does Anna live?", "input": "Anna lives in Athens.", "output": "Athens", "id": 1},
    {
        "instruction": "Who is a teacher?",
        "input": "",
        "output": "The \u00e9lan of \u03b3\u03b9\u03b1\u03c4\u03c1\u03cc\u03c2",
        "id": 2,
    },
    {"instruction": "What is new?", "input": "The dog runs.", "output": "Nothing.", "id": None},
]
PAIRS = [("dog", "σκύλος"), ("teacher", "δασκάλα"), ("lives", "ζει"), ("the", "ο")]
SENTENCES = [("The dog runs.", "Ο σκύλος τρέχει."), ("Anna lives in Athens.", "Η Άννα ζει στην Αθήνα.")]
CONVERSATION = {"messages": [{"role": "user", "content": "Where?"}, {"role": "assistant", "content": "In Athens."}]}
SQUAD = {
    "version": "1.1",
    "data": [
        {
            "title": "a",
            "paragraphs": [
                {
                    "context": "Η Άννα ζει στην Αθήνα.",
                    "qas": [{"id": "q1", "question": "Πού;", "answers": [{"text": "Αθήνα", "answer_start": 16}]}],
                }
            ],
        }
    ],
}
SQUAD_IN_ENGLISH = json.loads(
    json.dumps(SQUAD, ensure_ascii=False)
    .replace("Η Άννα ζει στην Αθήνα.", "Anna lives in Athens.")
    .replace("Πού;", "Where?")
    .replace("Αθήνα", "Athens")
)
RECIPE = """form: instruction
model: model
data: data.jsonl
dictionary: [en-el.txt]
ratio: 0.9
mix_fields: [instruction, input]
steps: 20
learning_rate: 2.0e-5
held_out_share: 0.1
seed: 3
"""
STUDY = """model: base
languages: [el]
data: instructions.jsonl
dictionary: en-LANG.txt
tasks: [xquad_instruct_LANG]
limit: 4
per_context: {xquad_instruct_el: 2}
equal: {examples: 24}
fields: {batch_size: 2, seq_len: 128}
seeds: {commit: [0, 1]}
arms:
  untuned: []
  commit: {recipe: commit, ratio: 0.5}
baseline: commit
"""
TEMPLATE = (
    "{% for message in messages %}<|{{ message['role'] }}|>{{ message['content'] | trim }}{{ eos_token }}"
    "{% endfor %}{% if add_generation_prompt %}<|assistant|>{% endif %}"
)
PROMPT = "Task: {{ instruction }}\n{% if input %}Text: {{ input }}\n{% endif %}Answer: "
CONFIG = {
    "model_type": "llama", "architectures": ["LlamaForCausalLM"], "vocab_size": 40, "hidden_size": 8,
        "intermediate_size": 16,
    "num_hidden_layers": 2, "num_attention_heads": 2, "num_key_value_heads": 1, "max_position_embeddings": 64,
    "rms_norm_eps": 1e-6, "rope_theta": 10000.0, "bos_token_id": 1, "eos_token_id": [2], "tie_word_embeddings": True,
    "rope_scaling": {"rope_type": "llama3", "factor": 8.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0,
                     "original_max_position_embeddings": 32},
    "torch_dtype": "float32",
}  # fmt: skip
GEMMA = CONFIG | {
    "model_type": "gemma3_text", "architectures": ["Gemma3ForCausalLM"], "head_dim": 4, "sliding_window": 8,
    "query_pre_attn_scalar": 4, "rope_scaling": None, "rope_local_base_freq": 1e4,
        "hidden_activation": "gelu_pytorch_tanh",
    "layer_types": ["sliding_attention", "full_attention"],
}  # fmt: skip
STAGE = {"data": "a.jsonl", "form": "instruction", "behaviour": "mended", "ratio": 0.9, "seed": 0, "steps": 2,
    "examples": 4,
         "tokens": 50}  # fmt: skip
PROVENANCE = {
    "id": "0123456789ab", "commit_llm": "0.1", "libraries": {"jax": "1"}, "model": "base", "weights_dtype": "float32",
    "weights": None, "base": {"name": "base", "revision": None}, "languages": ["el"], "clean_version": 1,
    "files": {"data": {"path": "a.jsonl", "sha256": "0" * 64, "bytes": 3, "licence": None, "url": None},
              "tokenizer": {"path": "tokenizer.json", "sha256": "0" * 64}},
    "hub": {"model": {"commit": "0" * 40}}, "sources": [{"name": "a.jsonl", "weight": 1.0, "share": 1.0,
        "form": "instruction",
                                                      "mixed": True, "records": 3}],
    "tokenizer": "tokenizer.json", "tokens": {"bos": [1], "stops": [2]}, "prompt": {"kind": "alpaca"},
    "trained_before": [STAGE], "training": [STAGE], "documents": {"number": 1, "sha256_64": "00000000000000ff"},
}  # fmt: skip


def as_json(value, indent=None):
    return json.dumps(value, ensure_ascii=False, indent=indent).encode("utf-8")


def as_lines(rows):
    return b"".join(as_json(row) + b"\n" for row in rows)


def checked(*rows):
    """Lines of a journal, each with the checksum that makes it count."""
    lines = []
    for row in rows:
        text = as_json(row)[:-1]
        lines.append(text + b', "crc32": %d}\n' % zlib.crc32(text))
    return b"".join(lines)


def zstandard(content):
    import pyarrow as pa

    out = pa.BufferOutputStream()
    with pa.CompressedOutputStream(out, "zstd") as packed:
        packed.write(content)
    return out.getvalue().to_pybytes()


def parquet(rows, **options):
    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.Table.from_pylist(rows), out, **options)
    return out.getvalue()


def separated(rows, separator):
    text = [separator.join(f'"{value or ""}"' for value in row.values()) for row in rows]
    return "\n".join([separator.join(rows[0]), *text, ""]).encode("utf-8")


@functools.cache
def data_files():
    """Name -> a data file of every layout and packing."""
    lines = as_lines(RECORDS)
    nested = [{**record, **CONVERSATION} for record in RECORDS]
    return {
        "a.jsonl": lines,
        "a.json": as_json(RECORDS, 1),
        "a.csv": separated(RECORDS, ","),
        "a.tsv": separated(RECORDS, "\t"),
        "a.txt": "Anna lives.\n\nΗ Άννα ζει.\n".encode(),
        "a.parquet": parquet(RECORDS, compression="zstd"),
        "nested.parquet": parquet(nested, compression="snappy", version="1.0"),
        "a.jsonl.gz": gzip.compress(lines, mtime=0),
        "a.json.zst": zstandard(as_json(RECORDS)),
        "a.csv.gz": gzip.compress(separated(RECORDS, ","), mtime=0),
    }


@functools.cache
def in_folder(write):
    """The files that a function writes into a folder, with their paths in it."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write(folder)
        paths = [path for path in folder.rglob("*") if path.is_file()]
        return {path.relative_to(folder).as_posix(): path.read_bytes() for path in sorted(paths)}


def json_tokenizer(folder):
    from tests.data.tokenizer_folders import template, write_bytes_tokenizer

    decoder = {"2": {"content": "</s>", "special": True, "lstrip": False}}
    settings = {"bos_token": "<s>", "eos_token": {"content": "</s>"}, "added_tokens_decoder": decoder,
                "additional_special_tokens": ["<s>"], "chat_template": TEMPLATE}  # fmt: skip
    write_bytes_tokenizer(folder, template(), settings)
    for name, content in model_files().items():
        (folder / name).write_bytes(content)


def piece_tokenizer(folder):
    from tests.data.tokenizer_folders import write_pieces

    write_pieces(
        folder,
        {"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": True},
        {"<extra>": 130},
        {"eos_token": "</s>"},
    )


def model_files():
    return {
        "config.json": as_json(CONFIG | {"vocab_size": 300}, 1),
        "generation_config.json": as_json({"eos_token_id": [2, 1], "do_sample": False}),
        "special_tokens_map.json": as_json({"eos_token": {"content": "</s>"}}),
        "grown_vocabulary.json": as_json({"first_id": 250, "pieces": 9}),
        "chat_template.jinja": TEMPLATE.encode(),
    }


def weights(folder):
    """A tiny model in two shards, with the index that names them."""
    import jax

    from commit_llm.convert.config_text import new_config
    from commit_llm.convert.folder import write_model
    from commit_llm.model.config import ModelConfig
    from commit_llm.model.parameters import init_parameters

    config = ModelConfig(40, 8, 16, 1, 2, 1, 4, 64)
    params = jax.tree.map(np.asarray, init_parameters(config, jax.random.key(0)))
    write_model(folder, params, config, "float32", new_config(config, "float32", {}), shard_bytes=4000)


def adapter(folder):
    from commit_llm.model.adapter import Adapter
    from commit_llm.model.config import ModelConfig
    from tests.convert.adapters import draw_trained, write_folder

    config, plain = ModelConfig(40, 8, 16, 1, 2, 1, 4, 64), Adapter(2, 4.0, ("query", "value"), ())
    write_folder(folder, draw_trained(config, plain), plain, config, "base")


def evaluated(folder):
    from tests.report.comparison.evaluations import evaluation

    for name, seed in (("one", 1), ("two", 2)):
        evaluation(folder / name, 0.5, seed, languages=("el",))


def streaming():
    def packed(array):
        return msgpack.packb(msgpack.ExtType(1, msgpack.packb((array.shape, array.dtype.name, array.tobytes()))))

    chunk = msgpack.ExtType(1, msgpack.packb(((2,), "float32", bytes(8))))
    chunked = {"__msgpack_chunked_array__": True, "shape": {"0": 2}, "chunks": {"0": chunk}}
    values = [(["a", "kernel"], packed(np.arange(6, dtype=np.float32))), (["b"], msgpack.packb(chunked))]
    return b"".join(map(msgpack.packb, values))


def run_files():
    """A run without checkpoints, but for what its newest one says of the data."""
    steps = [{"step": n, "loss": 2.0 / n, "accuracy": 0.5, "learning_rate": 1e-4, "grad_norm": 1.0, "tokens": 10 * n}
             for n in (1, 2, 3)]  # fmt: skip
    timing = [{"step": n, "seconds": 0.5, "tokens_per_second": 20.0, "waiting_seconds": 0.1} for n in (1, 2, 3)]
    held_out = [{"step": 3, "loss": 1.0, "accuracy": 0.5}]
    progress = {"data": {"left_out": 1, "no_example": {"no_text": 2}}, "tokens": 30}
    return {
        "config.yaml": RECIPE.encode(),
        "provenance.json": as_json(PROVENANCE, 2),
        "metrics.jsonl": as_lines(steps),
        "timing.jsonl": as_lines(timing),
        "held_out.jsonl": as_lines(held_out),
        "checkpoints/3/progress/metadata": as_json(progress),
    }
