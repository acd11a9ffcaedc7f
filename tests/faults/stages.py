"""The stages of COMMIT's chain as a table: what is asked, what a fault may hit, and what must be as undisturbed."""

import hashlib
import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

from tests.faults.named_files import PROMPTS, STREAMING

# Of a run that goes on: no checksum says what stood in them.
LOGS = ("run/metrics.jsonl", "run/timing.jsonl", "run/held_out.jsonl")
SIZE = ["--warmup-steps", 1, "--batch-size", 2, "--seq-len", 128, "--log-every", 1, "--checkpoint-every", 2]
STUDY = """
model: {model}
languages: [el]
data: instructions.jsonl
dictionary: en-LANG.txt
data_dir: .
tasks: [xquad_instruct_LANG]
limit: 4
equal: {{examples: 8}}
fields: {{batch_size: 2, seq_len: 128, warmup_steps: 1, checkpoint_every: 2}}
arms:
  untuned: []
  commit: commit
"""


class Stage(NamedTuple):
    """Describe a stage.

    words: the command, but for `--out OUT`.
    out: the name of its output in a folder.
    final: the file in the folder that says that all is done.
    results: gives what must be as in an undisturbed run, of the folder.
    own: patterns of what it has written, in the folder, that a fault may hit.
    reads: folders and patterns of what it reads: what a user names, and what earlier stages have written.
    after: the stage whose output it works on.
    prepare: what is done behind that stage.
    moments: the part of the folder whose operations are counted.
    out_is_folder: whether `--out` names the folder itself.
    """

    words: list
    out: str
    final: str
    results: Callable[[Path], Any]
    own: tuple[str, ...] = ()
    reads: tuple[tuple[Path, str], ...] = ()
    after: str = ""
    prepare: Callable[[], object] = lambda: None
    moments: str = ""
    out_is_folder: bool = False

    def asked(self, folder: Path, out: str = "") -> list:
        """Give the whole command for a folder."""
        return [*self.words, "--out", folder if self.out_is_folder else folder / (out or self.out)]

    def is_done(self, folder: Path) -> bool:
        """Say whether the stage says that it is done."""
        return (folder / self.final).is_file()


# What a kill just after an output took its name leaves beside it, until the next start.
LEFT_BESIDE = re.compile(r"\.partial-|(/|\.)unfinished/")


def hashes_of(folder: Path, without: str = "") -> dict[str, str]:
    """Give the hash of each file in a folder, but for those whose name matches, and what a kill left beside outputs."""
    return {
        path.relative_to(folder).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and not LEFT_BESIDE.search(path.as_posix()) and not re.fullmatch(without, path.name)
    }


def _fetched(folder: Path) -> Any:
    record = json.loads((folder / "en-el.txt.provenance.json").read_text(encoding="utf-8"))
    return hashes_of(folder, r".*provenance\.json"), record | {"fetched": "some day"}


def _mixed(folder: Path) -> Any:
    provenance = json.loads((folder / "out.jsonl.provenance.json").read_text(encoding="utf-8"))
    return hashes_of(folder, r"out\.jsonl\.provenance\.json"), provenance["counts"], provenance["output"]["rows"]


def _studied(folder: Path) -> Any:
    rows = hashes_of(folder / "out" / "finished", r"trial\.json")
    return rows, (folder / "out" / "study.md").read_text(encoding="utf-8")


def _chained(folder: Path) -> Any:
    weights = (folder / "out" / "model" / "model.safetensors").read_bytes()
    scores = hashes_of(folder / "out" / "eval")
    return hashlib.sha256(weights).hexdigest(), scores, (folder / "out" / "run" / "metrics.jsonl").read_bytes()


def _tried(folder: Path) -> Any:
    arms = json.loads((folder / "out" / "quickstart.json").read_text(encoding="utf-8"))["arms"]
    runs = {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.glob("out/*/run/metrics.jsonl")}
    return arms, runs, hashes_of(folder / "out" / "example")


CHECKPOINTS, UNFINISHED = "checkpoints/**/*", "unfinished/*"


