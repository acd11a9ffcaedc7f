"""The files of a tokenizer as they travel from one model folder to another."""

import shutil
from pathlib import Path

from commit_llm.data.tokenizer import HUGGING_FACE, SENTENCEPIECE, Tokenizer
from commit_llm.data.tokenizer_settings import ADDED, CONFIG, SPECIALS
from commit_llm.errors import UserError
from commit_llm.files.whole import write_json

# What travels with a tokenizer's file, beside the other kind of it: settings, templates, and a vocabulary of old.
COMPANIONS = (CONFIG, SPECIALS, ADDED, "chat_template.jinja", "chat_template.json", "vocab.json", "merges.txt")
TEMPLATES = "additional_chat_templates"
LLAMA_SETTINGS = {
    "tokenizer_class": "LlamaTokenizer",
    "bos_token": "<s>",
    "eos_token": "</s>",
    "unk_token": "<unk>",
    "add_bos_token": True,
    "add_eos_token": False,
    "legacy": True,
}


def own_name(tokenizer: Tokenizer) -> str:
    """Give the name that a tokenizer's file has in a model folder."""
    return SENTENCEPIECE if tokenizer.kind == "sentencepiece" else HUGGING_FACE


def copy_tokenizer(tokenizer: Tokenizer, folder: Path) -> None:
    """Copy a tokenizer's file and all that stands beside it, byte for byte.

    A bare `tokenizer.model` gets LLaMA's settings. Raises UserError for a link that leads out of its folder.
    """
    name, source = own_name(tokenizer), tokenizer.path.parent
    templates = [f"{TEMPLATES}/{path.name}" for path in sorted((source / TEMPLATES).glob("*.jinja"))]
    for companion in (*{SENTENCEPIECE, HUGGING_FACE} - {name}, *COMPANIONS, *templates):
        copy_if_there(source, companion, folder)
    shutil.copyfile(tokenizer.path, folder / name)
    if name == SENTENCEPIECE and not any((folder / other).exists() for other in (CONFIG, HUGGING_FACE)):
        names = {token: literal for literal, token in tokenizer.specials.items()}
        bos = None if tokenizer.bos_id is None else names[tokenizer.bos_id]
        write_json(folder / CONFIG, LLAMA_SETTINGS | {"bos_token": bos, "eos_token": names[tokenizer.eos_id]})


def copy_if_there(source: Path, name: str, folder: Path) -> None:
    """Copy the content of a file of a folder where there is such a file; it gets the permissions of a new one.

    Raises UserError for a link that leads out of the folder: whoever made the folder would choose what is published.
    """
    file = source / name
    if not file.is_file():
        return
    if not file.resolve().is_relative_to(_home(source.resolve())):
        raise UserError(f"{file}: is a link to a file outside of its folder; put the file itself there")
    (folder / name).parent.mkdir(exist_ok=True)
    shutil.copyfile(file, folder / name)


def _home(folder: Path) -> Path:
    """Give where a folder's links may lead: into itself; in the hub's cache, to the files of all versions beside it."""
    snapshots = folder.parent
    return snapshots.parent if snapshots.name == "snapshots" and (snapshots.parent / "blobs").is_dir() else folder
