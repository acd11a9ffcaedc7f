"""The prompts of chat tasks beside transformers: the same ids, on templates of other shapes."""

import json

import pytest

from commit_llm.evaluate.chat_prompts import encode_message, template_for
from commit_llm.evaluate.tasks import find_task
from tests.data.chat.templates import TEMPLATES
from tests.evaluate.chat_models import chat_tokenizer

transformers = pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]

TASK = find_task("xquad_chat_el")


@pytest.mark.parametrize("name", TEMPLATES)
def test_the_ids_are_those_of_apply_chat_template(tmp_path, name):
    tokenizer = chat_tokenizer(tmp_path, name)
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    theirs = transformers.AutoTokenizer.from_pretrained(tmp_path)
    template = template_for([TASK], tokenizer, (2, 4))
    for context, question in (("Η Άννα μένει στην Αθήνα.", "Πού μένει η Άννα;"), (" a\n\nb ", "c? \n")):
        message = TASK.prompt(context, question)
        wanted = theirs.apply_chat_template(
            [{"role": "user", "content": message}], add_generation_prompt=True, return_dict=False
        )
        assert encode_message(tokenizer, template, message) == wanted
