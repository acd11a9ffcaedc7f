"""`commit-llm generate`: answers to a file of prompts, as an evaluation's; drawn ones; mistakes and a kill."""

# ruff: noqa: E501 (the table of mistakes)

import json
import sys
from io import BytesIO, TextIOWrapper

import pytest

from commit_llm.evaluate import answers as answers_module
from commit_llm.evaluate.answer_text import first_line
from tests.generate.models import write_chat_model

PROMPTS = [{"id": number, "prompt": f"Where is {'the sea and ' * number}Athens?"} for number in range(6)]


@pytest.fixture(scope="module")
def chat_model(tmp_path_factory):
    return write_chat_model(tmp_path_factory.mktemp("chat") / "model")


@pytest.fixture
def prompts(tmp_path):
    return write(tmp_path / "prompts.jsonl", PROMPTS)


def write(path, records):
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    return path


def rows_of(text):
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.slow
@pytest.mark.parametrize("labels", ["chat", "instruct"])
def test_answers_are_those_of_an_evaluation(run, example, tmp_path, labels):
    """An evaluation's answers end at the first line end, ours where the model ends them."""
    recorded = {"kind": "alpaca"} if labels == "instruct" else None
    model = write_chat_model(tmp_path / "model", prompt=recorded)
    (tmp_path / "data").mkdir()
    squad = json.loads((example / "xquad.el.json").read_text(encoding="utf-8"))
    (tmp_path / "data" / "xquad.el.json").write_text(json.dumps(squad), encoding="utf-8")
    task, data = f"xquad_{labels}_el", ["--data-dir", tmp_path / "data", "--limit", 6, "--batch-size", 2]
    assert run("eval", model, "--tasks", task, *data, "--out", tmp_path / "eval")[0] == 0
    predicted = rows_of((tmp_path / "eval" / "predictions.jsonl").read_text(encoding="utf-8"))
    if labels == "chat":
        written = run("eval", "--tasks", task, *data[:4], "--prompts-only", "--out", tmp_path / "asked")
        assert written[0] == 0
        asked = tmp_path / "asked" / "prompts.jsonl"
    else:
        questions = {
            q["id"]: (q["question"], p["context"]) for a in squad["data"] for p in a["paragraphs"] for q in p["qas"]
        }
        records = [dict(zip(("instruction", "input"), questions[row["id"]], strict=True)) for row in predicted]
        asked = write(tmp_path / "asked.jsonl", records)
    status, out, err = run("generate", model, "--prompts", asked, "--batch-size", 2)
    assert status == 0
    assert ("asked through" if labels == "chat" else "asked with the Alpaca prompt (as it was tuned)") in err
    answers = rows_of(out)
    assert [first_line(row["answer"]) for row in answers] == [row["prediction"] for row in predicted]
    assert len({row["answer"] for row in answers}) > 3
    assert {row["finish_reason"] for row in answers} <= {"stop", "length"}
    assert any("\n" in row["answer"].strip() for row in answers)


@pytest.mark.slow
def test_drawn_answers_are_a_function_of_seed_and_prompt(run, chat_model, tmp_path, prompts):
    def answers(records, *flags):
        file = write(tmp_path / "asked.jsonl", records)
        status, out, err = run(
            "generate", chat_model, "--prompts", file, "--temperature", 0.9, "--top-p", 0.95, "--max-new-tokens", 16,
            *flags,
        )  # fmt: skip
        assert status == 0, err
        return {row["id"]: row["answer"] for row in rows_of(out)}

    whole = answers(PROMPTS)
    assert len(set(whole.values())) > 3
    others = [{"id": "other", "prompt": "b" * 200}]
    assert answers([*PROMPTS[::-2], *others], "--batch-size", 1) | whole == whole | answers(others)
    again = [PROMPTS[1], {"id": "again", "prompt": PROMPTS[1]["prompt"]}]
    assert set(answers(again).values()) == {whole[1]}
    assert answers(PROMPTS[:2], "--seed", 1) != {number: whole[number] for number in (0, 1)}


