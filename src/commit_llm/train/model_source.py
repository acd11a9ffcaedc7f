"""MODEL on the command line: a model folder, an adapter folder, a hub id, or a run directory."""

import dataclasses
import logging
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from commit_llm.convert.huggingface import tensor_names
from commit_llm.convert.peft_configuration import CONFIGURATION_FILE, MERGE, adapted, read_configuration
from commit_llm.convert.weight_files import HEAD, has_another_head
from commit_llm.data.stops import GENERATION_FILE, read_stops, with_literals
from commit_llm.data.tokenizer import HUGGING_FACE, SENTENCEPIECE, BosChoice, Tokenizer, load_tokenizer
from commit_llm.errors import UserError, shown
from commit_llm.files.hub import commit_of_snapshot, why_not_given
from commit_llm.files.hub_reach import hub_or_cache
from commit_llm.model.config import ModelConfig
from commit_llm.model.families.config_json import read_config, tell_passed_over
from commit_llm.parallel.processes import is_first
from commit_llm.recipes import load_recipe
from commit_llm.runs.run import CONFIG, MODEL, TOKENS, is_run, read_provenance, tokenizer_file, tokens_of
from commit_llm.train.adapter_folder import AdapterFolder, is_adapter, local_base

LOGGER = logging.getLogger("commit_llm")
HUB_FILES = ["*.json", "*.safetensors", "tokenizer.model", "*.jinja", "merges.txt"]
# The same weights in other forms, which some models have too.
NOT_FROM_HUB = ["original/*", "onnx/*", "openvino/*", "consolidated*.safetensors"]


@dataclass(frozen=True)
class ModelSource:
    """Say where a model is.

    name: as the user wrote it.
    folder: holds config.json and the tokenizer; where the model is an adapter, that is the folder of its base.
    run: the run directory, where the model is one.
    stops: the ids that end a text; the tokenizer's own is the first.
    commit: of a model of the hub, the one whose files these are; None of any other.
    adapter: of PEFT's, whose model is its base with it; None of any other.
    """

    name: str
    folder: Path
    run: Path | None
    config: ModelConfig
    tokenizer: Tokenizer
    stops: tuple[int, ...]
    commit: str | None = None
    adapter: AdapterFolder | None = None

    @property
    def origin_folder(self) -> Path:
        """Give the folder whose provenance.json says how the model came about, if it has one."""
        return self.run or (self.folder if self.adapter is None else self.adapter.folder)

    @property
    def generation_folder(self) -> Path:
        """Give the folder whose generation_config.json says what ends a text: an adapter's own, if it has one."""
        return self.folder if self.adapter is None else self.adapter.with_file(GENERATION_FILE) or self.folder


def open_model(
    name: str,
    tokenizer: str | None = None,
    *,
    revision: str | None = None,
    weights: bool = True,
    bos: BosChoice = "auto",
    sentencepiece_first: bool = False,
    stops: Sequence[str] = (),
) -> ModelSource:
    """Find a model, read its configuration, its tokenizer and what ends a text.

    tokenizer: a file or folder to take instead of the model's own.
    revision: commit, tag or branch of a model of the hub. None: its main branch as it is now.
    weights: whether to fetch them too, where the model is on the hub.
    bos: whether one stands before a text; auto is what a run was trained with, or what a folder says.
    sentencepiece_first: whether a folder's tokenizer.model comes before its tokenizer.json.
    stops: literals of more tokens that end a text.

    Raises UserError where it is not a model, or the tokenizer has more entries than the model.
    """
    folder, run, config, commit, adapter = find_model(name, revision, weights=weights)
    home = folder if adapter is None else adapter.with_file(HUGGING_FACE, SENTENCEPIECE) or folder
    loaded = load_tokenizer(tokenizer or tokenizer_file(run or home, home), sentencepiece_first=sentencepiece_first)
    loaded.require_room(config.vocab_size)
    if bos == "auto" and run is not None:
        bos = load_recipe(run / CONFIG).bos
    source = ModelSource(name, folder, run, config, loaded.with_bos(bos), (), commit, adapter)
    ends = read_stops(source.generation_folder, loaded, folder / "config.json")
    return dataclasses.replace(source, stops=with_literals(ends, stops, loaded))


class FoundModel(NamedTuple):
    """Say where a model is, as `ModelSource` does, before its tokenizer is read."""

    folder: Path
    run: Path | None
    config: ModelConfig
    commit: str | None
    adapter: AdapterFolder | None = None


def find_model(name: str, revision: str | None = None, *, weights: bool = True) -> FoundModel:
    """Find a model's folder, its run directory where it is one, and its configuration; leave the tokenizer alone.

    Of an adapter of PEFT's, find its base too: the folder given is then the base's.

    A head that a configuration ties to the embedding, and that is another in the weights, is used as transformers does:
    the configuration given is then an untied one. Without weights nobody can know.

    Raises UserError where it is not a model.
    """
    folder, run, commit = folder_of(name, revision, weights)
    if run is None and is_adapter(folder):
        return _with_base(folder, commit, weights)
    return FoundModel(folder, run, _read_config(folder, run, weights), commit)


