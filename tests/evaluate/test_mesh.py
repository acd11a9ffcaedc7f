"""Answers and likelihoods over a mesh, in one process or two, are those of one device."""

import dataclasses
import json
import shutil

import pytest

from commit_llm.cli.main import main
from commit_llm.recipes import dump_recipe, find_recipe
from commit_llm.runs.evaluation import read_results
from tests.parallel.processes import Processes, run_command

PROGRAM = """
import json, sys
from pathlib import Path
import numpy as np
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.evaluate.answers import Answerer, answer as answer_all
from commit_llm.evaluate.encoded_prompts import keep_end
from commit_llm.evaluate.endings import Ending
from commit_llm.evaluate.harness.language_model import CommitLM
from commit_llm.evaluate.placement import Placement
from commit_llm.evaluate.rank_batches import Candidates
from commit_llm.evaluate.ranking import rank
from commit_llm.evaluate.token_choice import TokenChoice
from commit_llm.model.families.config_json import read_config
from commit_llm.model.parameters import init_parameters
import jax
folder = Path(sys.argv[1])
config, tokenizer = read_config(folder), load_tokenizer(folder)
params = jax.tree.map(lambda x: 5 * x, init_parameters(config, jax.random.key(3)))  # surer of its words
prompts = [
    "what is the home of anna?", "what is the animal of maria and the food of anna?", "anna", "maria likes", "bread",
]
pairs = [(("", ""), [1, 5, 6, number], [7, 8, 9][: 1 + number % 3]) for number in range(11)]
ranked = [Candidates(list(range(5, 300 + n)), [[7, 8, 9], [6], [9, n]]) for n in range(20)]
said = {}
for mesh in sys.argv[2:]:
    model = Answerer.of(config, params, tokenizer, (tokenizer.eos_id,), np.dtype("float32"), mesh)
    answers = {}
    encoded = [keep_end(tokenizer.encode(prompt), [], 48) for prompt in prompts]
    for batch in answer_all(model, encoded, 1, ending=Ending(model.stops), longest=48, max_new_tokens=12):
        answers |= {place: answer.text for place, answer in batch.items()}
    drawn = {}
    choice = TokenChoice(0.8, 0.9, 5)
    for batch in answer_all(model, encoded, 1, ending=Ending(model.stops), longest=48, max_new_tokens=6, choice=choice):
        drawn |= {f"drawn {place}": answer.text for place, answer in batch.items()}
    sums = {}
    for batch in rank(model, ranked, [False] * len(ranked), 2):
        sums |= {place: reply.log_likelihoods for place, reply in batch.items()}
    said[mesh] = [len(jax.devices()), answers | drawn, CommitLM(model)._loglikelihood_tokens(pairs), sums]
print(json.dumps(said))
"""


def told_by(folder, tmp_path, devices, *meshes):
    with Processes([["-c", PROGRAM, str(folder), *meshes]], tmp_path, devices) as processes:
        ((status, out, err),) = processes.wait()
    assert status == 0, err
    return json.loads(out)


@pytest.mark.slow
def test_eight_devices_say_what_one_says(example, tmp_path):
    ((one, answers, likelihoods, sums),) = told_by(example / "model", tmp_path, 1, "-1,1,1").values()
    assert one == 1
    assert len(set(answers.values())) > 3
    for mesh, (devices, theirs, scored, ranked) in told_by(
        example / "model", tmp_path, 8, "-1,1,1", "2,2,2", "1,4,2"
    ).items():
        assert devices == 8
        assert theirs == answers, mesh
        assert [greedy for _, greedy in scored] == [greedy for _, greedy in likelihoods]
        assert [value for value, _ in scored] == pytest.approx([value for value, _ in likelihoods], rel=1e-5)
        assert list(ranked) == list(sums)
        assert [value for scores in ranked.values() for value in scores] == pytest.approx(
            [value for scores in sums.values() for value in scores], rel=1e-5
        )


@pytest.mark.slow
def test_the_chain_in_two_processes_and_an_evaluation_gone_on_with(example, paragraphs, tmp_path):
    config, out = tmp_path / "config.yaml", tmp_path / "out"
    files = {"model": str(example / "model"), "data": str(example / "instructions.jsonl")}
    files["dictionary"] = (str(example / "en-el.txt"),)
    sizes = {"from_scratch": True, "steps": 30, "warmup_steps": 2, "batch_size": 8, "seq_len": 128}
    recipe = dataclasses.replace(find_recipe("commit"), **files, **sizes, learning_rate=5e-3)
    config.write_text(dump_recipe(recipe))
    asked = ["--tasks", "ogx_xquad_el", "--data-dir", str(example), "--limit", "12"]
    argv = ["run", str(config), "--out", str(out), *asked]
    first, second = run_command([argv, argv], tmp_path)
    assert (first[0], second[0]) == (0, 0), first[2] + second[2]
    assert "exported to" in first[1]
    assert second[1] == ""
    predictions = (out / "eval" / "predictions.jsonl").read_bytes()
    # One process with one device says the same of the exported model.
    assert main(["eval", str(out / "model"), "--out", str(tmp_path / "alone"), *asked]) == 0
    assert (tmp_path / "alone" / "predictions.jsonl").read_bytes() == predictions
    # Two processes rank as one does, to rounding.
    argv = ["eval", str(out / "model"), "--tasks", "xquad_rank_el", "--data-dir", str(paragraphs), "--per-context", "2"]
    results = run_command([[*argv, "--out", str(tmp_path / "ranked")]] * 2, tmp_path)
    assert [status for status, _, _ in results] == [0, 0], results
    assert main([*argv, "--out", str(tmp_path / "ranked-alone")]) == 0
    theirs, ours = (read_results(tmp_path / name)["xquad_rank_el"] for name in ("ranked", "ranked-alone"))
    assert theirs == ours | {name: pytest.approx(ours[name], abs=2e-4) for name in ours if name.startswith("log_like")}
    # Of a run directory, two processes go on with what one has answered.
    argv = ["eval", str(out / "run"), *asked]
    assert main([*argv, "--out", str(tmp_path / "of-run")]) == 0
    predictions = (tmp_path / "of-run" / "predictions.jsonl").read_bytes()
    unfinished = tmp_path / "unfinished"
    unfinished_evaluation([*argv, "--out", str(unfinished)], unfinished, keep=5)
    results = run_command([[*argv, "--out", str(unfinished)]] * 2, tmp_path)
    assert [status for status, _, _ in results] == [0, 0], results
    assert (unfinished / "predictions.jsonl").read_bytes() == predictions
    shutil.rmtree(unfinished)


def unfinished_evaluation(argv, out, keep):
    """An evaluation that was killed when some questions were answered, by its own command line."""
    import commit_llm.evaluate.runner as runner

    real = runner.write_results

    def killed(*args):
        raise KeyboardInterrupt

    runner.write_results = killed
    try:
        assert main(argv) == 130
    finally:
        runner.write_results = real
    journal = out / "unfinished" / "answers.jsonl"
    journal.write_text("".join(journal.read_text().splitlines(keepends=True)[:keep]))
