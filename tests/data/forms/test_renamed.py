"""Records whose columns have other names are, in every form, what records with the fields' own names are."""

import pytest

from commit_llm.data.column_names import ColumnNames
from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.data.forms.plain_text import PlainTextForm
from commit_llm.data.forms.renamed import RenamedForm

RECORD = {"instruction": "Say hi to dog", "input": "a dog is here", "output": "hi dog", "text": "dog"}
NAMES = ColumnNames({"instruction": "output", "input": "context", "output": "answer", "text": "body"})
OTHER = {"output": "Say hi to dog", "context": "a dog is here", "answer": "hi dog", "body": "dog", "text": "shadowed"}


@pytest.mark.parametrize(
    "form", [InstructionForm(), InstructionForm(block_template=False), PlainTextForm("text+input")]
)
def test_a_renamed_record_is_as_the_record(tokenizer, form):
    renamed = RenamedForm(form, NAMES)
    texts = form.texts(RECORD, 0)
    assert renamed.texts(OTHER, 0) == texts
    assert renamed.layout(OTHER, texts) == form.layout(RECORD, texts)
    assert list(renamed.documents(OTHER)) == list(form.documents(RECORD)) != []
    one, other = renamed.encode(tokenizer, OTHER, texts), form.encode(tokenizer, RECORD, texts)
    assert one.tokens.tolist() == other.tokens.tolist()
    assert renamed.name == form.name
