"""The one loop: every recipe runs through it, and a run that was stopped goes on in it."""

import dataclasses
import logging
import os
from collections.abc import Mapping
from contextlib import nullcontext
from functools import partial
from pathlib import Path
from typing import NamedTuple

import jax

from commit_llm.convert.config_text import changed_config
from commit_llm.data.loader import training_examples
from commit_llm.data.opened_sources import describe_sources, name_rows
from commit_llm.data.token_growth import TokensAWord, tokens_a_word
from commit_llm.files.lock import locked
from commit_llm.model.description import describe
from commit_llm.model.parameters import Parameters
from commit_llm.parallel.processes import (
    SAME_FILES,
    count,
    entered_by_first,
    from_all,
    from_first,
    is_first,
    require_same,
    seen_by_all,
    together,
)
from commit_llm.parallel.unused_gpu import unused_gpu
from commit_llm.recipes import Recipe, StoredRecipe, dump_recipe, parse_recipe
from commit_llm.runs.history import NOTHING
from commit_llm.runs.run import (
    begun_recipe,
    create_run,
    file_hashes,
    is_run,
    require_same_files,
    require_same_hub,
    require_same_prompt,
)
from commit_llm.train.adapted import adapter_of, describe_adapter, describe_base, naming_base
from commit_llm.train.checkpoint import Checkpoints, restore_newest
from commit_llm.train.common_stop import CommonStop
from commit_llm.train.grown_rows import describe_grown_rows, saving_grown_rows
from commit_llm.train.lineage import begun, history_of
from commit_llm.train.model_source import ModelSource, require_same_model
from commit_llm.train.passes import warn_of_many_passes
from commit_llm.train.plan.out_of_memory import conditions_of, naming_what_fits
from commit_llm.train.plan.remat import most_recomputed
from commit_llm.train.prepare import Training, prepare
from commit_llm.train.recipe_data import (
    FromHub,
    RecipeData,
    from_hub,
    open_recipe_batches,
    open_recipe_model,
    pinned,
    resolve_steps,
)
from commit_llm.train.step import NOTHING_FROZEN
from commit_llm.train.stepping import Stepping, StepReport
from commit_llm.train.stop import Reason, listening
from commit_llm.train.upcoming import go_on_from, shared_examples, upcoming_batches
from commit_llm.train.watch import import_wandb, watching
from commit_llm.train.weights import fresh_params, load_params
from commit_llm.train.weights_identity import (
    WeightsIdentity,
    agree_on_weights,
    require_begun_weights,
)

LOGGER = logging.getLogger("commit_llm")
KEEP_IT = "train it no further, which removes older ones, or export it first and train beside the export"


class TrainingResult(NamedTuple):
    """Say what a call of `train` did.

    first: the step that it went on from, 0 for a new run.
    last: the last step that is taken; the same as first where all was done already.
    left_out: of the examples that came up in the first epoch, those left out as longer than a row.
    seen: the examples that came up in the first epoch.
    longest: rows of so many tokens would have kept those left out.
    tokens_a_word: before and after mixing; where examples are left out of a training that mixes.
    no_example: of the records that came up in the first epoch, those that give no example, by the name of the reason.
    untrained: answers of the conversations that came up in the first epoch which are not trained.
    stopped: why the run is not at its end, if it is not.
    waiting: the share of the time, 0 to 1, that the steps waited for data.
    """

    first: int
    last: int
    left_out: int = 0
    seen: int = 0
    longest: int = 0
    no_example: Mapping[str, int] = {}
    untrained: int = 0
    stopped: Reason | None = None
    waiting: float = 0.0
    tokens_a_word: TokensAWord | None = None