@pytest.mark.slow
def test_a_killed_command_goes_on_and_says_so(run, chat_model, tmp_path, prompts, monkeypatch):
    asking = ["generate", chat_model, "--prompts", prompts, "--max-new-tokens", 8, "--batch-size", 1]
    printed = run(*asking)
    assert printed[0] == 0
    assert "\x1b" not in printed[1] + printed[2]  # no colour and no bar in a pipe
    assert [{name: row[name] for name in ("id", "prompt")} for row in rows_of(printed[1])] == PROMPTS
    generate, calls, out = answers_module.generate, [], tmp_path / "answers.jsonl"

    def killed(*args):
        calls.append(1)
        if len(calls) == 3:
            raise KeyboardInterrupt
        return generate(*args)

    file = write(tmp_path / "long.jsonl", [*PROMPTS, {"prompt": "a" * 300}])
    asking = ["generate", chat_model, "--prompts", file, "--max-new-tokens", 8, "--batch-size", 1, "--out", out]
    monkeypatch.setattr(answers_module, "generate", killed)
    status, _, err = run(*asking)
    assert (status, err.splitlines()[-1]) == (130, "commit-llm generate: interrupted")
    assert not out.exists()
    status, said, _ = run(*asking)
    assert (status, said) == (0, f"wrote 7 answers to {out}, 6 of them from before\n")
    assert len(calls) == 4
    assert [row["answer"] for row in rows_of(out.read_text(encoding="utf-8"))][:6] == [
        row["answer"] for row in rows_of(printed[1])
    ]
    status, _, err = run(*asking)
    assert (status, err) == (
        2,
        f"commit-llm generate: {out}: exists already; choose another --out, or add --overwrite\n",
    )


@pytest.mark.slow
def test_prompts_of_standard_input(run, chat_model, monkeypatch):
    monkeypatch.setattr(sys, "stdin", TextIOWrapper(BytesIO("Πού;\nWhere?\n".encode())))
    status, out, _ = run("generate", chat_model, "--prompts", "-", "--max-new-tokens", 4, "--prompt", "none")
    assert status == 0
    assert [row["text"] for row in rows_of(out)] == ["Πού;", "Where?"]
    assert "Πού;" in out


@pytest.mark.parametrize(
    ("flags", "message"),
    [
        (["--prompts", "no.jsonl"], "no.jsonl: no such data file"),
        (["--batch-size", "0"], "--batch-size 0: must be at least 1"),
        (["--overwrite"], "--overwrite: there is no --out; leave it out, or name a file"),
        (["--out", "answers.txt"], "--out answers.txt: answers are JSON lines; name a .jsonl file"),
        (["--top-p", "0.5"], "--top-p 0.5: is for tokens that are drawn; add --temperature, such as 0.8, or leave it out"),
        (["--max-new-tokens", "0"], "--max-new-tokens 0: must be at least 1"),
        (["--max-new-tokens", "1023"], "--max-new-tokens 1,023: the model has 1,024 positions, and the prompt takes some of them; take at most 1,022"),
        (["--answer-field", "id"], "{prompts}: record 1: it has a field 'id' already; name another with --answer-field"),
        (["--prompt", "alpca"], "--prompt alpca: is not a file, and neither alpaca nor chat"),
        (["--chat-template", "tools"], "--chat-template 'tools': is for --prompt chat; leave it out, or name that prompt"),
        (["--max-new-tokens", "1000"], "{prompts}: record 1: it has 35 tokens, and the model has room for 24 beside an answer of --max-new-tokens 1,000; shorten it, or take fewer new tokens"),
    ],
)  # fmt: skip
def test_mistakes_are_one_line(run, chat_model, prompts, flags, message, monkeypatch):
    """All are told before the weights are read."""
    monkeypatch.setattr("commit_llm.train.weights.load_params", None)
    given = ["--prompts", str(prompts), *flags] if "--prompts" not in flags else flags
    status, out, err = run("generate", chat_model, *given)
    assert (status, out) == (2, "")
    assert err.splitlines()[-1] == f"commit-llm generate: {message.format(prompts=prompts)}"
