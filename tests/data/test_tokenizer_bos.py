"""The post-processor of a tokenizer.json changed to put a bos before a text, or none; nothing else is touched."""

import json

import pytest
from tokenizers import Tokenizer, processors

from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.data.tokenizer_bos import change_bos
from tests.data.test_tokenizer_hugging_face import BOTH, BYTES, ENDS, TWO
from tests.data.tokenizer_folders import template, write_bytes_tokenizer, write_pieces

SETTINGS = {"bos_token": "<s>", "eos_token": "</s>", "model_max_length": 1e30, "chat_template": "{{ é }}"}
AROUND = processors.TemplateProcessing("<s> $A <s> </s>", "<s> $A <s>:1 $B:1 <s>:1", [("<s>", 1), ("</s>", 2)])


def ids(folder, *texts):
    return Tokenizer.from_file(str(folder / "tokenizer.json")).encode(*texts).ids


def change(folder, post_processor, choice):
    """Change the files of a folder; give what is in them that was not changed, before and after."""
    write_bytes_tokenizer(folder, post_processor, SETTINGS)
    files = [folder / "tokenizer.json", folder / "tokenizer_config.json"]
    before = [json.loads(file.read_text()) for file in files]
    line = change_bos(folder, load_tokenizer(folder).with_bos(choice))
    after = [json.loads(file.read_text()) for file in files]
    assert after[1] == before[1] | {"add_bos_token": choice == "always"}
    assert {**after[0], "post_processor": None} == {**before[0], "post_processor": None}
    return line


@pytest.mark.parametrize(
    ("post_processor", "one", "two"),
    [
        (None, [1, 67], [1, 67, 1, 68]),
        (BYTES, [1, 67], [1, 67, 1, 68]),
        (ENDS, [1, 67, 2], [1, 67, 2, 1, 68, 2]),
        (processors.TemplateProcessing("$A", "$A $B:1", []), [1, 67], [1, 67, 1, 68]),
        (processors.Sequence([BYTES, ENDS]), [1, 67, 2], [1, 67, 2, 1, 68, 2]),
        (processors.Sequence([BYTES]), [1, 67], [1, 67, 1, 68]),
    ],
)
def test_a_bos_is_put_before_a_text_and_each_of_a_pair(tmp_path, post_processor, one, two):
    line = change(tmp_path, post_processor, "always")
    assert (ids(tmp_path, "a"), ids(tmp_path, "a", "b")) == (one, two)
    assert load_tokenizer(tmp_path).bos == (1,)
    assert line == (
        "trained with a bos before a text, which the model's folder does not say: "
        "changed post_processor of tokenizer.json and add_bos_token of tokenizer_config.json"
    )


@pytest.mark.parametrize(
    ("post_processor", "one", "two"),
    [
        (template(), [67], [67, 68]),
        (BOTH, [67, 2], [67, 2, 68]),
        (TWO, [67], [67, 68]),
        (AROUND, [67, 1, 2], [67, 68, 1]),
        (processors.Sequence([BYTES, template()]), [67], [67, 68]),
    ],
)
def test_a_bos_is_taken_away(tmp_path, post_processor, one, two):
    line = change(tmp_path, post_processor, "never")
    assert (ids(tmp_path, "a"), ids(tmp_path, "a", "b")) == (one, two)
    assert load_tokenizer(tmp_path).bos == ()
    assert line.startswith("trained without a bos, which the model's folder does not say: changed post_processor")


def test_a_post_processor_that_is_no_template_stays_and_that_is_said(tmp_path):
    write_bytes_tokenizer(tmp_path, processors.RobertaProcessing(("</s>", 2), ("<s>", 1)), SETTINGS)
    before = (tmp_path / "tokenizer.json").read_text()
    line = change_bos(tmp_path, load_tokenizer(tmp_path).with_bos("never"))
    assert line == "tokenizer.json: its post_processor is not a template; it adds a bos to a text, unlike training"
    assert json.loads((tmp_path / "tokenizer.json").read_text()) == json.loads(before)


@pytest.mark.parametrize("settings", [None, {"add_bos_token": True, "legacy": False}])
def test_a_bare_sentencepiece_model_has_only_its_setting_changed(tmp_path, settings):
    tokenizer = load_tokenizer(write_pieces(tmp_path, settings)).with_bos("never")
    assert change_bos(tmp_path, tokenizer).endswith("say: changed add_bos_token of tokenizer_config.json")
    assert json.loads((tmp_path / "tokenizer_config.json").read_text()) == (settings or {}) | {"add_bos_token": False}
    assert load_tokenizer(tmp_path).bos == ()


@pytest.mark.parametrize("bos", ["always", "never"])
def test_files_that_say_it_already_stay_as_they_are(tmp_path, bos):
    write_bytes_tokenizer(tmp_path / "json", template() if bos == "always" else BYTES, SETTINGS)
    write_pieces(tmp_path / "pieces", {"add_bos_token": bos == "always"})
    for folder in (tmp_path / "json", tmp_path / "pieces"):
        before = {path: path.read_bytes() for path in folder.iterdir()}
        assert change_bos(folder, load_tokenizer(folder)) is None
        assert {path: path.read_bytes() for path in folder.iterdir()} == before


def test_what_a_bare_model_leaves_open_is_written(tmp_path):
    """Transformers 4 adds a bos where the setting is absent, transformers 5 none."""
    write_pieces(tmp_path, {"legacy": False})
    assert change_bos(tmp_path, load_tokenizer(tmp_path)).startswith("trained with a bos before a text, which")
    settings = {"legacy": False, "add_bos_token": True}
    assert json.loads((tmp_path / "tokenizer_config.json").read_text()) == settings


def test_a_model_that_has_no_bos_is_left_alone(tmp_path):
    write_pieces(tmp_path, {"bos_token": None})
    assert change_bos(tmp_path, load_tokenizer(tmp_path)) is None
