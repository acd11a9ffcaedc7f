"""Faults that the fuzzer, or a reader of the code, met first, and others like them: the slow tests try each."""

import json

from tests.fuzz import valid_files as valid
from tests.fuzz.valid_files import as_json, as_lines, checked

DIGITS = "9" * 5000  # more than Python makes a number of


def _settings(**changes):
    return as_json({"bos_token": "<s>", "eos_token": "</s>"} | changes)


def _without_post_processors_token():
    """A tokenizer.json whose post-processor names a token that it does not describe: the library panics."""
    files = valid.in_folder(valid.json_tokenizer)
    content = json.loads(files["tokenizer.json"])
    content["post_processor"]["special_tokens"] = {}
    return as_json(content)


def _trial(**changes):
    made_of = {"arm": "a", "model": {"w": "1"}, "equal": None, "stages": [], "tasks": {}}
    return as_json({"made_of": made_of | changes})


def _array(shape, name, content, code=1):
    import msgpack

    array = msgpack.packb(msgpack.ExtType(code, msgpack.packb((shape, name, content))))
    return msgpack.packb((["a"], array))


def _parquet_of(value, kind):
    import io

    import pyarrow as pa
    import pyarrow.parquet as pq

    out = io.BytesIO()
    pq.write_table(pa.table({"text": ["a"], "when": pa.array([value], kind)}), out)
    return out.getvalue()


def _progresses():
    """Give what a checkpoint may say of its place in the data: a wrong one, or one from which packing had no end."""
    data = {"position": 2, "left_out": 0, "longest": 0, "no_example": {}, "untrained": 0, "open": [[[0, 0, 70]]],
            "closed": []}  # fmt: skip
    yield {}
    yield {"tokens": 1, "data": []}
    yield {"tokens": 10**400, "data": data}
    yield {"tokens": "a", "data": data}
    for changes in (
        {"position": -1}, {"position": 10**30}, {"longest": "a"}, {"no_example": {"a": 1}}, {"no_example": []},
        {"untrained": None}, {"open": [[]]}, {"open": {}}, {"open": [[[0, 0, 2**52]]]}, {"open": [[[0, 70, 0]]]},
        {"closed": [[[7, 0, 70]]]}, {"closed": [[["a", 0, 1]]]}, {"open": [[[0, 0, 120]]]}, {"closed": [[[0, -5, 70]]]},
    ):  # fmt: skip
        yield {"tokens": 1, "data": data | changes, "format": 1}


