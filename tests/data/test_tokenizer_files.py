"""A tokenizer's files in another folder, as they are."""

import json

import pytest

from commit_llm.data.tokenizer_files import SETTINGS, copy_tokenizer


@pytest.mark.parametrize("suffix", [".json", ".model"])
def test_the_file_and_the_settings_beside_it_are_copied_byte_for_byte(tmp_path, suffix):
    source, copy = tmp_path / "source", tmp_path / "copy"
    source.mkdir()
    copy.mkdir()
    for name in (f"any{suffix}", "tokenizer_config.json", "added_tokens.json", "unrelated.json"):
        (source / name).write_text(f'{{"of":  "{name}"}}')
    copy_tokenizer(source / f"any{suffix}", copy)
    written = {path.name: path.read_text() for path in copy.iterdir()}
    assert written == {
        f"tokenizer{suffix}": f'{{"of":  "any{suffix}"}}',
        **{name: f'{{"of":  "{name}"}}' for name in ("tokenizer_config.json", "added_tokens.json")},
    }


@pytest.mark.parametrize(("file", "settings"), [("spm.model", True), ("tokenizer.json", False)])
def test_a_bare_sentencepiece_model_gets_llama_s_settings(tmp_path, file, settings):
    (tmp_path / file).write_bytes(b"")
    copy = tmp_path / "copy"
    copy.mkdir()
    copy_tokenizer(tmp_path / file, copy)
    assert (copy / SETTINGS[0]).exists() == settings
    if settings:
        assert json.loads((copy / SETTINGS[0]).read_text())["tokenizer_class"] == "LlamaTokenizer"
