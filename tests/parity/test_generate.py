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


@pytest.mark.parametrize("template", ["turns", "headers"])
def test_answers_are_the_greedy_text_of_transformers(tmp_path, capsys, template):
    """Ours in one padded batch; theirs a conversation at a time. An instruction is a message of a user."""
    folder = write_chat_model(tmp_path / "model", template)
    records = [{"messages": said} for said in SAID] + [{"instruction": "Add.", "input": "1 2"}]
    prompts = tmp_path / "prompts.jsonl"
    prompts.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
    assert main(["generate", str(folder), "--prompts", str(prompts), "--max-new-tokens", str(NEW)]) == 0
    ours = [json.loads(line) for line in capsys.readouterr().out.splitlines()]
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    model = transformers.AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32).eval()
    expected = []
    for said in [*SAID, [{"role": "user", "content": "Add.\n\n1 2"}]]:
        text = tokenizer.apply_chat_template(said, tokenize=False, add_generation_prompt=True)
        ids = torch.tensor([tokenizer(text, add_special_tokens=False)["input_ids"]])
        with torch.no_grad():
            out = model.generate(ids, max_new_tokens=NEW, do_sample=False, pad_token_id=0)[0, ids.shape[1] :].tolist()
        reason = "stop" if out[-1] in model.generation_config.eos_token_id else "length"
        expected.append((tokenizer.decode(out, skip_special_tokens=True), reason))
    assert [(row["answer"], row["finish_reason"]) for row in ours] == expected
    assert {row["finish_reason"] for row in ours} == {"stop", "length"}
    assert len({row["answer"] for row in ours}) > 6
