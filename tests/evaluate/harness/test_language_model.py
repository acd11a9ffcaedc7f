"""Our model as lm-eval's: its answers, likelihoods and stops. torch is absent in the README's test environment."""

import dataclasses
import json

import jax
import jax.numpy as jnp
import lm_eval
import numpy as np
import pytest
from lm_eval.api.instance import Instance
from lm_eval.tasks import TaskManager

from commit_llm.errors import UserError
from commit_llm.evaluate import answers as answers_module
from commit_llm.evaluate.harness.documents import TASK_FILES
from commit_llm.evaluate.harness.language_model import CommitLM
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.runner import evaluate
from commit_llm.evaluate.tasks import TASKS, find_task
from commit_llm.model.decoder import forward
from tests.evaluate.chat_models import with_template

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # the warnings are those of lm-eval


def request(kind, *args, task="other"):
    return Instance(kind, {}, args, 0, metadata=(task, 0, 1))


def through_lm_eval(model, names, data_dir, limit):
    manager = TaskManager(include_path=TASK_FILES, include_defaults=False, metadata={"data_dir": str(data_dir)})
    return lm_eval.simple_evaluate(model=CommitLM(model), tasks=names, limit=limit, task_manager=manager)


def test_our_tasks_in_lm_eval_are_answered_as_by_our_runner(model, example, tmp_path):
    names = ["ogx_xquad_el", "xquad_instruct_el"]
    tasks = [find_task(name) for name in names]
    evaluate(model, tasks, tmp_path / "first", data_dir=str(example), limit=12)
    rows = [json.loads(line) for line in (tmp_path / "first" / "predictions.jsonl").read_text().splitlines()]
    # References are made of some of the answers, so that there is something to score.
    data = json.loads((example / "xquad.el.json").read_text())
    gold = {row["id"]: row["prediction"] for place, row in enumerate(rows) if row["task"] == names[place % 2]}
    for paragraph in data["data"][0]["paragraphs"]:
        for question in paragraph["qas"]:
            if question["id"] in gold:
                question["answers"] = [{"text": gold[question["id"]], "answer_start": 0}]
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "xquad.el.json").write_text(json.dumps(data))
    ours = evaluate(model, tasks, tmp_path / "ours", data_dir=str(tmp_path / "data"), limit=12)
    theirs = through_lm_eval(model, names, tmp_path / "data", 12)
    for name in names:
        told = {row["id"]: row["prediction"] for row in rows if row["task"] == name}
        assert {s["doc"]["id"]: s["filtered_resps"][0] for s in theirs["samples"][name]} == told
        assert 0 < ours[name]["exact_match"] < 100
        for metric in ("exact_match", "f1"):
            assert theirs["results"][name][f"{metric},none"] == pytest.approx(ours[name][metric], abs=0.005)
            error = theirs["results"][name][f"{metric}_stderr,none"]
            assert error == pytest.approx(ours[name][f"{metric}_stderr"], abs=0.005)


