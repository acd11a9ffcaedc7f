"""A world for studies: the small example with a base model that has weights, and a study of it."""

import json
import shutil
from dataclasses import replace

import pytest

from commit_llm.recipes import find_recipe
from commit_llm.study.study_file import read_study
from commit_llm.study.trial_run import Conduct
from commit_llm.train.loop import train

SMALL = """
model: {folder}/base
languages: [el]
data: instructions.jsonl
text: texts.jsonl
dictionary: en-LANG.txt
data_dir: .
tasks: [xquad_instruct_LANG, xquad_instruct_en, xquad_rank_LANG]
limit: 8
equal: {{examples: 24}}
fields: {{batch_size: 2, seq_len: 128, warmup_steps: 1, checkpoint_every: 2}}
arms:
  untuned: []
  alpaca: alpaca
  commit: commit
"""


@pytest.fixture(scope="session")
def world(example, paragraphs, tmp_path_factory):
    """The example's folder with `base`, a run of two steps from random weights, and a dictionary into English.

    Its questions stand four under a paragraph.
    """
    folder = tmp_path_factory.mktemp("study") / "world"
    shutil.copytree(example, folder)
    shutil.copytree(paragraphs, folder, dirs_exist_ok=True)
    pairs = [line.split() for line in (folder / "en-el.txt").read_text(encoding="utf-8").splitlines()]
    (folder / "el-en.txt").write_text("".join(f"{to}\t{word}\n" for word, to in pairs), encoding="utf-8")
    greek = dict(pairs)
    texts = [json.loads(line)["text"] for line in (folder / "texts.jsonl").read_text(encoding="utf-8").splitlines()]
    # A sentence of the example ends with a full stop alone, and two stand in each text.
    sentences = [sentence for text in texts for sentence in text.removesuffix(".").split(". ")]
    in_greek = {text: " ".join(greek.get(word, word) for word in text.split()) for text in sentences}
    with (folder / "text.el.jsonl").open("w", encoding="utf-8") as file:
        file.writelines(json.dumps({"text": f"{text}."}) + "\n" for text in in_greek.values())
    with (folder / "sentences.el-en.tsv").open("w", encoding="utf-8") as file:
        file.writelines(f"{other}.\t{text}.\n" for text, other in in_greek.items())
    recipe = replace(
        find_recipe("clm-naive"), model=str(folder / "model"), data=str(folder / "texts.jsonl"), from_scratch=True,
        steps=2, warmup_steps=1, batch_size=2, seq_len=128,
    )  # fmt: skip
    train(recipe, folder / "base")
    return folder


@pytest.fixture
def study_of(world, tmp_path):
    """Read the small study with more text behind it, or with some replaced."""

    def read(more="", **replaced):
        text = SMALL.format(folder=world) + more
        for key, value in replaced.items():
            (line,) = [line for line in text.splitlines() if line.startswith(f"{key}:")]
            text = text.replace(line, f"{key}: {value}")
        (tmp_path / "study.yaml").write_text(text, encoding="utf-8")
        return read_study(tmp_path / "study.yaml")

    return read


@pytest.fixture
def how(world):
    return Conduct(root=world)
