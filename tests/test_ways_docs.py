"""docs/method.md: the three ways through the code are short, and each goes through the files that it names."""

import re
import sys
from contextlib import contextmanager
from dataclasses import replace
from itertools import pairwise

import jax
import numpy as np
import optax
import pytest

import commit_llm
from commit_llm.codemix import BilingualDictionary, CodeMixer
from commit_llm.data.loader import open_batches, open_examples
from commit_llm.data.packing.batch import step_arrays
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.evaluate.answers import Answerer
from commit_llm.evaluate.runner import evaluate
from commit_llm.evaluate.tasks import find_task
from commit_llm.files.records import read_records
from commit_llm.model.families.config_json import read_config
from commit_llm.model.parameters import init_parameters
from commit_llm.quickstart.example import DICTIONARY_FILE, INSTRUCTIONS
from commit_llm.recipes import find_recipe
from commit_llm.report.comparison.compare_systems import ComparisonSettings, compare_systems
from commit_llm.report.comparison.systems import read_systems
from commit_llm.train.step import init_state, make_train_step
from tests.conftest import ROOT

PACKAGE = commit_llm.__path__[0]


def ways():
    """Give the files of each way, by its name."""
    section = re.search(r"## Three ways(.*?)\n## ", (ROOT / "docs/method.md").read_text(encoding="utf-8"), re.DOTALL)[1]
    heads = [*re.finditer(r"The way of one (\w+)", section), None]
    return {
        head[1]: re.findall(r"^\d\. `([^`]+)`", section[head.start() : end and end.start()], re.MULTILINE)
        for head, end in pairwise(heads)
    }


@contextmanager
def files_entered():
    """Collect the files of the package in which a function is called."""
    files = set()

    def enter(frame, event, argument):
        if event == "call" and frame.f_code.co_name != "<module>" and frame.f_code.co_filename.startswith(PACKAGE):
            files.add(frame.f_code.co_filename.removeprefix(PACKAGE).lstrip("/"))

    sys.setprofile(enter)
    try:
        yield files
    finally:
        sys.setprofile(None)


def test_ways_are_short():
    assert [*ways()] == ["word", "example", "question"]
    assert all(1 < len(files) <= 8 for files in ways().values())


def test_the_way_of_one_word(example):
    CodeMixer(BilingualDictionary.load(example / DICTIONARY_FILE)).mix_example({"text": ""}, row=0)  # compiles
    with files_entered() as files:
        mixer = CodeMixer(BilingualDictionary.load(example / DICTIONARY_FILE), ratio=1.0)
        mixer.mix("Who was born here?")
        mixer.mix_example({"text": "Who was born here?"}, row=0)
    kernel = "codemix/engine/kernel/mix_clean.py"  # compiled: Python does not enter it, and calls what is around it
    assert set(ways()["word"]) - {kernel} <= files
    assert kernel in ways()["word"]
    assert "codemix/engine/compiled.py" in files


@pytest.mark.slow
def test_the_way_of_one_example(example):
    config = read_config(example / "model")
    recipe = replace(find_recipe("commit"), batch_size=2, seq_len=256, dictionary=(str(example / DICTIONARY_FILE),))
    tokenizer = load_tokenizer(example / "model")
    optimizer = optax.sgd(0.1)
    with files_entered() as files:
        records = read_records(example / INSTRUCTIONS)
        batches = open_batches(recipe, open_examples(recipe, records, tokenizer, recipe.open_mixer()))
        batch = next(batches)
        step = make_train_step(config, optimizer)
        state = init_state(init_parameters(config, jax.random.key(0)), optimizer)
        jax.eval_shape(step, state, step_arrays(batch))
    assert set(ways()["example"]) <= files


@pytest.mark.slow
def test_the_way_of_one_question(example, tmp_path):
    config = read_config(example / "model")
    task = find_task("xquad_instruct_el")
    with files_entered() as files:
        for seed in (0, 1):
            params = init_parameters(config, jax.random.key(seed))
            tokenizer = load_tokenizer(example / "model")
            model = Answerer.of(config, params, tokenizer, (tokenizer.eos_id,), np.float32)
            evaluate(model, [task], tmp_path / f"{seed}", data_dir=str(example), limit=2)
        compare_systems(read_systems([f"a={tmp_path / '0'}", f"b={tmp_path / '1'}"]), ComparisonSettings())
    assert set(ways()["question"]) <= files
