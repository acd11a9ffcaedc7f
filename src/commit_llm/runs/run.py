"""A run directory: the names of what is in it, how it is made, found, and held to what it was made of. No jax."""

import dataclasses
import platform
import uuid
from collections.abc import Iterator, Mapping, Sequence
from importlib import metadata
from pathlib import Path
from typing import Any

from commit_llm import __version__
from commit_llm.codemix.settings import require_clean_version
from commit_llm.data.chat.template import FILE as TEMPLATE_FILE
from commit_llm.data.chat.template import ChatTemplate
from commit_llm.data.opened_prompt import Prompt, describe_prompt
from commit_llm.data.stops import GENERATION_FILE, write_generation_config
from commit_llm.data.tokenizer import HUGGING_FACE, SENTENCEPIECE, Tokenizer
from commit_llm.data.tokenizer_files import copy_if_there, copy_tokenizer, own_name
from commit_llm.errors import SettingError, UserError, shown
from commit_llm.files.json_text import read_json_object
from commit_llm.files.provenance import describe, sha256
from commit_llm.files.whole import refuse_existing_folder, require_utf8_name, whole_folder, write_json
from commit_llm.recipes import (
    MADE_OF,
    RUNNING,
    Recipe,
    StoredRecipe,
    differences,
    dump_recipe,
    files_of,
    load_stored_recipe,
    with_paths_from,
)
from commit_llm.runs.chain import RUN, find_in_chain
from commit_llm.runs.evaluation import RESULTS
from commit_llm.runs.history import BEFORE, History

CONFIG, PROVENANCE = "config.yaml", MADE_OF  # the recipe, and what the run was made of
TOKENS = "special_tokens"  # of provenance.json: see tokens_of
WEIGHTS = "weights"  # of provenance.json: those that training began with (train/weights_identity.py)
BASE = "base"  # of provenance.json, where an adapter is trained: the model beside it, and its revision
SOURCES = "sources"  # of provenance.json: name, weight, share, form, mixed, records of each of several sources of data
PROMPT = "prompt"  # of both too: what stands around instructions and conversations (data/opened_prompt.py)
TOKENIZER = "tokenizer"  # of the provenance.json of a run and of an export: the name of the tokenizer's file
HUB = "hub"  # of provenance.json: what came from the hub, "model" and "data"; absent in runs of older versions
MODEL = "model"  # a model folder without weights: config.json and the tokenizer
METRICS, TIMING, HELD_OUT = "metrics.jsonl", "timing.jsonl", "held_out.jsonl"  # the logs
CHECKPOINTS, TENSORBOARD = "checkpoints", "tensorboard"
LIBRARIES = ("jax", "jaxlib", "optax", "orbax-checkpoint", "grain", "numpy", "tokenizers", "sentencepiece")

# Fields that say how long a run is, and along what its learning rate moves.
LENGTH = {"steps", "epochs", "warmup_steps", "decay_steps"}

# What else a folder may be that somebody takes for a run, by a file in it.
OTHER_KINDS = {
    RESULTS: "an evaluation directory",
    "comparison.json": "a comparison",
    "model.safetensors": "a model folder",
    "model.safetensors.index.json": "a model folder",
    "tokenizer_config.json": "a model folder",
}


def is_run(folder: Path) -> bool:
    """Say whether a folder is a run directory."""
    return (folder / CONFIG).is_file() and (folder / PROVENANCE).is_file()


def find_run(folder: Path) -> Path:
    """Find the run directory that a folder is, or that is in it where it is the output of `commit-llm run`.

    Raises UserError where there is none, saying what the folder is.
    """
    run = find_in_chain(folder, RUN, CONFIG)
    if is_run(run):
        return run
    if not run.exists():
        raise UserError(f"{run}: no such run directory; name the folder that `commit-llm train --out` made")
    if not run.is_dir():
        raise UserError(f"{run}: is a file; a run is the folder that `commit-llm train --out` made")
    kind = next((kind for name, kind in OTHER_KINDS.items() if (run / name).is_file()), None)
    missing = " and ".join(name for name in (CONFIG, PROVENANCE) if not (run / name).is_file())
    reason = f"it is {kind}" if kind else f"no {missing} in it"
    raise UserError(f"{run}: not a run directory ({reason}); name the folder that `commit-llm train --out` made")


def read_provenance(folder: Path) -> dict[str, Any]:
    """Read the provenance.json of a run, or of an exported model.

    Raises UserError where there is none, or it is malformed; of its entries none is looked at.
    """
    path = folder / PROVENANCE
    try:
        return read_json_object(path)
    except FileNotFoundError:
        raise UserError(f"{folder}: holds something else (no {PROVENANCE}); choose another --out") from None


