"""LoRA on a real model, SmolLM2-135M-Instruct: 30 steps, its adapter in peft, and the same text from both.

The folder is that of test_real_model.py.
"""

import json
import re
import subprocess
import sys

import jax
import numpy as np
import pytest
from safetensors.numpy import load_file

from commit_llm.data.prompts import alpaca_prompt
from commit_llm.evaluate.answers import Answerer, answer
from commit_llm.evaluate.encoded_prompts import EncodedPrompt
from commit_llm.evaluate.endings import Ending
from commit_llm.runs.logs import read_metrics
from commit_llm.train.model_source import open_model
from commit_llm.train.weights import load_params

NEW_TOKENS, STEPS, FEW = 32, 30, 8
TRAINED = 2_442_240  # numbers of an adapter of rank 8 on all kernels of this model


def commit_llm(*argv):
    command = [sys.executable, "-m", "commit_llm", *map(str, argv)]
    process = subprocess.run(command, capture_output=True, text=True, check=False)
    assert process.returncode == 0, process.stderr
    print(process.stdout, process.stderr)
    return process.stderr


@pytest.fixture(scope="module")
def trained(smollm2, shared, tmp_path_factory):
    """A folder with the run, its adapter and its merged model."""
    folder = tmp_path_factory.mktemp("lora")
    lines = shared.data("alpaca/alpaca_1807.jsonl").read_text(encoding="utf-8").splitlines()
    short = [line for line in lines if len(line) < 300][:FEW]  # which come again and again
    (folder / "few.jsonl").write_text("\n".join(short), encoding="utf-8")
    files = ["--model", smollm2, "--data", folder / "few.jsonl", "--dictionary", shared.data("muse/en-el.txt")]
    size = ["--steps", STEPS, "--warmup-steps", 3, "--batch-size", 1, "--seq-len", 256, "--log-every", 1]
    learn = ["--lora-r", 8, "--learning-rate", 1e-3]
    said = commit_llm("train", "commit", *files, *size, *learn, "--out", folder / "run")
    assert "LoRA: rank 8, alpha 16, on down_proj, gate_proj, k_proj, o_proj, q_proj, up_proj, v_proj" in said
    commit_llm("export", folder / "run", "--out", folder / "adapter", "--adapter")
    commit_llm("export", folder / "run", "--out", folder / "merged")
    return folder


@pytest.fixture(scope="module")
def prompts(shared):
    lines = shared.data("alpaca/alpaca_1807.jsonl").read_text(encoding="utf-8").splitlines()[-6:]
    return [alpaca_prompt(record["instruction"], record["input"]) for record in map(json.loads, lines)]


def our_texts(folder, prompts):
    source = open_model(str(folder))
    dtype = np.dtype(np.float32)
    model = Answerer.of(source.config, load_params(source)[0], source.tokenizer, source.stops, dtype, mesh="1,1,1")
    encoded = [EncodedPrompt([*source.tokenizer.bos, *source.tokenizer.encode(prompt)], False) for prompt in prompts]
    texts = {}
    for batch in answer(
        model, encoded, 4, ending=Ending(source.stops, until=()), longest=1024, max_new_tokens=NEW_TOKENS
    ):
        texts |= {place: given.text for place, given in batch.items()}
    return [texts[place] for place in range(len(prompts))]


def test_the_adapter_learns_and_is_small(trained):
    losses = [line["loss"] for line in read_metrics(trained / "run")]
    assert len(losses) == STEPS
    assert np.mean(losses[-10:]) < 0.7 * np.mean(losses[:10])
    tensors = load_file(trained / "adapter" / "adapter_model.safetensors")
    assert sum(tensor.size for tensor in tensors.values()) == TRAINED


def test_peft_writes_what_the_run_writes(trained, prompts):
    """Greedily; and without its adapter it writes something else."""
    torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")
    peft = pytest.importorskip("peft", reason="peft is not installed (extra parity)")
    ours = our_texts(trained / "run", prompts)
    tokenizer = transformers.AutoTokenizer.from_pretrained(trained / "adapter")
    theirs = peft.AutoPeftModelForCausalLM.from_pretrained(trained / "adapter", dtype=torch.float32).eval()

    def their_text(prompt):
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        output = theirs.generate(input_ids=ids, max_new_tokens=NEW_TOKENS, do_sample=False)[0, ids.shape[1] :]
        return tokenizer.decode(output, skip_special_tokens=True)

    assert ours == [their_text(prompt) for prompt in prompts]
    with theirs.disable_adapter():
        assert their_text(prompts[0]) != ours[0]


def test_the_adapter_s_folder_is_the_run(trained):
    run, adapter = (load_params(open_model(str(trained / name)))[0] for name in ("run", "adapter"))
    for one, other in zip(jax.tree.leaves(run), jax.tree.leaves(adapter), strict=True):
        np.testing.assert_array_equal(one, other)


def test_the_merged_model_keeps_the_bytes_of_what_has_no_adapter(trained, smollm2):
    before, after = (load_file(folder / "model.safetensors") for folder in (smollm2, trained / "merged"))
    assert before.keys() == after.keys()
    same = [name for name in before if before[name].tobytes() == after[name].tobytes()]
    assert sorted(same) == sorted(name for name in before if "_proj" not in name)


def test_the_code_of_the_adapter_s_card_runs(trained):
    pytest.importorskip("peft", reason="peft is not installed (extra parity)")
    (code,) = re.findall("```python\n(.*?)```", (trained / "adapter" / "README.md").read_text("utf-8"), re.DOTALL)
    process = subprocess.run(
        [sys.executable, "-c", code], cwd=trained / "adapter", capture_output=True, text=True, check=False
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.strip()
