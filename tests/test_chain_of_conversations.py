"""The chain with conversations: trained in the model's own words, gone on, exported, shown; and what is refused."""

import json

import pytest

from commit_llm.cli.main import main
from commit_llm.data.chat.template import find_chat_template
from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.files.provenance import sha256
from commit_llm.runs.asked_prompt import open_asked_prompt
from commit_llm.train.model_source import open_model
from tests.data.chat.templates import SPECIALS, TURNS, conversation
from tests.data.tokenizer_folders import write_bytes_tokenizer

pytestmark = pytest.mark.slow
MODEL = {
    "model_type": "llama", "vocab_size": 264, "hidden_size": 32, "intermediate_size": 64, "num_hidden_layers": 1,
    "num_attention_heads": 2, "max_position_embeddings": 512,
}  # fmt: skip
REFUSES = TURNS.replace(
    "{% for", "{% if messages[0].role == 'system' %}{{ raise_exception('No.') }}{% endif %}{% for", 1
)


@pytest.fixture
def work(tmp_path):
    """A folder with a model, a dictionary, and conversations; some are none."""
    model = tmp_path / "model"
    write_bytes_tokenizer(model, None, dict(SPECIALS), ("<unk>", "<s>", "</s>", "<end>", "<turn>"))
    (model / "config.json").write_text(json.dumps(MODEL))
    (model / "chat_template.jinja").write_text(REFUSES)
    (tmp_path / "en-el.txt").write_text("dog σκύλος\nwhere πού\n", encoding="utf-8")
    turns = [
        conversation(("u", f"where is dog {n}?"), ("a", f"at {n}"), ("u", "and now"), ("a", "dog")) for n in range(9)
    ]
    turns[2] = conversation(("s", "kind"), *[("u", "a"), ("a", "b")])
    turns[5] = [{"role": "wizard", "content": "x"}]
    turns[7] = conversation(("u", "a <end>"), ("a", "b"))
    lines = [json.dumps({"messages": messages}) for messages in turns]
    (tmp_path / "chats.jsonl").write_text("\n".join(lines) + "\n")
    return tmp_path


def command(work, *more, name="train", prompt="chat"):
    words = [
        name,
        "commit",
        "--prompt",
        prompt,
        "--model",
        work / "model",
        "--from-scratch",
        "--data",
        work / "chats.jsonl",
    ]
    words += [
        "--dictionary",
        work / "en-el.txt",
        "--batch-size",
        1,
        "--seq-len",
        448,
        "--steps",
        6,
        "--warmup-steps",
        1,
    ]
    return [*map(str, words), "--log-every", "1", "--stop", "<end>", "--out", str(work / "out"), *more]


def test_conversations_are_trained_stopped_exported_and_shown(work, capsys):
    train = command(work)
    assert main([*train, "--dry-run"]) == 0
    outlook = capsys.readouterr().out
    assert "left out 3 of 9 records: " in outlook
    for reason in ("refused by the template", "no conversation", "the text of a control token in the contents"):
        assert f"{reason} 1" in outlook
    assert main([*train, "--stop-after-minutes", "0.0001"]) == 0
    assert main(train) == 0
    assert "left out 3 of 9 records: " in capsys.readouterr().out
    run, exported = work / "out", work / "exported"
    described = json.loads((run / "provenance.json").read_text())["prompt"]
    assert described["kind"] == "chat"
    assert described["stops"] == ["</s>", "<end>"]
    assert main(["export", str(run), "--out", str(exported)]) == 0
    provenance = json.loads((exported / "provenance.json").read_text())
    assert provenance["prompt"] == described
    assert provenance["special_tokens"] == {"bos": [], "stops": [2, 3]}
    assert provenance["training"][0]["form"] == "chat"
    assert (exported / "chat_template.jinja").read_text() == REFUSES
    assert json.loads((exported / "generation_config.json").read_text())["eos_token_id"] == [2, 3]
    source = open_model(str(exported))
    assert find_chat_template(source.tokenizer, source.stops).fingerprint() == described["sha256"]
    assert open_asked_prompt(exported, None, source.tokenizer, source.stops).fingerprint() == described["sha256"]
    assert "| the chat template, chat_template.jinja |" in (exported / "README.md").read_text()
    assert main(["report", str(run), "--out", str(work / "page.html")]) == 0
    page = (work / "page.html").read_text(encoding="utf-8")
    assert "σκύλος" in page
    assert "&lt;turn&gt;" in page