def create_run(
    run: Path,
    stored: StoredRecipe,
    config: str,
    folder: Path,
    tokenizer: Tokenizer,
    stops: tuple[int, ...],
    weights_dtype: str,
    languages: Sequence[str],
    history: History,
    weights: Mapping[str, Any] | None = None,
    hub: Mapping[str, Mapping[str, Any]] | None = None,
    sources: Sequence[Mapping[str, Any]] = (),
    prompt: Prompt = None,
    base: Mapping[str, Any] | None = None,
) -> None:
    """Write what a run is made of, whole or not at all.

    config: the text of the model's config.json.
    folder: the model's, whose generation_config.json is copied.
    tokenizer: its files are copied.
    stops: the ids that end a text.
    weights_dtype: of the weights that training begins with.
    languages: codes of those that are mixed.
    history: the stages before this run, and the documents of this one too.
    weights: which they are that training begins with; None where they are random.
    hub: the commit of the model and of the data where they are from the hub, with what else tells these data.
    sources: of the data, described; none where the recipe says all of the only one.
    prompt: that of instructions and conversations.
    base: where the model is that an adapter is trained beside; None where the whole model is trained.
    """
    provenance = {
        "id": uuid.uuid4().hex[:12],
        "commit_llm": __version__,
        "python": platform.python_version(),
        "libraries": {name: metadata.version(name) for name in LIBRARIES},
        "model": stored.recipe.model,
        "weights_dtype": weights_dtype,
        WEIGHTS: weights,
        **({BASE: dict(base)} if base else {}),
        "languages": list(languages),
        "clean_version": stored.recipe.clean_version if stored.recipe.mixes_clean else None,
        "files": {role: describe(path, sha256(path)) for role, path in _files(stored.recipe, tokenizer.path)},
        HUB: dict(hub or {}),
        **({SOURCES: [dict(source) for source in sources]} if sources else {}),
        TOKENIZER: own_name(tokenizer),
        TOKENS: tokens_of(tokenizer, stops),
        PROMPT: None if stored.recipe.form == "text" else describe_prompt(prompt),
        **history.to_json(BEFORE),
    }
    with whole_folder(run) as new:
        (new / MODEL).mkdir()
        (new / MODEL / "config.json").write_bytes(config.encode("utf-8"))  # whatever ends its lines
        if stored.recipe.stop:
            write_generation_config(folder, new / MODEL, tokenizer, stops)
        else:
            copy_if_there(folder, GENERATION_FILE, new / MODEL)
        copy_tokenizer(tokenizer, new / MODEL)
        if stored.recipe.chat_template is not None and isinstance(prompt, ChatTemplate):
            (new / MODEL / TEMPLATE_FILE).write_bytes(prompt.text.encode("utf-8"))
        write_json(new / PROVENANCE, provenance)
        (new / CONFIG).write_text(dump_recipe(stored.recipe, stored.asked), encoding="utf-8")


def tokenizer_file(folder: Path, model: Path) -> Path:
    """Give the tokenizer file that a run or an export was trained with; the model's folder where that is not known.

    folder: holds the provenance.json.
    model: holds the tokenizer.
    """
    if not (folder / PROVENANCE).is_file():
        return model
    provenance = read_provenance(folder)
    name = provenance.get(TOKENIZER)
    if name is None:  # of a version that kept one file, and its path alone
        name = SENTENCEPIECE if _path_of_tokenizer(provenance).endswith(".model") else HUGGING_FACE
    return model / name if name in (SENTENCEPIECE, HUGGING_FACE) and (model / name).is_file() else model


def _path_of_tokenizer(provenance: Mapping[str, Any]) -> str:
    """Give the path of the tokenizer file that a run began with; "" where its provenance does not say."""
    files = provenance.get("files")
    described = files.get("tokenizer") if isinstance(files, dict) else None
    return str(described.get("path", "")) if isinstance(described, dict) else ""


def tokens_of(tokenizer: Tokenizer, stops: tuple[int, ...]) -> dict[str, list[int]]:
    """Give what stands before a text that a run trains on, and what ends one, as provenance.json keeps it."""
    return {"bos": list(tokenizer.bos), "stops": list(stops)}


def prompt_of(run: Path, recipe: Recipe) -> dict[str, Any] | None:
    """Give what a run's provenance.json says of the prompt; of a version that kept none it was the Alpaca one.

    None for a run of plain text.
    """
    if recipe.form == "text":
        return None
    described = read_provenance(run).get(PROMPT, describe_prompt(None))
    if not isinstance(described, dict) or not isinstance(described.get("kind"), str):
        raise UserError(
            f"{run / PROVENANCE}: malformed: its {PROMPT} is {shown(described)}; it must have a kind, as alpaca, chat "
            "or file: write it there"
        )
    return described