def train(
    recipe: Recipe,
    run: Path,
    report: StepReport = lambda step, steps, logged: None,
    *,
    stop_after_minutes: float | None = None,
    wandb_project: str | None = None,
) -> TrainingResult:
    """Train to the last step, or go on from the run's newest checkpoint, or find that all is done.

    Nothing is written before the model, the data and the recipe have proved usable. On SIGTERM and Ctrl-C, or when
    stop_after_minutes are over, the step under way is finished and saved; before the first step is done, both signals
    end the process at once. Raises UserError for what the user got wrong, and where the loss is no longer a number.
    """
    with listening(stop_after_minutes) as own_stop:
        stop = CommonStop(own_stop)
        recipe = recipe.settled()
        asked, begun = recipe, _find_begun(run, recipe, wandb_project)
        source, data, hub = _open(begun or asked, None if begun is None else run)
        recipe, batches = data.recipe, data.batches
        training = _prepare(recipe, source, asked)
        params = None
        if begun is None:
            data = data._replace(recipe=training.recipe)
            if is_first():
                warn_of_many_passes(data)
            with naming_what_fits(training, source):
                params = _begin(run, training, source, data, hub, asked)
        else:
            _require_unchanged(run, data, source, hub)
        seen_by_all("run directory", lambda: is_run(run), str(run))
        with (
            naming_what_fits(training, source),
            entered_by_first("lock", locked(run, "training")),
            Checkpoints(run, recipe.keep_checkpoints) as checkpoints,
        ):
            restored = restore_newest(checkpoints, training.abstract_state())
            if restored is not None:
                start, state, tokens, position = restored
                if start == recipe.steps:
                    return TrainingResult(start, start, stopped=stop.signalled())
                frozen = NOTHING_FROZEN
                if training.adapter is not None:
                    frozen = training.frozen(_params_again(run, training, source))
                go_on_from(batches, position, run, start)
            else:  # a new run, or one that was killed before its first checkpoint
                start, tokens = 0, 0
                state, frozen = training.place(_params_again(run, training, source) if params is None else params)
            with (
                entered_by_first("logs", watching(run, start, tokens, wandb_project)) as watch,
                upcoming_batches(batches) as upcoming,
            ):
                rows = partial(name_rows, data.makes)
                steps = Stepping(
                    training, frozen, checkpoints, watch, upcoming, data.held_out, report, tokens, start, rows
                )
                last, stopped = steps.run(state, start, stop)
                taken = upcoming.get_state()
        signalled = stop.signalled()  # in the last step: all is saved, but what comes after must not begin
    left_out = taken.get("left_out", 0)
    return TrainingResult(
        start,
        last,
        left_out=left_out,
        seen=min(taken["position"], batches.examples.num_records),
        longest=taken.get("longest", 0),
        no_example=taken.get("no_example", {}),
        untrained=taken.get("untrained", 0),
        stopped=stopped or signalled,
        waiting=upcoming.share(),
        tokens_a_word=(
            tokens_a_word(data.makes, training_examples(data.recipe, *data.makes)) if left_out and is_first() else None
        ),
    )


def _find_begun(run: Path, asked: Recipe, wandb_project: str | None) -> Recipe | None:
    """Give the recipe with which a run goes on, None where it is new; look at nothing yet but recipe and folder."""
    begun = None
    with together("start"):
        asked.check()
        adapter_of(asked)  # raises UserError for a module that there is not
        if is_first():
            if wandb_project is not None:
                import_wandb()
            begun = begun_recipe(run, asked)
    text = from_first("recipe of the run", None if begun is None else dump_recipe(begun))
    require_same("recipe", dataclasses.asdict(asked), SAME_FILES)
    return None if text is None else parse_recipe(text, str(run)).recipe


def _open(recipe: Recipe, begun: Path | None) -> tuple[ModelSource, RecipeData, FromHub]:
    """Open model and data; the data's recipe says what this one leaves open: steps, a ratio, commits, new rows.

    The third value says what came from the hub.

    begun: a run that goes on, whose recipe says it already; None for a new one.
    """
    with together("model and data"):
        with nullcontext() if begun is None or recipe.lora_r is None else naming_base(begun):
            source = open_recipe_model(recipe)
        if begun is None:
            recipe = saving_grown_rows(recipe, source)
        data = open_recipe_batches(recipe, source)
        hub = from_hub(source, data)
        data = data._replace(recipe=pinned(data.recipe, hub))
        files = file_hashes(recipe, source.tokenizer.path) if count() > 1 else {}
    _require_same_start(data.recipe, source, hub, files)
    # A section of its own: all processes make the examples that are counted together.
    with together("steps"), shared_examples(data.batches):
        return source, data._replace(recipe=resolve_steps(data.recipe, data.batches, count=begun is None)), hub


