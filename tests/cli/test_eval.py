"""`eval --questions` and `score --questions`, from the command line."""

import json

import pytest

from commit_llm.runs.evaluation import read_evaluation, read_signature

OWN = "Text: {{ input }}\nQuestion: {{ instruction }}\nAnswer:"


@pytest.fixture
def questions(example, tmp_path):
    """Twelve questions of the example, as a user would write them."""
    file = tmp_path / "own.jsonl"
    with file.open("w", encoding="utf-8") as lines:
        paragraphs = json.loads((example / "xquad.el.json").read_text("utf-8"))["data"][0]["paragraphs"]
        for paragraph in paragraphs[:12]:
            for asked in paragraph["qas"]:
                answers = [answer["text"] for answer in asked["answers"]]
                row = {"context": paragraph["context"], "question": asked["question"], "answers": answers}
                lines.write(json.dumps(row, ensure_ascii=False) + "\n")
    return file


@pytest.mark.slow
def test_from_tuning_with_a_prompt_to_a_comparison(run, example, questions, tmp_path):
    """The export records the prompt; questions are asked with it, and with another one where that is named."""
    (tmp_path / "own.jinja").write_text(OWN, encoding="utf-8")
    flags = ["--model", example / "model", "--data", example / "instructions.jsonl", "--from-scratch"]
    flags += ["--dictionary", example / "en-el.txt", "--steps", 2, "--warmup-steps", 1, "--batch-size", 2]
    run("train", "commit", *flags, "--seq-len", 128, "--prompt", tmp_path / "own.jinja", "--out", tmp_path / "run")
    assert run("export", tmp_path / "run", "--out", tmp_path / "model")[0] == 0
    own = ["--questions", questions, "--language", "el"]
    status, out, err = run("eval", tmp_path / "model", *own, "--out", tmp_path / "first")
    assert status == 0
    assert "questions_el" in out
    assert "asked with the prompt own.jinja (as it was tuned)" in err
    assert "\ncompiling the answering of prompts of up to " in err
    entry = read_evaluation(tmp_path / "first").tasks["questions_el"]
    signature = read_signature(entry["signature"])
    assert (signature["labels"], len(signature["prompt"]), entry["items"]) == ("file", 16, 12)
    for name, prompt in (("second", ()), ("alpaca", ("--prompt", "alpaca"))):
        assert run("eval", tmp_path / "run", *own, *prompt, "--out", tmp_path / name)[0] == 0
    status, out, _ = run("compare", tmp_path / "first", tmp_path / "second", "--out", tmp_path / "compared")
    assert status == 0
    assert "questions" in out
    status, _, err = run("compare", tmp_path / "first", tmp_path / "alpaca", "--out", tmp_path / "refused")
    assert status == 2
    assert "questions_el: " in err
    assert "cannot be compared: prompts" in err
    # The answers, scored as if they had been made elsewhere.
    prompt = ("--prompt", tmp_path / "own.jinja")
    _, out, _ = run("score", tmp_path / "first" / "predictions.jsonl", *own, *prompt, "--json")
    scored = json.loads(out)["questions_el"]
    assert scored["prompts_sha256"] == entry["prompts_sha256"]
    assert (scored["exact_match"], scored["f1"]) == (entry["exact_match"], entry["f1"])


def test_prompts_alone_need_no_model(run, questions, tmp_path):
    own = ["--questions", questions, "--language", "el", "--prompts-only"]
    assert run("eval", *own, "--out", tmp_path / "alpaca")[0] == 0
    rows = [json.loads(line) for line in (tmp_path / "alpaca" / "prompts.jsonl").read_text("utf-8").splitlines()]
    assert len(rows) == 12
    assert rows[0]["prompt"].startswith("Below is an instruction")
    assert [row["id"] for row in rows] == [str(number) for number in range(1, 13)]
    assert run("eval", *own, "--prompt", "chat", "--out", tmp_path / "chat")[0] == 0
    first = (tmp_path / "chat" / "prompts.jsonl").read_text("utf-8").splitlines()[0]
    assert json.loads(first)["prompt"].startswith("Answer the question about the text")


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["--language", "el"], "--language el: is for your own questions; name their file with --questions"),
        (["--tasks", "ogx_xquad_el", "--prompt", "chat"], "--prompt chat: is for your own questions"),
        (["--questions", "own.jsonl"], "--questions own.jsonl: in which language? name it, such as --language el"),
        ([], "no task; name some with --tasks, or your own questions with --questions FILE --language CODE"),
    ],
)
def test_flags_that_do_not_go_together(run, tmp_path, words, message):
    status, _, err = run("eval", "model", *words, "--out", tmp_path / "eval")
    assert status == 2
    assert message in err


def test_score_refuses_flags_of_questions_without_them(run, tmp_path):
    status, _, err = run("score", tmp_path / "answers.jsonl", "--task", "ogx_xquad_el", "--language", "hi")
    assert status == 2
    assert "--language hi: is for your own questions; name their file with --questions" in err


@pytest.mark.parametrize("words", [[], ["--task", "ogx_xquad_el", "--questions", "own.jsonl", "--language", "el"]])
def test_score_takes_a_task_or_questions(run, tmp_path, words):
    status, _, err = run("score", tmp_path / "answers.jsonl", *words)
    assert (status, err) == (
        2,
        "commit-llm score: name either --task, or your own questions with --questions FILE --language CODE\n",
    )