def stages(world: Path, made: Path, url: str, weights: Callable[[Path], Any]) -> dict[str, Stage]:
    """Give the stages by name.

    world: the quickstart's files, made small, with a model to start from and one that grows.
    made: where the undisturbed output of each stage stands, in a folder of its name.
    url: where a dictionary can be fetched.
    weights: gives those of a run, and its metrics.
    """
    dictionary = ["--dictionary", world / "en-el.txt"]
    data = ["--model", world / "model", "--data", world / "instructions.jsonl", *dictionary]
    training = ["commit", *data, *SIZE, "--steps", 6, "--from-scratch"]
    asking = ["--tasks", "xquad_instruct_el", "--data-dir", world, "--limit", 6]
    run, model, evaluation = made / "train" / "run", made / "export" / "model", made / "eval" / "eval"
    another = made / "eval" / "another"
    growing = tuple((world, f"growing/{name}") for name in ("*.safetensors", "tokenizer.json", "config.json"))
    named = tuple((world, name) for name in ("instructions.jsonl", "en-el.txt"))
    begun = tuple((world, f"model/{name}") for name in ("config.json", "tokenizer.json"))
    questions = (world, "xquad.el.json")
    done = tuple(
        (made / "train", f"run/{name}")
        for name in (
            "checkpoints/6/**/*",
            "config.yaml",
            "provenance.json",
            "model/config.json",
            "model/tokenizer.json",
        )
    )
    exported = tuple((made / "export", f"model/{name}") for name in ("*.safetensors", "config.json", "tokenizer.json"))
    train = Stage(
        ["train", *training], "run", "run/checkpoints/6/manifest.json", lambda folder: weights(folder / "run"),
        (f"run/{CHECKPOINTS}", *LOGS), (*named, *begun),
    )  # fmt: skip
    return {
        "fetch": Stage(
            ["dictionary", "fetch", "en-el", "--url", url], "en-el.txt", "en-el.txt", _fetched,
            (".en-el.txt.partial*", "en-el.txt*"), out_is_folder=True,
        ),
        "quickstart": Stage(["quickstart"], "out", "out/comparison/comparison.json", _tried, ("out/**/*",)),
        "mix": Stage(["mix", world / "instructions.jsonl", *dictionary], "out.jsonl", "out.jsonl", _mixed,
                     (".out.jsonl.unfinished/*",), named),
        "train": train,
        "checkpoint": train._replace(moments="run/checkpoints", own=(f"run/{CHECKPOINTS}",)),
        "export": Stage(["export", run], "model", "model/config.json", hashes_of, (".*.partial-*/**/*",), done,
                        "train"),
        "eval": Stage(["eval", model, *asking, "--batch-size", 1], "eval", "eval/results.json", hashes_of,
                      (f"eval/{UNFINISHED}",), (*exported, questions), "export"),
        "generate": Stage(
            ["generate", model, "--prompts", world / PROMPTS, "--batch-size", 1, "--max-new-tokens", 8], "out.jsonl",
            "out.jsonl", hashes_of, (".out.jsonl.unfinished/*",), (*exported, (world, PROMPTS)), "export",
        ),
        "compare": Stage(
            ["compare", f"one={evaluation}", f"two={another}"], "out", "out/comparison.json", hashes_of,
            (".*.partial-*/**/*",), ((made / "eval", "*/*.json*"),), "eval",
            prepare=lambda: shutil.copytree(evaluation, another),
        ),
        "study": Stage(
            ["study", world / "study.yaml", "--root", world], "out", "out/study.md", _studied,
            (f"out/arms/**/{CHECKPOINTS}", f"out/arms/**/{UNFINISHED}", "out/finished/**/*"),
            (*exported, *named, questions, (world, "study.yaml")), "export",
        ),
        "import": Stage(
            ["import", world / STREAMING, "--config", world / "model" / "config.json",
             "--tokenizer", world / "model" / "tokenizer.json"], "out", "out/config.json", hashes_of,
            (".*.partial-*/**/*",), ((world, STREAMING), *begun),
        ),
        "extend": Stage(
            ["tokenizer", "extend", world / "growing", "--text", world / "el.txt", "--size", 20], "out",
            "out/config.json", hashes_of, (".*.partial-*/**/*",), growing,
        ),
        "run": Stage(
            ["run", *training, *asking], "out", "out/eval/results.json", _chained,
            (f"out/run/{CHECKPOINTS}", "out/model/*.safetensors", f"out/eval/{UNFINISHED}"),
            (*named, *begun, questions),
        ),
    }  # fmt: skip