def folder_of(name: str, revision: str | None, weights: bool) -> tuple[Path, Path | None, str | None]:
    """Give the folder with a model's configuration, the run that it is in, and the commit that it is of."""
    path = Path(name)
    try:
        run = path if is_run(path) else None
        folder = path / MODEL if run else path
        is_here = folder.exists()
    except OSError as error:  # longer than a path may be, or in a folder of others
        raise UserError(f"{shown(name)}: cannot be opened as a model folder ({error.strerror}); name another") from None
    if not is_here:
        folder = _from_hub(name, revision, weights)
        return folder, run, commit_of_snapshot(folder)
    if revision is not None:
        raise UserError(f"--model-revision {revision}: is for a model of the hub, and {name} is here; leave it out")
    if not folder.is_dir():
        raise UserError(f"{name}: is a file; a model is a folder with a config.json, a hub id, or a run directory")
    return folder, run, None


def _read_config(folder: Path, run: Path | None, weights: bool) -> ModelConfig:
    """Read a model's configuration, which says of its head what the weights say."""
    config = read_config(folder)
    if run is None and is_first():
        tell_passed_over(folder / "config.json")
    if weights and run is None and config.tie_word_embeddings and has_another_head(folder, tensor_names(config)):
        config = dataclasses.replace(config, tie_word_embeddings=False)
        if is_first():
            LOGGER.warning(
                "%s: config.json ties the head to the embedding, but the weights hold another, %s: it is used, and the "
                "model becomes untied",
                folder,
                HEAD,
            )
    return config


def _with_base(folder: Path, commit: str | None, weights: bool) -> FoundModel:
    """Find the base of an adapter folder, and give both as one model. commit: of the adapter, where it is of the hub.

    Raises UserError where the base is not there, is not a model folder, or is one that the adapter does not fit.
    """
    configuration = read_configuration(folder)
    here = local_base(folder, configuration.base)
    name = str(here or configuration.base)
    try:
        base, run, _ = folder_of(name, configuration.revision if here is None else None, weights)
        if run is not None or is_adapter(base):
            kind, way_out = ("a run", "export it (commit-llm export)") if run else ("an adapter itself", MERGE)
            raise UserError(f"{name}: is {kind}, which peft takes for no base; {way_out}")
        base_config = _read_config(base, None, weights)
    except UserError as error:
        way_out = f"put its base there, or write where it is into {CONFIGURATION_FILE} (base_model_name_or_path)"
        raise UserError(f"{folder}: the base of this adapter cannot be opened ({error}); {way_out}") from None
    adapter, config = adapted(configuration, base_config, str(folder))
    if is_first():
        LOGGER.info("%s: an adapter of rank %d beside %s", folder, adapter.rank, name)
        if config != base_config:
            LOGGER.warning("%s: holds its own embedding or head; the model becomes untied", folder)
    return FoundModel(base, None, config, commit, AdapterFolder(folder, adapter, name, base_config))


def require_same_model(run: Path, source: ModelSource) -> None:
    """Raise UserError where the model's configuration, its bos or what ends a text is not what a run began with."""
    if read_config(run / MODEL) != source.config:
        raise UserError(
            f"{run}: the configuration of {source.name} has changed since the run began; choose another --out"
        )
    at_the_start = read_provenance(run).get(TOKENS)  # absent in runs of versions that kept none
    now = tokens_of(source.tokenizer, source.stops)
    if isinstance(at_the_start, dict) and at_the_start != now:
        pairs = [(name, at_the_start.get(name), ids) for name, ids in now.items()]
        changed = ", ".join(f"{name}: {before} -> {ids}" for name, before, ids in pairs if before != ids)
        raise UserError(
            f"{run}: the special tokens of {source.name} have changed since the run began ({changed}); "
            "choose another --out"
        )


def _from_hub(name: str, revision: str | None, weights: bool) -> Path:
    if name.count("/") > 1 or name.startswith((".", "/", "~")):
        raise UserError(f"{name}: no such model folder; name a folder with a config.json, a hub id, or a run directory")
    from huggingface_hub import snapshot_download

    try:
        patterns = HUB_FILES if weights else [file for file in HUB_FILES if "safetensors" not in file]
        with hub_or_cache():
            return Path(
                snapshot_download(name, revision=revision, allow_patterns=patterns, ignore_patterns=NOT_FROM_HUB)
            )
    except Exception as error:  # offline, unknown, private: the library raises many kinds
        reason = why_not_given(error, name, revision=revision)
        raise UserError(f"{name}: neither a folder here nor a model fetched from the hub: {reason}") from None
