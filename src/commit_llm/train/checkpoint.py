"""Checkpoints: parameters, optimizer and data position in one atomic step, through Orbax."""

import logging
import os
from concurrent.futures import Future, ThreadPoolExecutor
from itertools import count as count_up
from pathlib import Path
from typing import Any, NamedTuple

import jax
import numpy as np
import orbax.checkpoint as ocp

from commit_llm.data.packing.stored_state import LARGEST
from commit_llm.errors import UserError, reason_of, shown
from commit_llm.files.disk import writing
from commit_llm.files.holder import clear
from commit_llm.files.own import refuse_link
from commit_llm.files.whole import require_utf8_name
from commit_llm.parallel.mesh import place
from commit_llm.parallel.processes import barrier, count, from_all, index, is_first, seen_by_all
from commit_llm.recipes import END_OF_COUNTS
from commit_llm.runs.run import CHECKPOINTS
from commit_llm.train.manifest import MANIFEST, damage, has_manifest, write_manifest
from commit_llm.train.split_weights import SplitWeights, halves_like, join_in_place
from commit_llm.train.step import TrainState

# How the parameters are kept, as a checkpoint's progress says under FORMAT; where it says nothing, they are WHOLE.
FORMAT, WHOLE, SPLIT = "format", 1, 2
KNOWN_FORMATS = {WHOLE: "one fp32 array a parameter", SPLIT: "two halves of each, as train/split_weights.py has them"}
UNREADABLE = "unreadable"  # where checkpoints go that cannot be read
SEEN_SECONDS = 120.0  # for which a network file system may keep an answer that a folder is not there

LOGGER = logging.getLogger("commit_llm")


