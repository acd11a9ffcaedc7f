"""The files of a tokenizer as they travel from one model folder to another."""

import shutil
from pathlib import Path

from commit_llm.files.whole import write_json

# Settings of a tokenizer that travel with its file.
SETTINGS = ("tokenizer_config.json", "special_tokens_map.json", "added_tokens.json")
LLAMA_SETTINGS = {
    "tokenizer_class": "LlamaTokenizer",
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "add_bos_token": True,
    "add_eos_token": False,
    "legacy": True,
}


def copy_tokenizer(tokenizer: Path, folder: Path) -> None:
    """Copy a tokenizer file and the settings beside it; a bare `tokenizer.model` gets LLaMA's settings."""
    name = "tokenizer.model" if tokenizer.suffix == ".model" else "tokenizer.json"
    shutil.copyfile(tokenizer, folder / name)
    for beside in SETTINGS:
        if tokenizer.with_name(beside).is_file():
            shutil.copyfile(tokenizer.with_name(beside), folder / beside)
    if name == "tokenizer.model" and not (folder / SETTINGS[0]).exists():
        write_json(folder / SETTINGS[0], LLAMA_SETTINGS)