@pytest.mark.long
def test_a_prompt_of_3000_tokens_is_answered_whole(model, example, tmp_path, monkeypatch):
    """By our runner and in lm-eval; the model has 8,192 positions."""
    large = dataclasses.replace(model, config=dataclasses.replace(model.config, max_position_embeddings=8192))
    data = json.loads((example / "xquad.el.json").read_text())
    for paragraph in data["data"][0]["paragraphs"]:
        paragraph["context"] = f"{paragraph['context']} ξέρω. " * (3000 // len(paragraph["context"].split()))
    (tmp_path / "xquad.el.json").write_text(json.dumps(data))
    task = find_task("xquad_instruct_el")
    items = load_questions(task, str(tmp_path), 6)
    wanted = [
        [*model.tokenizer.bos, *model.tokenizer.encode(task.prompt(item.context, item.question))] for item in items
    ]
    assert all(3000 < len(ids) < 7900 for ids in wanted)
    asked = []

    def generate(config, params, prompts, lengths, *rest):
        asked.extend(row[len(row) - n :].tolist() for row, n in zip(prompts, lengths, strict=True))
        return real(config, params, prompts, lengths, *rest)

    real = answers_module.generate
    monkeypatch.setattr(answers_module, "generate", generate)
    ours = evaluate(large, [task], tmp_path / "ours", data_dir=str(tmp_path), limit=6, batch_size=1)
    assert ours[task.name]["truncated"] == 0
    theirs = through_lm_eval(large, [task.name], tmp_path, 6)
    assert {tuple(ids) for ids in asked} == {tuple(ids) for ids in wanted}
    rows = [json.loads(line) for line in (tmp_path / "ours" / "predictions.jsonl").read_text().splitlines()]
    told = {sample["doc"]["id"]: sample["filtered_resps"][0] for sample in theirs["samples"][task.name]}
    assert told == {row["id"]: row["prediction"] for row in rows}


def test_a_text_begins_as_the_folder_says(model):
    """With a bos or without: texts of other tasks, and ours that ask as the model was tuned; the papers' have none."""
    for bos in ((), (1,)):
        tokenizer = dataclasses.replace(model.tokenizer, bos=bos)
        lm = CommitLM(dataclasses.replace(model, tokenizer=tokenizer))
        ids = tokenizer.encode("anna works")
        assert lm.tok_encode("anna works") == [*bos, *ids]
        assert lm.tok_encode("anna works", add_special_tokens=False) == ids
        assert (lm.prefix_token_id, lm.eot_token_id) == (1, 2)
        document = {"id": "q", "context": "anna works", "question": "who ?"}
        for name in ("other", "xquad_instruct_el", "ogx_xquad_el"):
            task = TASKS.get(name)
            for prompt in ("anna", task.prompt("anna works", "who ?") if task else "works"):
                asked = Instance("generate_until", document, (prompt, {}), 0, metadata=(name, 0, 1))
                before = () if name.startswith("ogx_") else bos
                assert lm._encode(task, asked, 100).ids == [*before, *tokenizer.encode(prompt)]


def test_a_message_of_a_chat_task_is_asked_through_the_template(model, tmp_path):
    """Whatever lm-eval puts around it, such as examples, is a part of the message."""
    task = TASKS["xquad_chat_el"]
    lm = CommitLM(with_template(model, tmp_path / "model"))
    document = {"id": "q", "context": "anna works", "question": "who ?"}
    message = task.prompt("anna works", "who ?")
    for prompt in (message, f"an example . {message}"):
        asked = Instance("generate_until", document, (prompt, {}), 0, metadata=(task.name, 0, 1))
        wanted = lm.model.tokenizer.encode_rendered(f"<turn>user\n{prompt}<end>\n<turn>assistant\n").ids
        assert lm._encode(task, asked, 1000).ids == wanted


def test_the_longer_prompts_of_ours_are_shortened_by_their_rule(model):
    lm, task = CommitLM(model), TASKS["xquad_instruct_el"]
    document = {"id": "q", "context": "anna works . " * 99, "question": "who ?"}
    prompt = task.prompt(document["context"], document["question"])
    for asked, ends in ((prompt, "### Response:"), (f"an example . {prompt}", "### Response:")):
        request = Instance("generate_until", document, (asked, {}), 0, metadata=(task.name, 0, 1))
        ids, truncated = lm._encode(task, request, 90)
        assert truncated
        assert len(ids) in (89, 90)
        assert model.tokenizer.decode(ids).endswith(ends)
        # With an example before it a prompt is no longer the task's own: it keeps its end, and loses its template.
        assert model.tokenizer.decode(ids).startswith(model.tokenizer.decode(model.tokenizer.encode(prompt)[:20])) == (
            asked == prompt
        )


def test_generation_stops_at_each_of_the_models_stops(model):
    lm = CommitLM(model)
    ask = request("generate_until", "anna", {"until": [], "max_gen_toks": 20})
    (free,) = lm.generate_until([ask])
    ids = model.tokenizer.encode(free)
    stop = next(id for place, id in enumerate(ids) if place > 2 and id not in ids[:place])
    stopping = CommitLM(dataclasses.replace(model, stops=(*model.stops, stop)))
    assert model.tokenizer.encode(stopping.generate_until([ask])[0]) == ids[: ids.index(stop)]


def test_log_likelihoods_are_those_of_the_forward_pass(model):
    lm, tokenizer = CommitLM(model), model.tokenizer
    pairs = [
        ("anna lives in", " athens"),
        ("what", " is the home of anna?"),
        ("", "anna works"),
        ("anna " * 300, "likes"),
    ]
    found = lm.loglikelihood([request("loglikelihood", *pair) for pair in pairs], disable_tqdm=True)
    for (context, wanted), (value, greedy) in zip(pairs, found, strict=True):
        before = tokenizer.bos if context else [tokenizer.bos_id]
        ids = [*before, *tokenizer.encode(context + wanted)]
        start = len(before) + len(tokenizer.encode(context))
        logits = jax.nn.log_softmax(forward(model.config, model.params, jnp.asarray([ids]))[0])
        assert value == pytest.approx(float(sum(logits[i - 1, ids[i]] for i in range(start, len(ids)))), abs=1e-3)
        assert greedy == all(int(jnp.argmax(logits[i - 1])) == ids[i] for i in range(start, len(ids)))
    best = int(jnp.argmax(forward(model.config, model.params, jnp.asarray([[1, 5, 6]]))[0, -1]))
    assert lm._loglikelihood_tokens([(("", ""), [1, 5, 6], [best])])[0][1]


def test_a_long_text_is_scored_in_windows(model):
    lm = CommitLM(model)
    text = "anna lives in athens and works as teacher " * 300
    ids = lm.tok_encode(text, add_special_tokens=False)
    length = model.config.max_position_embeddings
    assert length < len(ids) < 2 * length
    (total,) = lm.loglikelihood_rolling([request("loglikelihood_rolling", text)])
    first = [model.tokenizer.bos_id, *ids[: length - 1]]
    rest = len(ids) - length
    windows = [(first, ids[:length], 0), (ids[-length - 1 : -1], ids[-length:], length - rest)]
    wanted = 0.0
    for tokens, targets, start in windows:
        logits = jax.nn.log_softmax(forward(model.config, model.params, jnp.asarray([tokens]))[0])
        wanted += float(sum(logits[i, targets[i]] for i in range(start, length)))
    assert total == pytest.approx(wanted, rel=1e-4)


def test_a_context_that_is_too_long_keeps_its_end(model):
    lm = CommitLM(model)
    ids = list(np.random.default_rng(0).integers(3, 200, 3000))
    ids = [int(i) for i in ids]
    length = model.config.max_position_embeddings
    ((cut, _),) = lm._loglikelihood_tokens([(("", ""), ids[-length - 1 : -4], ids[-4:])])
    ((whole, _),) = lm._loglikelihood_tokens([(("", ""), ids[:-4], ids[-4:])])
    assert whole == pytest.approx(cut, abs=1e-4)


def test_generation_stops_where_the_task_says(model):
    lm = CommitLM(model)
    (free,) = lm.generate_until([request("generate_until", "anna", {"until": [], "max_gen_toks": 20})])
    stop = free[3:6]
    (stopped,) = lm.generate_until([request("generate_until", "anna", {"until": [stop], "max_gen_toks": 20})])
    assert stopped == free[: free.index(stop)]
    (few,) = lm.generate_until([request("generate_until", "anna", {"until": "\n\n\n", "max_gen_toks": 5})])
    assert free.startswith(few)
    assert lm.generate_until([request("generate_until", "anna", {"do_sample": False, "temperature": 1})])
    with pytest.raises(UserError, match="generation is greedy here"):
        lm.generate_until([request("generate_until", "anna", {"do_sample": True, "temperature": 0.7})])
