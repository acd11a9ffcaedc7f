"""A tokenizer's files in another folder, as they are."""

import json
import os

import pytest

from commit_llm.data.tokenizer import load_tokenizer
from commit_llm.data.tokenizer_files import copy_tokenizer
from commit_llm.errors import UserError
from tests.data.tokenizer_folders import template, write_bytes_tokenizer, write_pieces

TEXTS = {
    "special_tokens_map.json": '{"pad_token":  "<unk>"}',
    "added_tokens.json": "{ }",
    "chat_template.jinja": "{% for m in messages %}\r\n{{ m }}{% endfor %}",
    "chat_template.json": '{"chat_template": "x"}',
    "additional_chat_templates/tool_use.jinja": "{{ tools }}",
    "vocab.json": '{"a":0}',
    "merges.txt": "#version: 0.2\n",
}


@pytest.fixture
def published(tmp_path):
    """A folder with both kinds of tokenizer, all that stands beside them, and things that do not."""
    folder = tmp_path / "published"
    write_bytes_tokenizer(folder, template())
    write_pieces(folder)
    (folder / "additional_chat_templates").mkdir()
    for name, text in (TEXTS | {"unrelated.json": "{}", "additional_chat_templates/notes.txt": ""}).items():
        (folder / name).write_bytes(text.encode())
    return folder


def files(folder):
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("name", [".", "tokenizer.model", "tokenizer.json"])
def test_all_files_travel_byte_for_byte(published, tmp_path, name):
    (tmp_path / "copy").mkdir()
    copy_tokenizer(load_tokenizer(published / name), tmp_path / "copy")
    expected = files(published)
    del expected["unrelated.json"], expected["additional_chat_templates/notes.txt"]
    assert files(tmp_path / "copy") == expected


def test_a_file_of_another_name_gets_the_usual_one(published, tmp_path):
    (published / "tokenizer.json").rename(published / "mine.json")
    (tmp_path / "copy").mkdir()
    copy_tokenizer(load_tokenizer(published / "mine.json"), tmp_path / "copy")
    assert (tmp_path / "copy" / "tokenizer.json").read_bytes() == (published / "mine.json").read_bytes()
    assert not (tmp_path / "copy" / "mine.json").exists()


def test_a_bare_sentencepiece_model_gets_llama_s_settings(llama, tmp_path):
    copy_tokenizer(llama, tmp_path)
    assert json.loads((tmp_path / "tokenizer_config.json").read_text()) == {
        "tokenizer_class": "LlamaTokenizer", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>",
        "add_bos_token": True, "add_eos_token": False, "legacy": True,
    }  # fmt: skip
    copied = load_tokenizer(tmp_path)
    assert (copied.bos, copied.eos_id, copied.specials) == (llama.bos, llama.eos_id, llama.specials)


@pytest.mark.parametrize("name", ["chat_template.jinja", "tokenizer.model", "additional_chat_templates"])
def test_no_link_is_followed_out_of_the_folder(published, tmp_path, name):
    """A published folder could have its user publish a file of theirs."""
    outside = tmp_path / "outside"
    (published / name).rename(outside)
    (published / name).symlink_to(outside)
    (tmp_path / "copy").mkdir()
    with pytest.raises(UserError, match=r"is a link to a file outside of its folder; put the file itself there"):
        copy_tokenizer(load_tokenizer(published / "tokenizer.json"), tmp_path / "copy")


def test_a_folder_named_as_one_of_the_hub_s_cache_is_none(published, tmp_path):
    folder = tmp_path / "snapshots" / "abc"
    folder.parent.mkdir()
    published.rename(folder)
    (folder / "chat_template.jinja").rename(tmp_path / "outside")
    (folder / "chat_template.jinja").symlink_to(tmp_path / "outside")
    (tmp_path / "copy").mkdir()
    with pytest.raises(UserError, match="is a link to a file outside of its folder"):
        copy_tokenizer(load_tokenizer(folder), tmp_path / "copy")


def test_links_of_the_hub_s_cache_and_within_a_folder_are_followed(published, tmp_path):
    blobs, snapshot, copy = tmp_path / "m" / "blobs", tmp_path / "m" / "snapshots" / "abc", tmp_path / "copy"
    snapshot.mkdir(parents=True)
    copy.mkdir()
    (published / "additional_chat_templates" / "notes.txt").unlink()
    published.rename(blobs)
    for path in blobs.rglob("*.*"):
        link = snapshot / path.relative_to(blobs)
        link.parent.mkdir(exist_ok=True)
        link.symlink_to(os.path.relpath(path, link.parent))
    copy_tokenizer(load_tokenizer(snapshot), copy)
    assert set(files(copy)) == {*TEXTS, "tokenizer.json", "tokenizer.model", "tokenizer_config.json"}
    assert not any(path.is_symlink() for path in copy.rglob("*"))


def test_copies_have_the_permissions_of_a_new_file(published, tmp_path):
    (published / "chat_template.jinja").chmod(0o400)
    (published / "tokenizer.json").chmod(0o777)
    copy, new = tmp_path / "copy", tmp_path / "new"
    copy.mkdir()
    new.write_text("")
    copy_tokenizer(load_tokenizer(published), copy)
    assert {path.stat().st_mode for path in copy.iterdir() if path.is_file()} == {new.stat().st_mode}
