"""`commit-llm import`: a streaming checkpoint of EasyLM becomes a model folder."""

import json
import shutil

import jax
import numpy as np

from commit_llm.cli.main import main
from commit_llm.convert.huggingface import read_weights
from commit_llm.model.families.config_json import plain_settings, read_config
from commit_llm.train.model_source import open_model


def test_the_files_of_the_tokenizer_s_folder_are_imported_and_every_stop_is_named(shared, tiny, tmp_path):
    folder = tmp_path / "tokenizer"
    folder.mkdir()
    shutil.copy(shared.data("tokenizer/tokenizer.model"), folder)
    texts = {
        "chat_template.jinja": "{{ x }}\r\n",
        "tokenizer_config.json": '{ "eos_token":"</s>" }',
        "generation_config.json": '{"eos_token_id": [2, 7], "temperature": 0.60}',
    }
    for name, text in texts.items():
        (folder / name).write_bytes(text.encode())
    (tmp_path / "config.json").write_text(json.dumps(plain_settings(tiny[0], "bfloat16") | {"eos_token_id": 9}))
    argv = ["import", str(shared.golden("tiny_streaming_params")), "--config", str(tmp_path / "config.json")]
    assert main([*argv, "--tokenizer", str(folder), "--out", str(tmp_path / "model")]) == 0
    texts["generation_config.json"] = '{"eos_token_id": [2, 7, 9], "temperature": 0.60}'
    assert {name: (tmp_path / "model" / name).read_bytes().decode() for name in texts} == texts
    assert open_model(str(tmp_path / "model")).stops == (2, 7, 9)


def test_a_checkpoint_is_imported(shared, tiny, tmp_path, capsys):
    config, params = tiny
    (tmp_path / "config.json").write_text(json.dumps(plain_settings(config, "bfloat16")))
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
