"""Prompts, scores and lengths against the reference's own outputs."""

import dataclasses
import json
import random
import statistics

import pytest

from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.errors import UserError
from commit_llm.evaluate.encoded_prompts import encode_question
from commit_llm.evaluate.endings import Ending
from commit_llm.evaluate.questions import load_questions
from commit_llm.evaluate.scores import MLQA_ARTICLES, normalise_mlqa, normalise_squad, score
from commit_llm.evaluate.tasks import LABELS, TASKS, find_task

XQUAD = [
    "ogx_xquad_el",
    "ogx_xquad_hi",
    "ogx_xquad_th",
    "ogx_xquad_en",
    "ogx_xquad_enel",
    "ogx_xquad_enhi",
    "ogx_xquad_enth",
]
MLQA = ["ogx_mlqa_hi", "ogx_mlqa_enhi", "ogx_mlqa_hival", "ogx_mlqa_enhival", "ogx_mlqa_en"]


def xquad_questions(shared, task):
    """The questions of XQuAD's file of the task's language, also for MLQA tasks."""
    return load_questions(dataclasses.replace(task, dataset="xquad"), str(shared.data("xquad")))


@pytest.mark.parametrize("name", XQUAD)
def test_all_1190_prompts_follow_the_rule(shared, name):
    """Against the official file read here, not by our reader."""
    task = TASKS[name]
    background, question_label, answer_label = LABELS["en" if name.startswith("ogx_xquad_en") else task.language]
    data = json.loads(shared.data(f"xquad/xquad.{task.language}.json").read_text(encoding="utf-8"))["data"]
    wanted = [
        background + "\n\n" + paragraph["context"] + "\n\n" + question_label + qa["question"] + "\n\n" + answer_label
        for article in data
        for paragraph in article["paragraphs"]
        for qa in paragraph["qas"]
    ]
    questions = load_questions(task, str(shared.data("xquad")))
    assert [task.prompt(item.context, item.question) for item in questions] == wanted
    assert len(wanted) == 1190
    assert not task.as_tuned


@pytest.mark.parametrize("bos", [True, False])
@pytest.mark.parametrize("name", ["xquad_instruct_el", "xquad_instruct_th", "mlqa_instruct_hi"])
def test_instruct_prompts_are_those_of_training(shared, llama, name, bos):
    """Prompt and bos token for token as in the training example of the same texts, whatever the folder says of it."""
    task, tokenizer = TASKS[name], llama if bos else dataclasses.replace(llama, bos=type(llama.bos)())
    question = xquad_questions(shared, task)[3]
    record = {"instruction": question.question, "input": question.context, "output": question.references[0]}
    form = InstructionForm()
    example = form.encode(tokenizer, record, form.texts(record, 0))
    ids, truncated = encode_question(tokenizer, task, question, 10_000)
    supervised = list(example.loss_mask).index(1)
    assert (ids, truncated) == (list(example.tokens[:supervised]), False)
    assert (ids[0] == llama.bos_id == 1) == bos


@pytest.mark.parametrize("name", XQUAD)
def test_xquad_prompts(shared, name):
    golden, task = shared.golden_json("eval_prompts.json")[name], TASKS[name]
    questions = xquad_questions(shared, task)
    assert len(questions) == golden["n_docs"] == 1190
    assert golden["dataset"] == f"xquad.{task.language}"
    for question, document in zip(questions, golden["first5"], strict=False):
        assert question.id == document["id"]
        assert task.prompt(question.context, question.question) == document["ctx"] == document["args"][0]
        assert f" {question.references[0]}" == document["target"]
        assert list(question.references) == document["answers"]["text"]
        assert document["args"][1] == {"until": list(Ending((2,)).until)}
    order = list(range(1190))
    random.Random(42).shuffle(order)  # the reference's own order; ours is the file's
    assert [questions[i].id for i in order[:20]] == golden["eval_order_first20"]


@pytest.mark.parametrize("name", MLQA)
def test_mlqa_prompts(shared, name):
    golden, task = shared.golden_json("eval_prompts.json")[name], TASKS[name]
    question = xquad_questions(shared, task)[0]
    assert task.prompt(question.context, question.question) == golden["xquad_doc_ctx"]
    assert golden["target"] == f" {question.references[0]}"
    assert golden["answer_lang"] == task.language
    assert golden["has_test"] == (task.split == "test")


def test_every_task_of_the_golden_file_is_tested(shared):
    assert set(shared.golden_json("eval_prompts.json")) == {*XQUAD, *MLQA}
    assert sum(name.startswith("ogx_xquad_") for name in TASKS) == 15
    assert sum(name.startswith("ogx_mlqa_") for name in TASKS) == 10
    assert all(task.labels != "alpaca" for name, task in TASKS.items() if name.startswith("ogx_"))


def test_scores(shared):
    cases = shared.golden_json("eval_metric_cases.json")
    assert len(cases) == 50
    for case in cases:
        prediction, references = case["prediction"], case["references"]
        assert score(prediction, references, normalise_squad) == (case["squad_em"], case["squad_f1"])
        assert normalise_squad(prediction) == case["squad_norm_pred"]
        assert [normalise_squad(reference) for reference in references] == case["squad_norm_refs"]
        for language in MLQA_ARTICLES:

            def normalise(text, language=language):
                return normalise_mlqa(text, language)

            scored = score(prediction, references, normalise)
            assert [scored.exact_match, scored.f1, normalise(prediction)] == case[f"mlqa_{language}"]


@pytest.mark.parametrize("language", ["el", "th"])
def test_mlqa_has_no_score_for_these(language):
    with pytest.raises(UserError, match=f"no score for language '{language}'"):
        normalise_mlqa("text", language)


@pytest.mark.parametrize("language", ["en", "el", "hi", "th"])
def test_prompt_lengths(shared, llama, language):
    golden = shared.golden_json("eval_lengths.json")["prompt_token_lengths"][language]
    task = find_task(f"ogx_xquad_{language}")
    questions = xquad_questions(shared, task)[::7]
    lengths = [len(llama.encode(task.prompt(question.context, question.question))) for question in questions]
    assert (len(lengths), max(lengths)) == (golden["n"], golden["max"])
    assert statistics.mean(lengths) == pytest.approx(golden["mean"])
    assert statistics.median(lengths) == golden["p50"]
    assert sum(length > 1792 for length in lengths) == golden["over_1792"]
