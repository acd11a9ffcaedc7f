"""`commit-llm import`: turn a streaming checkpoint of EasyLM, the original's framework, into a Hugging Face folder."""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import tyro

from commit_llm.cli.lines import say
from commit_llm.cli.parse import parse


@dataclass(frozen=True)
class Import:
    """Turn a streaming checkpoint of EasyLM (parameters, or a whole train state) into a Hugging Face folder.

    The weights keep the dtype of the file. Such a checkpoint holds no configuration and no tokenizer, so
    name both.
    """

    source: Annotated[Path, tyro.conf.Positional]
    """The checkpoint file, such as streaming_params_1210."""
    config: str
    """A config.json, or the size of a LLaMA 1: 7b, 13b, 30b, 65b."""
    tokenizer: str
    """tokenizer.model, tokenizer.json, or a folder with one."""
    out: Path
    """The folder to make."""
    overwrite: bool = False
    """Replace an output that exists."""


def run(argv: list[str]) -> None:
    command = parse(Import, "import", argv)
    from commit_llm.convert.config_text import changed_config, new_config
    from commit_llm.convert.easylm import from_easylm, named_config
    from commit_llm.convert.folder import CONFIG_FILE, write_model
    from commit_llm.convert.streaming import read_streaming_params
    from commit_llm.data.stops import read_stops, special_ids, write_generation_config
    from commit_llm.data.tokenizer import load_tokenizer
    from commit_llm.data.tokenizer_files import copy_tokenizer
    from commit_llm.files.whole import refuse_existing_folder, whole_folder

    refuse_existing_folder(command.out, command.overwrite, CONFIG_FILE)
    config = named_config(command.config)
    tokenizer = load_tokenizer(command.tokenizer)
    tokenizer.require_room(config.vocab_size)
    stops = read_stops(tokenizer.path.parent, tokenizer, Path(command.config))
    params = from_easylm(read_streaming_params(command.source), config, str(command.source))
    dtype = params["embedding"].dtype.name
    if command.config.endswith(".json"):
        config_text = changed_config(Path(command.config), config, dtype)
    else:
        config_text = new_config(config, dtype, special_ids(tokenizer, stops))
    with whole_folder(command.out, command.overwrite, CONFIG_FILE) as folder:
        write_model(folder, params, config, dtype, config_text)
        copy_tokenizer(tokenizer, folder)
        write_generation_config(tokenizer.path.parent, folder, tokenizer, stops)
    say(f"wrote {command.out} ({dtype})")
