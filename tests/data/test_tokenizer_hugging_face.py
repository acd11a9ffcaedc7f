"""Whether a tokenizer.json puts a bos before a text: its post-processor, of whichever kind, says so."""

import json

import pytest
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from commit_llm.data.tokenizer_hugging_face import load_hugging_face, read_prefix
from commit_llm.errors import UserError
from tests.data.tokenizer_folders import template, write_bytes_tokenizer

BYTES = processors.ByteLevel(trim_offsets=False)
ENDS = processors.TemplateProcessing("$A </s>", "$A </s> $B:1 </s>:1", [("</s>", 2)])
BOTH = processors.TemplateProcessing("<s> $A </s>", "<s> $A </s> $B:1", [("<s>", 1), ("</s>", 2)])
TWO = processors.TemplateProcessing("<s> <unk> $A", "<s> <unk> $A $B:1", [("<s>", 1), ("<unk>", 0)])


@pytest.mark.parametrize(
    ("post_processor", "prefix"),
    [
        (None, ()),
        (BYTES, ()),
        (ENDS, ()),
        (template(), (1,)),
        (BOTH, (1,)),
        (TWO, (1, 0)),
        (processors.Sequence([BYTES, template()]), (1,)),
        (processors.RobertaProcessing(("</s>", 2), ("<s>", 1)), (1,)),
    ],
)
def test_the_post_processor_decides(tmp_path, post_processor, prefix):
    settings = {"bos_token": "<s>", "eos_token": "</s>", "add_bos_token": not prefix}  # which is not looked at
    file = write_bytes_tokenizer(tmp_path, post_processor, settings)
    assert read_prefix(file) == load_hugging_face(file).bos == prefix


def test_a_bos_that_is_named_but_not_added_is_known(tmp_path):
    """SmolLM2's bos opens every turn of a conversation; the tokenizer adds none."""
    file = write_bytes_tokenizer(tmp_path)
    assert load_hugging_face(file)[1:4] == (1, 2, ())


@pytest.mark.parametrize("unknown", [None, "<s>"])
def test_a_vocabulary_that_knows_no_letter_a(tmp_path, unknown):
    words = Tokenizer(models.WordLevel({"<s>": 0, "</s>": 1, "ναι": 2, "όχι": 3}, unk_token=unknown))
    words.pre_tokenizer = pre_tokenizers.Whitespace()
    words.post_processor = template("<s>", 0)
    words.save(str(tmp_path / "tokenizer.json"))
    (tmp_path / "tokenizer_config.json").write_text(json.dumps({"eos_token": "</s>"}))
    assert read_prefix(tmp_path / "tokenizer.json") == (0,)


def test_a_post_processor_that_names_a_token_that_is_not_there_is_one_line(tmp_path):
    file = write_bytes_tokenizer(tmp_path, template())
    content = json.loads(file.read_text(encoding="utf-8"))
    content["post_processor"]["special_tokens"] = {}
    file.write_text(json.dumps(content), encoding="utf-8")
    with pytest.raises(UserError, match=r"tokenizer\.json: its post-processor cannot be applied \(no entry found"):
        load_hugging_face(file)


def test_a_text_that_a_vocabulary_cannot_spell_is_one_line(tmp_path):
    """One of words alone, without a token for all others."""
    words = Tokenizer(models.WordLevel({"</s>": 0, "ναι": 1}, unk_token="<unk>"))
    words.save(str(tmp_path / "tokenizer.json"))
    library = load_hugging_face(tmp_path / "tokenizer.json").library
    assert library.encode("ναι") == [1]
    with pytest.raises(UserError, match=r"tokenizer\.json: cannot spell 'όχι': WordLevel error: Missing \[UNK\]"):
        library.encode("όχι")