def begun_recipe(run: Path, asked: Recipe) -> Recipe | None:
    """Give the recipe with which the run in a folder goes on; None where the folder is free for a new run.

    A run goes on with what its flags came to when it began, and with the tokenizer file that it began with. It may go
    on on other devices and with less memory (`RUNNING`); its config.yaml says how it began.

    Raises UserError where the folder holds something else, or a run that was asked for with another recipe, naming
    the fields that differ.
    """
    require_utf8_name(run.absolute())
    if not is_run(run):
        refuse_existing_folder(run, hint=False)
        return None
    stored = load_stored_recipe(run / CONFIG)
    now = {name: getattr(asked, name) for name in RUNNING}
    if stored.recipe.mixes_clean:
        try:
            require_clean_version(stored.recipe.clean_version)
        except SettingError as error:
            raise UserError(f"{run}: {error.for_command()}") from None
    else:
        now["clean_version"] = asked.clean_version  # which is not looked at
    if asked.epochs is not None:
        now["steps"] = asked.steps  # which is not looked at
    different = _different(dataclasses.replace(stored.asked, **now), asked)
    # A run's own config.yaml asks for the same run too: for what its flags came to.
    if different and _different(dataclasses.replace(stored.recipe, **now), asked):
        if different.keys() <= LENGTH and _is_longer(stored, asked) and _is_finished(run, stored.recipe):
            number = "--steps N" if asked.epochs is None else "--epochs N"
            raise UserError(
                f"{run}: is finished, and over its {stored.recipe.steps} steps its learning rate has fallen; to train "
                f"longer, train a new run from it: --model {run} {number} --out ANOTHER"
            )
        lines = "; ".join(different.values())
        raise UserError(f"{run}: holds a run of another recipe ({lines}); give the same, or choose another --out")
    now = {name: getattr(asked, name) for name in RUNNING}
    if asked.remat == "auto":  # found once, with the memory of then
        now["remat"] = stored.recipe.remat
    path = _path_of_tokenizer(read_provenance(run))
    tokenizer = path if Path(path).is_file() else stored.recipe.tokenizer
    return dataclasses.replace(stored.recipe, tokenizer=tokenizer, **now)


def _different(begun: Recipe, asked: Recipe) -> dict[str, str]:
    """Give the fields in which two recipes differ, each with its line; a file may be named from anywhere."""
    here = Path.cwd()
    names = {line.partition(":")[0] for line in differences(with_paths_from(begun, here), with_paths_from(asked, here))}
    lines = {line.partition(":")[0]: line for line in differences(begun, asked)}
    return {name: line for name, line in lines.items() if name in names}


def _is_longer(stored: StoredRecipe, asked: Recipe) -> bool:
    """Say whether a run is asked for with more steps, or passes, than it was begun for."""
    if asked.epochs is not None and stored.asked.epochs is not None:
        return asked.epochs > stored.asked.epochs
    return asked.epochs is None and asked.steps > stored.recipe.steps


def _is_finished(run: Path, recipe: Recipe) -> bool:
    """Say whether a run has the checkpoint of its last step."""
    return (run / CHECKPOINTS / str(recipe.steps)).is_dir()


def require_same_files(run: Path, recipe: Recipe, tokenizer: Path) -> None:
    """Raise UserError where data, dictionary or tokenizer have changed since the run began."""
    at_the_start = read_provenance(run).get("files")
    if not isinstance(at_the_start, dict) or not all(isinstance(file, dict) for file in at_the_start.values()):
        raise UserError(f"{run / PROVENANCE}: malformed: does not describe the files; choose another --out")
    for role, path in _files(recipe, tokenizer):
        if role in at_the_start and sha256(path) != at_the_start[role].get("sha256"):
            raise UserError(
                f"{run}: its {role} {path} has changed since the run began; restore it, or choose another --out"
            )


def require_same_hub(run: Path, hub: Mapping[str, Mapping[str, Any]]) -> None:
    """Raise UserError where the model or the data that came from the hub are not those that the run began with.

    hub: what came from there now.
    """
    at_the_start = read_provenance(run).get(HUB) or {}
    for role in at_the_start if isinstance(at_the_start, dict) else ():
        if changed := hub_changes(at_the_start[role], hub.get(role, {})):
            raise UserError(
                f"{run}: its {role} from the hub has changed since the run began ({changed}); choose another --out"
            )


def require_same_prompt(run: Path, prompt: Prompt) -> None:
    """Raise UserError where the chat template is not the one that the run began with. prompt: what it is now."""
    at_the_start, now = read_provenance(run).get(PROMPT), describe_prompt(prompt)
    if isinstance(at_the_start, dict) and at_the_start.get("sha256") != now.get("sha256"):
        raise UserError(
            f"{run}: its prompt ({now.get('file', 'alpaca')}) has changed since the run began; restore it, or choose "
            "another --out"
        )


def hub_changes(before: Any, now: Mapping[str, Any]) -> str:
    """Write what is different in two descriptions of what came from the hub; a commit may be unknown in either."""
    pairs = [(name, value, now.get(name)) for name, value in before.items()] if isinstance(before, dict) else []
    different = [pair for pair in pairs if pair[1] != pair[2] and not (now and pair[0] == "commit" and None in pair)]
    return ", ".join(f"{name}: {shown(value)} -> {shown(other)}" for name, value, other in different)


def file_hashes(recipe: Recipe, tokenizer: Path) -> dict[str, str]:
    """Give the SHA-256 of each file that a run reads, by what it is."""
    return {role: sha256(path) for role, path in _files(recipe, tokenizer)}


def _files(recipe: Recipe, tokenizer: Path) -> Iterator[tuple[str, Path]]:
    for role, path in [*files_of(recipe), ("tokenizer", tokenizer)]:
        if path.is_file():
            yield role, path
