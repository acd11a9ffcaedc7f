"""`commit-llm plan`: what it prints, as text and as JSON, and its exit status."""

import dataclasses
import json
import re

import pytest

from commit_llm.model.families.config_json import plain_settings
from commit_llm.train.plan.changes import OPTIMIZERS
from tests.train.plan.recipes_of_7b import LLAMA_7B


@pytest.fixture
def llama_7b(tmp_path):
    """A model folder with a configuration and nothing else: no weights, no tokenizer."""
    (tmp_path / "config.json").write_text(json.dumps(plain_settings(LLAMA_7B, "float32")))
    return tmp_path


@pytest.mark.slow
def test_gpus_that_are_not_here(run, llama_7b):
    status, out, err = run("plan", "commit-2024", "--model", llama_7b, "--topology", "h100:8", "--mesh", "1,-1,1")
    assert (status, err) == (0, "")
    lines = out.splitlines()
    assert lines[0] == "h100:8: 8 x NVIDIA H100 80GB HBM3, mesh data 1, fsdp 8, tensor 1"
    assert lines[1].startswith("bfloat16 products, attention reference (attention dropout 0.05")
    assert lines[4].split() == ["parameters", "3.14"]
    assert lines[5].split() == ["optimizer", "4.71"]
    assert "fits, with " in out
    assert "40.05 GFLOP a token, 8,192 tokens a step, 1,210 steps" in out
    assert "0.0348 hours at an MFU of 0.4, of 8 x 989.4 TFLOP/s (bf16, peak)" in out


@pytest.mark.slow
def test_what_a_t4_lacks_is_said(run, llama_7b):
    status, out, _ = run("plan", "commit", "--model", llama_7b, "--topology", "t4:8", "--batch-size", 8)
    lines = out.splitlines()
    assert lines[0].startswith("t4:8: 8 x Tesla T4, ")
    lack = "compute capability 7.5 of Tesla T4 is below 8.0"
    assert lines[1] == f"float32 products (auto: {lack}), attention reference ({lack}), remat nothing"
    assert "of 8 x 8.1 TFLOP/s (float32, peak)" in out
    assert (status, "--dtype" in out) == (2, False)
    out = run("plan", "commit", "--model", llama_7b, "--topology", "t4:8", "--batch-size", 8, "--dtype", "bfloat16")[1]
    assert out.splitlines()[1].startswith(f"bfloat16 products (by way of float32: {lack}), attention reference (")


@pytest.mark.slow
def test_devices_that_stand_idle_are_told(run, llama_7b):
    """And not counted for the hours: 4 of 6 work, as long as 4 of 4."""
    asked = ["plan", "commit", "--model", llama_7b, "--seq-len", 512]
    status, out, _ = run(*asked, "--topology", "h200:6")
    told = " (auto: 4 rows at a time, tensor must divide 32; 2 of 6 devices are idle)"
    assert (status, out.splitlines()[0]) == (0, f"h200:6: 4 x NVIDIA H200, mesh data 1, fsdp 4, tensor 1{told}")
    assert out.splitlines()[1:] == run(*asked, "--topology", "h200:4")[1].splitlines()[1:]
    plan = json.loads(run(*asked, "--topology", "h200:8", "--json")[1])
    assert (plan["mesh"], plan["devices"], plan["idle"]) == ({"data": 1, "fsdp": 4, "tensor": 2}, 8, 0)
    assert plan["mesh_reason"] == "auto: 4 rows at a time"


@pytest.mark.slow
def test_rows_for_idle_devices_are_offered_where_it_does_not_fit(run, llama_7b):
    config = dataclasses.replace(LLAMA_7B, num_key_value_heads=1)
    (llama_7b / "config.json").write_text(json.dumps(plain_settings(config, "float32")))
    status, out, _ = run("plan", "commit", "--model", llama_7b, "--topology", "t4:8")
    assert (status, "; 4 of 8 devices are idle)" in out) == (2, True)
    assert "\n--batch-size 8 --gradient-accumulation 1 " in out


def test_too_small_a_machine_is_2(run, llama_7b):
    status, out, err = run(
        "plan", "commit-2024", "--model", llama_7b, "--topology", "h100", "--devices", 1, "--mfu", 0.5
    )
    assert (status, err) == (2, "")
    assert out.startswith("h100:1: 1 x NVIDIA H100 80GB HBM3, ")
    assert re.search(r"does not fit: \d+\.\d\d GiB too much", out)
    (optimizer,) = (line for line in out.splitlines() if line.startswith("--optimizer"))
    flags, needed, costs = re.split(" {2,}", optimizer)
    assert (flags, costs) == ("--optimizer adamw-lean", OPTIMIZERS["adamw-lean"])
    assert float(needed) < 73
    assert out.splitlines()[-1].startswith("--topology h100:2 --mesh auto")


@pytest.mark.slow
def test_adapters_are_offered_with_the_new_rows_that_they_would_train(run, llama_7b):
    said = {"first_id": LLAMA_7B.vocab_size - 100, "pieces": 100}
    (llama_7b / "grown_vocabulary.json").write_text(json.dumps(said))
    status, out, _ = run("plan", "commit", "--model", llama_7b, "--topology", "t4:1")
    (adapters,) = (line for line in out.splitlines() if line.startswith("--lora-r 16 "))
    assert (status, "trains only adapters and embed_tokens and lm_head" in adapters) == (2, True)


@pytest.mark.slow
def test_this_machine(run, example, monkeypatch):
    """A tiny model, compiled here; neither data nor dictionary is named."""
    monkeypatch.setenv("JAX_PLATFORMS", "cpu")
    flags = ["--batch-size", 2, "--seq-len", 64, "--data", "no-such-file", "--json"]
    flags += ["--embd-pdrop", 0, "--resid-pdrop", 0, "--fcm-max-ratio", 0]  # they take long to compile
    status, out, err = run("plan", "commit", "--model", example / "model", *flags)
    plan = json.loads(out)
    assert (status, err, plan["by"], plan["devices"], plan["hours"]) == (0, "", "compiler", 1, None)
    assert 0 < plan["parameters"] < plan["needed"] < plan["there"]
    assert (plan["fits"], plan["mfu"], plan["changes"]) == (True, 0.4, [])


def test_mistakes(run, llama_7b, tmp_path):
    def error(*words):
        status, out, err = run("plan", "commit-2024", *words)
        assert (status, out, err.count("\n")) == (2, "", 1)
        return err

    assert "no model; name a model folder" in error("--topology", "h100:8")
    assert "--topology 'v3:2x3x9x1': not known" in error("--model", llama_7b, "--topology", "v3:2x3x9x1")
    assert "of which kind? name it with --topology" in error("--model", llama_7b, "--devices", 8)
    assert "--warmup-steps 36: must be below" in error("--model", llama_7b, "--topology", "h100:8", "--steps", "9")
    assert "no config.json" in error("--model", tmp_path.parent, "--topology", "h100:8")