class Checkpoints:
    """Read and write the checkpoints of a run directory, as a context manager: leaving it waits for writes to end.

    keep: how many of the newest stay; None opens them for reading only.

    Raises UserError where one that is to be removed some day is a link, and DiskError where the disk is full.
    """

    def __init__(self, run: Path, keep: int | None = None) -> None:
        for name in ("absl", "asyncio"):  # Orbax tells every write, and both tell the errors of a save besides
            logging.getLogger(name).setLevel(logging.CRITICAL)
        require_utf8_name(run.absolute())
        self.run = run
        writes = keep is not None
        for path in (run / CHECKPOINTS).glob("*") if writes else ():
            refuse_link(path)  # Orbax will remove what is in it; the folder around them may be on another disk
        for path in (run / CHECKPOINTS).glob("*/") if writes and is_first() else ():
            if path.is_dir():
                clear(path / MANIFEST)  # what a kill left as it wrote the manifest
        options = ocp.CheckpointManagerOptions(
            max_to_keep=keep, create=writes, read_only=not writes, cleanup_tmp_directories=writes
        )
        with writing(run):
            self.manager = _opened(run / CHECKPOINTS, options)
        self._after_save = ThreadPoolExecutor(1, thread_name_prefix="manifest")
        self._manifest: Future[None] | None = None

    def __enter__(self) -> "Checkpoints":
        return self

    def __exit__(self, *exc_info: object) -> None:
        try:
            self._wait()
        finally:
            self._after_save.shutdown()
            with writing(self.run):
                self.manager.close()

    def steps(self) -> list[int]:
        """List the steps that have a whole checkpoint, ascending; no run of ours has made a folder of a higher one."""
        return sorted(step for step in self.manager.all_steps() if step < END_OF_COUNTS)

    def folder(self, step: int) -> Path:
        """Give the folder of a checkpoint."""
        return self.run / CHECKPOINTS / str(step)

    def set_aside(self, step: int) -> Path:
        """Move a checkpoint that cannot be read out of the way, so that its step can be saved again; give its place."""
        folder = self.run / UNREADABLE
        refuse_link(folder)
        names = (f"{step}-{number}" if number else str(step) for number in count_up())
        aside = next(folder / name for name in names if not os.path.lexists(folder / name))
        if is_first():
            folder.mkdir(exist_ok=True)
            self.folder(step).rename(aside)
        barrier("set aside")
        self.manager.reload()
        return aside

    def save(self, state: TrainState, progress: dict[str, Any]) -> None:
        """Save the state after its last update; progress is JSON: the data iterator's state, tokens seen.

        It is written, and its manifest after it, while training goes on; the next save waits for both.
        """
        self._wait()
        items = ocp.args.Composite(
            params=ocp.args.StandardSave(state.params),
            optimizer=ocp.args.StandardSave(state.opt_state),
            progress=ocp.args.JsonSave(progress | {FORMAT: SPLIT if isinstance(state.params, SplitWeights) else WHOLE}),
        )
        step = int(state.step)
        with writing(self.run):
            self.manager.save(step, args=items, force=True)
        self._manifest = self._after_save.submit(self._finish, step)

    def check(self) -> None:
        """Raise the error of the last save where it has ended with one; wait for nothing."""
        if self._manifest is not None and self._manifest.done():
            self._wait()

    def _finish(self, step: int) -> None:
        self.manager.wait_until_finished()
        folder = self.folder(step)
        seen_by_all(f"checkpoint {step}", folder.is_dir, str(folder), SEEN_SECONDS)
        write_manifest(folder)

    def _wait(self) -> None:
        """Wait until what is being saved stands; raise what has become of it."""
        if self._manifest is not None:
            manifest, self._manifest = self._manifest, None
            with writing(self.run):
                manifest.result()

    def restore(self, step: int, like: TrainState) -> tuple[TrainState, dict[str, Any]]:
        """Read the state and the progress saved at a step. like: the shapes, dtypes and shardings to restore to."""
        items = ocp.args.Composite(
            params=ocp.args.StandardRestore(like.params),
            optimizer=ocp.args.StandardRestore(like.opt_state),
            progress=ocp.args.JsonRestore(),
        )
        restored = self._read(step, items)
        return like._replace(params=restored["params"], opt_state=restored["optimizer"]), restored["progress"]

    def restore_params(self, step: int | None, like: Any) -> Any:
        """Read the parameters alone, of a step or of the newest one; halves are joined.

        like: their shapes, dtypes and shardings.
        """
        step, progress = self.progress(step)
        self.warn_unchecked(step)
        if self._format(step, progress) == SPLIT:
            joined = join_in_place(self._part(step, params=ocp.args.StandardRestore(halves_like(like))))
            return jax.tree.map(lambda array, leaf: array.astype(leaf.dtype), joined, like)
        return self._part(step, params=ocp.args.StandardRestore(like))

    def progress(self, step: int | None) -> tuple[int, dict[str, Any]]:
        """Read the progress alone of a step, or of the newest one; give the step and the progress."""
        step = self.chosen(step)
        progress = self._part(step, progress=ocp.args.JsonRestore())
        if not isinstance(progress, dict):
            raise UserError(
                f"{self.run}: the checkpoint of step {step} says {shown(progress)} of its progress, which is not a "
                f"JSON object; {self._way_out(step)}"
            )
        return step, progress

    def seen(self, step: int | None) -> tuple[int, int, int]:
        """Give a step, or the newest one, and the examples and tokens seen until then."""
        step, progress = self.progress(step)
        try:
            tokens, data = _figures(progress)
        except ValueError as error:
            raise UserError(
                f"{self.run}: the checkpoint of step {step} cannot be read ({error}); name another with --step"
            ) from None
        return step, data["position"], tokens

    def require_known_format(self, step: int) -> None:
        """Raise UserError for a checkpoint that a newer version has written in a format of its own."""
        self._format(step, self._read(step, ocp.args.Composite(progress=ocp.args.JsonRestore()))["progress"])

    def _format(self, step: int, progress: dict[str, Any]) -> int:
        number = progress.get(FORMAT, WHOLE)
        if type(number) is not int or number not in KNOWN_FORMATS:  # true and 1.0 are equal to 1
            known = ", ".join(map(str, KNOWN_FORMATS))
            raise UserError(
                f"{self.run}: the checkpoint of step {step} has format {shown(number)}, but this version knows "
                f"{known}; use the version of commit-llm that wrote it"
            )
        return number

    def chosen(self, step: int | None) -> int:
        """Give a step that has a checkpoint, by default the newest. Raises UserError where there is none."""
        steps = self.steps()
        if not steps:
            raise UserError(f"{self.run}: this run has no checkpoint yet; train it further with the same command")
        if step is not None and step not in steps:
            raise UserError(f"{self.run}: no checkpoint of step {step}; there is {', '.join(map(str, steps))}")
        return steps[-1] if step is None else step

    def damage(self, step: int) -> str | None:
        """Say what of a checkpoint has changed since it was written, or None. The processes share the work."""
        reasons = from_all("damage", damage(self.folder(step), share=index(), shares=count()))
        return next((reason for reason in reasons if reason is not None), None)

    def warn_unchecked(self, step: int) -> None:
        """Say where a checkpoint has nothing that its files can be compared with."""
        if is_first() and not has_manifest(self.folder(step)):
            LOGGER.warning(
                "%s: the checkpoint of step %d has no manifest (an earlier version wrote it, or a kill came just after "
                "it); its files are used unchecked",
                self.run,
                step,
            )

    def _part(self, step: int, **item: Any) -> Any:
        """Read one of the items of a checkpoint, if its files are as they were written."""
        (name,) = item
        if reason := damage(self.folder(step), item):
            way_out = self._way_out(step)
            raise UserError(f"{self.run}: the checkpoint of step {step} is damaged ({reason}); {way_out}")
        try:
            return self._read(step, ocp.args.Composite(**item))[name]
        except Exception as error:  # whatever a broken file makes of Orbax
            reason, way_out = reason_of(error), self._way_out(step)
            raise UserError(f"{self.run}: the checkpoint of step {step} cannot be read ({reason}); {way_out}") from None

    def _way_out(self, step: int) -> str:
        """Say what to take instead of a checkpoint that cannot be used."""
        others = ", ".join(str(other) for other in self.steps() if other != step)
        if not others:
            return "there is no other; train again with another --out"
        return f"name another with --step ({others}); `train --model` takes an export of it"

    def _read(self, step: int, items: Any) -> Any:
        """Read a checkpoint, each process for itself.

        Orbax makes the processes wait for one another as they read, without end where one of them cannot.
        """
        if count() == 1:
            return self.manager.restore(step, args=items)
        alone = ocp.options.MultiprocessingOptions(
            primary_host=index(), active_processes={index()}, barrier_sync_key_prefix=f"reader{index()}"
        )
        options = ocp.CheckpointManagerOptions(read_only=True, multiprocessing_options=alone)
        with ocp.CheckpointManager((self.run / CHECKPOINTS).absolute(), options=options) as reader:
            return reader.restore(step, args=items)