def test_a_run_goes_on_with_its_own_template_alone(work, capsys):
    assert main([*command(work), "--stop-after-minutes", "0.0001"]) == 0
    (work / "model" / "chat_template.jinja").write_text("{# changed #}" + REFUSES)
    assert main(command(work)) == 2
    assert "its prompt (chat_template.jinja) has changed since the run began" in capsys.readouterr().err
    assert main([*command(work), "--dry-run"]) == 2
    (work / "model" / "chat_template.jinja").write_text(REFUSES)
    assert main([*command(work), "--train-on", "last"]) == 2
    assert "train_on: all -> last" in capsys.readouterr().err
    assert main(command(work)) == 0


def test_a_template_that_is_given_goes_into_run_and_export(work, caplog):
    given = work / "given.jinja"
    given.write_text(TURNS.replace("<end>", "</s>"))
    assert main([*command(work), "--chat-template", str(given)]) == 0
    assert main(["export", str(work / "out"), "--out", str(work / "exported")]) == 0
    assert sha256(work / "exported" / "chat_template.jinja") == sha256(given)
    source = open_model(str(work / "exported"))
    caplog.set_level("INFO", "commit_llm")
    open_asked_prompt(work / "exported", None, source.tokenizer, source.stops)
    assert "(as it was tuned)" in caplog.text
    given.unlink()
    assert main(["report", str(work / "out"), "--out", str(work / "page.html")]) == 0
    assert "given.jinja" in (work / "page.html").read_text(encoding="utf-8")


def test_where_every_row_fails_the_template_says_why(work, capsys):
    rows = [conversation(("s", "kind"), ("u", "where is dog"), ("a", "b"))] * 3
    (work / "chats.jsonl").write_text("".join(json.dumps({"messages": row}) + "\n" for row in rows))
    assert main(command(work)) == 2
    assert capsys.readouterr().err.strip().endswith("no record is taken by the template: No.")
    assert not (work / "out").exists()


def test_conversations_are_hinted_at(work, capsys):
    train = [word for word in command(work, prompt="alpaca") if word not in ("--stop", "<end>")]
    assert main(train) == 2
    assert (
        "record 1 of the data: a conversation (column messages); --prompt chat tunes on these"
        in capsys.readouterr().err
    )


@pytest.mark.parametrize("prompt", ["alpaca", "own"])
def test_an_export_without_a_template_gets_one(work, prompt):
    (work / "model" / "chat_template.jinja").unlink()
    own = work / "own.jinja"
    own.write_text("Do {{ instruction }} {{ input }}:")
    rows = [{"instruction": f"where {n}", "input": "dog", "output": "there"} for n in range(9)]
    (work / "chats.jsonl").write_text("".join(json.dumps(row) + "\n" for row in rows))
    train = [
        word
        for word in command(work, prompt=str(own) if prompt == "own" else prompt)
        if word not in ("--stop", "<end>")
    ]
    assert main(train) == 0
    own.unlink()
    assert main(["export", str(work / "out"), "--out", str(work / "exported")]) == 0
    tokenizer = load_tokenizer(work / "exported")
    text = find_chat_template(tokenizer, (2,)).render(conversation(("u", "where 1")), True)
    assert text == "Do where 1 :" if prompt == "own" else text.endswith("### Instruction:\nwhere 1\n\n### Response:")
    assert json.loads((work / "exported" / "provenance.json").read_text())["prompt"]["kind"] == (
        "file" if prompt == "own" else "alpaca"
    )
    card = (work / "exported" / "README.md").read_text()
    assert "chat_template.jinja puts one user message into it" in card
