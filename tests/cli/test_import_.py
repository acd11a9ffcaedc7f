"""`commit-llm import`: a streaming checkpoint of EasyLM becomes a model folder."""

import json

import jax
import numpy as np

from commit_llm.cli.main import main
from commit_llm.convert.huggingface import read_weights
from commit_llm.model.config import read_config


def test_a_checkpoint_is_imported(shared, tiny, tmp_path, capsys):
    config, params = tiny
    (tmp_path / "config.json").write_text(json.dumps(config.to_hf("bfloat16")))
    tokenizer = shared.data("tokenizer/tokenizer.model")
    argv = ["import", str(shared.golden("tiny_streaming_params")), "--config", str(tmp_path / "config.json")]
    argv += ["--tokenizer", str(tokenizer), "--out", str(tmp_path / "model")]
    assert main(argv) == 0
    assert "(bfloat16)" in capsys.readouterr().out
    assert read_config(tmp_path / "model") == config
    read_back, dtype = read_weights(tmp_path / "model", config)
    assert dtype == "bfloat16"
    for array, expected in zip(jax.tree.leaves(read_back), jax.tree.leaves(params), strict=True):
        np.testing.assert_array_equal(array.astype(np.float32), expected)
    assert (tmp_path / "model" / "tokenizer.model").read_bytes() == tokenizer.read_bytes()
    assert main(argv) == 2
    assert main([*argv[:3], "70b", *argv[4:-1], str(tmp_path / "other")]) == 2
    assert "give a config.json or one of 7b, 13b, 30b, 65b" in capsys.readouterr().err
    assert not (tmp_path / "other").exists()