def _opened(folder: Path, options: ocp.CheckpointManagerOptions) -> ocp.CheckpointManager:
    """Open a folder of checkpoints. Raises UserError where what one says of itself is nothing that Orbax can read."""
    try:
        return ocp.CheckpointManager(folder.absolute(), options=options)
    except OSError:
        raise
    except Exception as error:  # of a _CHECKPOINT_METADATA that is JSON, but not such a one
        raise UserError(
            f"{folder}: the _CHECKPOINT_METADATA of a checkpoint has changed ({reason_of(error)}); move the folder of "
            "that step away"
        ) from None


def _figures(progress: dict[str, Any]) -> tuple[int, dict[str, Any]]:
    """Give the tokens seen and the state of the batches that a progress says. Raises ValueError where it lacks them."""
    tokens, data = progress.get("tokens"), progress.get("data")
    position = data.get("position") if isinstance(data, dict) else None
    if not all(type(count) is int and 0 <= count < LARGEST for count in (tokens, position)):
        raise ValueError("its progress says no number of tokens and of examples")
    return progress["tokens"], progress["data"]


class Restored(NamedTuple):
    """Hold what a checkpoint gives back.

    step: the last one that was taken.
    state: after that step.
    tokens: seen so far, padding left out.
    position: the state of the batches.
    """

    step: int
    state: TrainState
    tokens: int
    position: dict[str, Any]


def restore_newest(checkpoints: Checkpoints, like: TrainState) -> Restored | None:
    """Read the newest checkpoint that is whole and that every process can read; None where there is no checkpoint.

    like: the shapes, dtypes and shardings of the state.

    Newer ones that cannot be read are set aside, never deleted. Raises UserError where none can be read, and for one of
    a format that is not known.
    """
    unreadable: list[tuple[int, str]] = []
    for step in reversed(checkpoints.steps()):
        if reason := checkpoints.damage(step):
            unreadable.append((step, reason))
            continue
        try:
            checkpoints.require_known_format(step)
            state, progress = checkpoints.restore(step, like)
            tokens, position = _figures(progress)
        except UserError:
            raise
        except Exception as error:  # whatever a broken file makes of Orbax
            reason = reason_of(error)
        checkpoints.warn_unchecked(step)
        if reasons := [one for one in from_all("unreadable", reason) if one is not None]:
            unreadable.append((step, reasons[0]))
            continue
        for broken, reason in unreadable:
            aside = checkpoints.set_aside(broken)
            LOGGER.warning("%s: the checkpoint of step %d cannot be read (%s)", checkpoints.run, broken, reason)
            LOGGER.warning("%s: resuming from step %d; the other is kept as %s", checkpoints.run, step, aside)
        placed = place(np.int32(step), like.step.sharding)
        return Restored(step, state._replace(step=placed), tokens, position)
    if unreadable:
        step, reason = unreadable[0]
        raise UserError(
            f"{checkpoints.run}: none of its checkpoints can be read (step {step}: {reason}); nothing was changed; "
            "try again if it may pass, or choose another --out"
        )
    return None