def _require_same_start(recipe: Recipe, source: ModelSource, hub: FromHub, files: dict[str, str]) -> None:
    """Let processes go on only with the same recipe, files and commits; before they make one example together.

    files: the hashes of those that are read here.
    """
    if count() == 1:
        return
    fetched = {f"{role} {name}": value for role, entry in hub.items() for name, value in entry.items()}
    # What stands beside a tokenizer's file decides on its ids too.
    tokens = {"tokenizer with its settings": source.tokenizer.fingerprint(), "stops": list(source.stops)}
    values = dataclasses.asdict(recipe) | files | fetched | dataclasses.asdict(source.config) | tokens
    require_same("recipe", values, SAME_FILES)


def _prepare(recipe: Recipe, source: ModelSource, asked: Recipe) -> Training:
    """Lay training out on the devices, and say what it comes to."""
    with together("devices"):  # a section of its own: where devices are first looked for, processes wait for all
        training = prepare(recipe, source.config)
    remat = most_recomputed(from_all("remat", training.remat.value))
    if remat != training.remat.value:  # another process has less memory
        training = prepare(dataclasses.replace(recipe, remat=remat), source.config)
    if is_first():
        if jax.default_backend() == "cpu" and (hint := unused_gpu(os.environ)):
            LOGGER.warning("%s", hint)
        LOGGER.info("%s", describe(source.config))
        LOGGER.info("%s", training.summary)
        if training.adapter is not None:
            LOGGER.info("%s", describe_adapter(training.adapter, source.config, training.recipe))
        if recipe.modules_to_save != asked.modules_to_save:
            mesh = training.mesh.mesh.shape
            LOGGER.info("%s", describe_grown_rows(training.recipe, conditions_of(training), mesh))
    return training


def _begin(
    run: Path, training: Training, source: ModelSource, data: RecipeData, hub: FromHub, asked: Recipe
) -> Parameters:
    """Make the directory of a new run, once its first parameters are there; give these."""
    weights = None if data.recipe.from_scratch else agree_on_weights(source, hashed=True)
    with together("run directory"):
        params, weights_dtype = _first_params(training, source, weights)
        before = NOTHING if weights is None else history_of(source, weights.step)
        if is_first():
            if training.adapter is not None and source.run is not None:
                LOGGER.warning("%s: the adapter needs its checkpoint from now on; %s", source.name, KEEP_IT)
            history, stored = begun(before, data.documents()), StoredRecipe(data.recipe, asked)
            config = changed_config(source.folder / "config.json", source.config, weights_dtype)
            tokenizer, stops, generation = source.tokenizer, source.stops, source.generation_folder
            kept = None if weights is None else weights.to_json()
            create_run(
                run, stored, config, generation, tokenizer, stops, weights_dtype, data.languages, history, kept, hub,
                describe_sources(data.makes), data.prompt, None if training.adapter is None else describe_base(source),
            )  # fmt: skip
        return params


def _require_unchanged(run: Path, data: RecipeData, source: ModelSource, hub: FromHub) -> None:
    """Raise UserError where a run that is to go on was made with another model, file or data set."""
    with together("run directory"):
        if is_first():
            require_same_model(run, source)
            require_same_files(run, data.recipe, source.tokenizer.path)
            require_same_hub(run, hub)
            require_same_prompt(run, data.prompt)


def _first_params(training: Training, source: ModelSource, weights: WeightsIdentity | None) -> tuple[Parameters, str]:
    """Give the parameters before the first step, and the name of the dtype they came in.

    weights: those that all processes read; None for random ones.
    """
    if weights is None:
        return fresh_params(source.config, training.param_shardings, training.recipe.seed)
    return load_params(source, training.param_shardings, weights.step, training.param_dtype)


def _params_again(run: Path, training: Training, source: ModelSource) -> Parameters:
    """Give the parameters that a run began with, to go on with what of them is frozen, or to begin once more."""
    weights = None if training.recipe.from_scratch else require_begun_weights(run, source)
    with together("parameters"):
        return _first_params(training, source, weights)[0]