def cases():
    """Reader, file, content."""
    import pyarrow as pa

    parquet = valid.data_files()["a.parquet"]
    yield "data a.parquet", "a.parquet", parquet[:-30] + b"\xff" * 22 + parquet[-8:]
    yield "data a.parquet", "a.parquet", parquet[:40] + b"\xff" * 60 + parquet[100:]
    yield "data a.parquet", "a.parquet", _parquet_of(2**62, pa.timestamp("us"))
    yield "data a.parquet", "a.parquet", _parquet_of(2**30, pa.date32())
    yield "sentences parquet", "en-el.parquet", parquet[:-30] + b"\xff" * 22 + parquet[-8:]
    for text in (b"a: !!int ''", b"a: !!float ''", b"a: !!bool x", b"a: !!timestamp x", b"a: !!int 0b", b"a: !!int ':'",
                 b"? !!int ''\n: 1", b"a: 0x", b"a: 1:99:99", b"a: 9999-99-99", b"- " * 3000, b"a: !!binary x",
                 b"a: 2020-01-01T00:00:00+99:99", b"a: 0001-01-01T00:00:00+23:00", b"!!set {a, a}", b"a: !!omap [1]",
                 b"=: 1", b"<<: 3", b"<<: [1]", b"a: !!pairs 3", b"[" * 400, b"\xff", b"\xff\xfea\0",
                 b"\0"):  # fmt: skip
        yield "recipe", "recipe.yaml", text
        yield "study", "study.yaml", text
        yield "study", "out/study.yaml", text
    for key in ("model", "data", "data_unmixed", "dictionary", "sentences", "skip_words", "tokenizer", "prompt"):
        yield "recipe", "recipe.yaml", f'{key}: "a\\0b"'.encode()
        yield "recipe", "recipe.yaml", f'{key}: ["a\\0b"]'.encode()
    for line in ('like: "a\\0b"', 'data: "a\\0b"', "like: study.yaml", "like: .", "like: " + "a" * 5000):
        yield "study", "study.yaml", valid.STUDY.encode() + line.encode()
    yield "tokenizer.model", "tokenizer_config.json", _settings(added_tokens_decoder={DIGITS: {"content": "<x>"}})
    yield "tokenizer.model", "added_tokens.json", as_json({"<x>": 2**70})
    yield "tokenizer.json", "tokenizer.json", _without_post_processors_token()
    yield "tokenizer.json", "config.json", as_json(valid.CONFIG | {"vocab_size": "a"})
    yield "tokenizer.json", "generation_config.json", as_json({"eos_token_id": [2**70, -1]})
    yield "config.json llama", "config.json", as_json(valid.CONFIG | {"num_hidden_layers": 10**9})
    yield "config.json gemma", "config.json", as_json(valid.GEMMA | {"num_hidden_layers": 10**9, "layer_types": None})
    yield "config.json llama", "config.json", json.dumps(valid.CONFIG | {"rope_theta": float("nan")}).encode()
    yield "config.json llama", "config.json", as_json(valid.CONFIG | {"rope_theta": 10**400})
    yield (
        "parts of mix",
        ".a.jsonl.unfinished/done.jsonl",
        checked({"number": "../../x", "rows": 1, "counts": [1], "size": 3, "checksum": "a"}),
    )
    yield (
        "parts of mix",
        ".a.jsonl.unfinished/done.jsonl",
        checked({"number": None, "rows": 1, "counts": [1], "size": 3, "checksum": "a"}),
    )
    yield "journal of eval", "eval/unfinished/answers.jsonl", checked({"a": 1}, {"task": "t"}, {"task": [], "place": 0})
    yield "journal of eval", "eval/unfinished/answers.jsonl", checked({"task": "t", "place": [], "text": 1})
    yield "journal of eval", "responses.jsonl", checked({"a": 1}, {"request": [], "response": 1}, {"request": "a"})
    yield "streaming checkpoint", "streaming_params", b"\xdd\xff\xff\xff\xff"
    yield "streaming checkpoint", "streaming_params", b"\xdf\xff\xff\xff\xff"
    yield "streaming checkpoint", "streaming_params", b"\x92\x91\xa1a\xc6\xff\xff\xff\xff"
    yield "streaming checkpoint", "streaming_params", b"\x91" * 5000
    yield "streaming checkpoint", "streaming_params", _array([-1, -4], "float32", bytes(16))
    yield "streaming checkpoint", "streaming_params", _array([[1]], "float32", bytes(4))
    yield "streaming checkpoint", "streaming_params", _array([2.0], "float32", bytes(8))
    yield "streaming checkpoint", "streaming_params", _array([0, 2**63], "float32", b"")
    yield "streaming checkpoint", "streaming_params", _array([1], "float32", bytes(4), code=7)
    yield (
        "run's page",
        "metrics.jsonl",
        as_lines(
            [
                {
                    "step": 1,
                    "loss": 10**400,
                    "accuracy": 1,
                    "learning_rate": 1e308,
                    "grad_norm": 10**300,
                    "tokens": 10**400,
                }
            ]
        ),
    )
    yield (
        "run",
        "provenance.json",
        as_json(valid.PROVENANCE | {"files": {"tokenizer": {"path": "a\0b"}}, "tokenizer": None}),
    )
    yield "trial", "trial.json", _trial(stages=[{"recipe": {"ratio": DIGITS}, "files": []}])
    yield "data a.jsonl", "a.jsonl", as_lines([{"instruction": 1, "output": "a"}])
    yield "data a.jsonl", "a.jsonl", as_lines([{"\x1b[2J": "\x1b[2J"}])
    yield "preview", "a.jsonl", as_lines([{"instruction": "\x1b[2J \x9b31m dog", "input": "\x07", "output": "a"}])
    yield "inspect", "en-el.txt", "dog\tσκ\x1b[2Jύλος\nteacher\tδασκάλα\n".encode()
    yield "mix", "skip.txt", b"\x1b[2J\n"
    yield "questions squad", "a.json", as_json({"data": {"paragraphs": 1}})
    yield "given answers", "given.jsonl", as_lines([{"id": "\x1b[2J", "prediction": "a"}])
    for text in (b"[]", b'"a"', b'{"performance_metrics": "a"}'):
        yield "checkpoint exported", "checkpoints/1/_CHECKPOINT_METADATA", text
        yield "checkpoint resumed", "checkpoints/1/_CHECKPOINT_METADATA", text
    for progress in _progresses():
        yield "checkpoint exported", "checkpoints/1/progress/metadata", as_json(progress)
        yield "checkpoint resumed", "checkpoints/1/progress/metadata", as_json(progress)
    yield "prompt", "prompt.txt", b"{% for i in range(10**9) %}{{ instruction }}{% endfor %}"
    yield "prompt", "prompt.txt", b"{{ instruction * 10**9 }}"
    yield "prompt", "prompt.txt", b"{{ " + b"(" * 3000
    yield "chat template", "chat.jinja", b"{{ ''.__class__.__mro__ }}"
    yield "chat template", "chat.jinja", b"{% include '/etc/passwd' %}"
    yield "chat template", "chat.jinja", b"{% raise %}\x1b[2J"
