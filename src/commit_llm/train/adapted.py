"""A run that trains an adapter: what its recipe asks for, and the base that its checkpoints belong to."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from commit_llm.convert.peft_names import module_names, saved_of, targets_of
from commit_llm.errors import UserError, shown
from commit_llm.model.adapter import FROZEN_DTYPE, Adapter, declare_adapter
from commit_llm.model.config import ModelConfig
from commit_llm.model.parameters import count_declared, count_parameters
from commit_llm.recipes import Recipe, load_recipe
from commit_llm.runs.run import BASE, CHECKPOINTS, CONFIG, PROVENANCE, read_provenance
from commit_llm.train.model_source import FoundModel, ModelSource, find_model
from commit_llm.train.weights_identity import changed_weights, digests, kept_weights


def adapter_of(recipe: Recipe) -> Adapter | None:
    """Give the adapter that a recipe trains; None where it trains the whole model.

    Raises UserError for a module that there is not.
    """
    if recipe.lora_r is None:
        return None
    targets, saved = targets_of(recipe.lora_target_modules), saved_of(recipe.saved_modules)
    return Adapter(recipe.lora_r, recipe.alpha, targets, saved)


def describe_adapter(adapter: Adapter, config: ModelConfig, recipe: Recipe) -> str:
    """Say in a line for the user what is trained, and how fast."""
    trained, whole = count_declared(declare_adapter(config, adapter)), count_parameters(config)
    saved = f", and {' and '.join(module_names(adapter.saved))} whole" if adapter.saved else ""
    usual = replace(recipe, learning_rate=None).peak_learning_rate
    unusual = f", that of full fine-tuning; {usual:g} is usual here" if recipe.learns_as_if_full else ""
    return (
        f"LoRA: rank {adapter.rank}, alpha {adapter.alpha:g}, on {', '.join(module_names(adapter.targets))}{saved}; "
        f"{trained / 1e6:.3g} M numbers are trained, with {whole / 1e6:.4g} M frozen in "
        f"{FROZEN_DTYPE.__name__}; learning rate {recipe.peak_learning_rate:g}{unusual}"
    )


def adapter_of_run(run: Path) -> Adapter | None:
    """Give the adapter that a run trains; None where it trains the whole model."""
    return adapter_of(load_recipe(run / CONFIG))


def describe_base(source: ModelSource) -> dict[str, Any]:
    """Give what provenance.json keeps of where a base is: the whole path of a folder, or an id and its commit."""
    if source.commit is not None:
        return {"model": source.name, "revision": source.commit}
    return {"model": str(Path(source.name).absolute()), "revision": None}


@contextmanager
def naming_base(run: Path) -> Iterator[None]:
    """Add to the error of a base that cannot be opened which weights a run's adapter was trained beside."""
    try:
        yield
    except UserError as error:
        raise UserError(
            f"{run}: the base of its adapter cannot be opened ({error}); put the model with these weights back "
            f"(SHA-256: {digests(kept_weights(run)[1] or {})})"
        ) from None


def open_base(run: Path) -> tuple[FoundModel, int | None]:
    """Find the base of a run that trains an adapter, and give the step where that is a run itself.

    Raises UserError, which names the base and its hashes, where it is no longer there or has other weights.
    """
    base = read_provenance(run).get(BASE)
    name, revision = (base.get("model"), base.get("revision")) if isinstance(base, dict) else (None, None)
    step, hashes = kept_weights(run)
    if not isinstance(name, str) or not isinstance(revision, str | None) or not hashes:
        raise UserError(f"{run / PROVENANCE}: malformed: does not name the base of its adapter; restore the file")
    with naming_base(run):
        source = find_model(name, revision)
        if source.run is not None and step is not None and not (source.run / CHECKPOINTS / str(step)).is_dir():
            raise UserError(
                f"{source.run}: its checkpoint of step {step} is gone: a run keeps its newest (--keep-checkpoints); "
                "put it back"
            )
        file = changed_weights(source, step, hashes)
    if file:
        raise UserError(
            f"{run}: the base of its adapter, {shown(name)}, has other weights than in the adapter's training "
            f"({file} has changed; SHA-256 then: {digests(hashes)}); put the former ones back"
        )
    return source, step
