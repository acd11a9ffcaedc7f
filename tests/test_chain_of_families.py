"""The chain with a model that is more than LLaMA: windows, norms around, heads normed; stopped once, and gone on."""

import json

import pytest

from commit_llm.cli.main import main
from commit_llm.model.families.config_json import config_from_settings
from commit_llm.train.model_source import open_model
from commit_llm.train.weights import load_params
from tests.parity.families import CASES

pytestmark = [pytest.mark.slow, pytest.mark.long]


def test_a_gemma_3_is_trained_stopped_exported_asked_and_shown(shared, tmp_path, capsys):
    model = tmp_path / "model"
    model.mkdir()
    settings = CASES["gemma 3"] | {"vocab_size": 32000, "max_position_embeddings": 2048}
    (model / "config.json").write_text(json.dumps(settings))
    run, data = tmp_path / "run", shared.data("alpaca/alpaca_1807.jsonl")
    train = ["train", "commit", "--model", model, "--from-scratch", "--data", data, "--out", run]
    train += ["--tokenizer", shared.data("tokenizer/tokenizer.model"), "--dictionary", shared.data("muse/en-el.txt")]
    train += ["--batch-size", 2, "--seq-len", 128, "--steps", 4, "--warmup-steps", 1, "--log-every", 1]
    train += ["--held-out-share", 0.002, "--eval-every", 2]
    train = list(map(str, train))
    assert main([*train, "--stop-after-minutes", "0.0001"]) == 0
    assert main(train) == 0
    assert f"model: {settings['model_type']}, " in capsys.readouterr().err
    steps = [json.loads(line)["step"] for line in (run / "metrics.jsonl").read_text().splitlines()]
    assert steps == [1, 2, 3, 4]
    assert main(["export", str(run), "--out", str(tmp_path / "exported")]) == 0
    assert json.loads((tmp_path / "exported" / "config.json").read_text()).items() >= settings.items()
    source = open_model(str(tmp_path / "exported"))
    assert source.config == config_from_settings(settings)
    assert load_params(source)[1] == "bfloat16"
    asked = ["eval", str(tmp_path / "exported"), "--data-dir", str(shared.data("xquad")), "--limit", "3"]
    assert main([*asked, "--tasks", "ogx_xquad_el", "xquad_rank_el", "--out", str(tmp_path / "eval")]) == 0
    results = json.loads((tmp_path / "eval" / "results.json").read_text())["tasks"]
    assert [results[name]["items"] for name in ("ogx_xquad_el", "xquad_rank_el")] == [3, 3]
    assert main(["report", str(run)]) == 0
    assert main(["plan", "commit", "--model", str(tmp_path / "exported"), "--topology", "h100:1"]) == 0
