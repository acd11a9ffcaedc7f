"""`commit-llm generate` beside transformers: conversations and instructions, through the same template, greedy."""

import json

import pytest

from commit_llm.cli.main import main
from tests.generate.models import write_chat_model

torch = pytest.importorskip("torch", reason="torch is not installed (extra parity)")
transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]
NEW = 24
SAID = [
    [{"role": "user", "content": f"Where is {'the sea and ' * number}Athens?"}] for number in range(6)
]  # fmt: skip
SAID.append([{"role": "system", "content": "Be kind."}, *SAID[0]])
SAID.append([*SAID[1], {"role": "assistant", "content": "Here."}, *SAID[2]])


ALPACA = """\
Below is an instruction that describes a task, paired with an input that provides further context. \
Write a response that appropriately completes the request.

### Instruction:
{instruction}

### Input:
{input}

### Response:"""


def answered(folder, records, capsys, *flags):
    """Answers of the command in one padded batch, and why they ended."""
    prompts = folder.parent / "prompts.jsonl"
    prompts.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    assert main(["generate", str(folder), "--prompts", str(prompts), "--max-new-tokens", str(NEW), *flags]) == 0
    rows = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    return [(row["answer"], row["finish_reason"]) for row in rows]


def answered_by_transformers(folder, encode, asked):
    """Answers of transformers, one at a time. encode: from its tokenizer and what is asked to ids."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    answers = []
    for one in asked:
        ids = torch.tensor([encode(tokenizer, one)])
        with torch.no_grad():
            out = model.generate(ids, max_new_tokens=NEW, do_sample=False, pad_token_id=0)[0, ids.shape[1] :].tolist()
        reason = "stop" if out[-1] in model.generation_config.eos_token_id else "length"
        answers.append((tokenizer.decode(out, skip_special_tokens=True), reason))
    assert len(set(answers)) >= len(answers) - 2
    return answers


@pytest.mark.parametrize("template", ["turns", "headers"])
def test_answers_are_the_greedy_text_of_transformers(tmp_path, capsys, template):
    """An instruction is a message of a user."""
    folder = write_chat_model(tmp_path / "model", template)
    records = [{"messages": said} for said in SAID] + [{"instruction": "Add.", "input": "1 2"}]

    def encode(tokenizer, said):
        text = tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
        return tokenizer(text, add_special_tokens=False)["input_ids"]

    asked = [*SAID, [{"role": "user", "content": "Add.\n\n1 2"}]]
    ours = answered(folder, records, capsys)
    assert ours == answered_by_transformers(folder, encode, asked)
    assert {reason for _, reason in ours} == {"stop", "length"}


def test_answers_to_the_alpaca_prompt(tmp_path, capsys):
    folder = write_chat_model(tmp_path / "model", prompt={"kind": "alpaca"})
    records = [{"instruction": "Add.", "input": f"1 {number * 'and 2 '}"} for number in range(6)]
    expected = answered_by_transformers(
        folder, lambda tokenizer, record: tokenizer(ALPACA.format(**record))["input_ids"], records
    )
    assert answered(folder, records, capsys) == expected
