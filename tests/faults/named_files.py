"""What a user names that the quickstart's world lacks: prompts to answer, and a checkpoint in EasyLM's format."""

import json
from pathlib import Path

import msgpack
import numpy as np

PROMPTS, STREAMING = "prompts.jsonl", "streaming_params"


def write_prompts(world: Path, number: int = 6) -> None:
    """Write the first instructions of a world as prompts."""
    lines = (world / "instructions.jsonl").read_text(encoding="utf-8").splitlines()[:number]
    records = [json.loads(line) for line in lines]
    asked = [{name: record[name] for name in ("instruction", "input")} for record in records]
    (world / PROMPTS).write_text("".join(f"{json.dumps(record)}\n" for record in asked), encoding="utf-8")


def write_streaming(world: Path) -> None:
    """Write random parameters of a world's model as EasyLM does: each a key and an array in flax's form."""
    from commit_llm.convert.parameter_names import parameter_names
    from commit_llm.model.families.config_json import read_config
    from commit_llm.model.parameters import declare

    config, random = read_config(world / "model"), np.random.default_rng(0)
    declared = declare(config)
    with (world / STREAMING).open("wb") as file:
        for name in parameter_names(config):
            of_layers = declared["layers"][name.path[1]].shape if name.per_layer else ()
            shape = of_layers[1:] if name.per_layer else declared[name.path[0]].shape
            for layer in range(of_layers[0] if name.per_layer else 1):
                array = random.normal(size=shape).astype(np.float32)
                in_flax = msgpack.ExtType(1, msgpack.packb((shape, "float32", array.tobytes())))
                file.write(msgpack.packb((name.easylm.format(layer).split("/"), msgpack.packb(in_flax))))
