"""Write the README's table of families from what the parity tests say of each variant.

python -m tests.parity.families_table
"""

import subprocess
import sys
import tempfile
from collections import defaultdict
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree

import jax.numpy as jnp

from commit_llm.model.attention_choice import choose_attention
from commit_llm.model.config import ModelConfig
from commit_llm.model.families.config_json import config_from_settings
from commit_llm.model.families.family import FAMILIES
from commit_llm.parallel.device_memory import bytes_of_kind
from commit_llm.parallel.topologies import KINDS, AbsentDevice, DeviceKind
from commit_llm.recipes import RECIPES
from commit_llm.train.plan.estimate import estimate_memory
from tests.conftest import ROOT
from tests.parity.families import CASES, MODELS
from tests.parity.published_sizes import SIZES_OF_MODELS

README = ROOT / "README.md"
BEGIN, END = "<!-- families: python -m tests.parity.families_table -->\n", "<!-- end of families -->\n"
# What a column says, and the tests that say it of a variant.
COLUMNS = {
    "read": (
        "test_published.py::test_the_configuration_of_a_variant", "test_forms.py::test_the_old_form_is_the_same_model",
    ),
    "trained": ("test_transformers.py::test_logits_also_of_packed_rows", "test_gradients.py::test_gradients_of_a_step"),
    "generates": ("test_transformers.py::test_greedy_text",),
    "exported": ("test_exports.py::test_tensors_and_configuration_go_through",),
}  # fmt: skip
CARDS = {"h100": "H100", "v5p": "v5p", "v5e": "v5e"}
WRONG = ("failure", "error", "skipped")
SEQ_LEN = 2048
COUNTS = (1, 2, 4, 8, 16, 32, 64)  # of cards

# The tests that failed, or were not run, of each variant.
Failures = dict[str, set[str]]


def run_tests() -> Failures:
    """Run the tests of all columns, and give those that a variant does not pass."""
    files = sorted({f"tests/parity/{test.partition('::')[0]}" for tests in COLUMNS.values() for test in tests})
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        command = [sys.executable, "-m", "pytest", "-q", "-m", "parity", f"--junit-xml={report}", *files]
        subprocess.run(command, cwd=ROOT, check=False)
        return failures_of(report.read_text(encoding="utf-8"))


def failures_of(report: str) -> Failures:
    """Read a report of pytest: a test of a variant counts as passed where it was run, and nothing went wrong."""
    passed: Failures = defaultdict(set)
    others: Failures = defaultdict(set)
    for entry in ElementTree.fromstring(report).iter("testcase"):
        name, _, parameters = entry.attrib["name"].partition("[")
        for case in set(parameters.removesuffix("]").split("-")) & set(CASES):
            test = f"{entry.attrib['classname'].rpartition('.')[2]}.py::{name}"
            (others if any(child.tag in WRONG for child in entry) else passed)[case].add(test)
    tests = {test for column in COLUMNS.values() for test in column}
    return {case: (tests - passed[case]) | others[case] & tests for case in CASES}


def table(failures: Failures) -> str:
    """Write the table: a row for each family."""
    cards = ", ".join(f"{name} ({KINDS[card].memory:.0f} GiB)" for card, name in CARDS.items())
    lines = [
        f"| models | {' | '.join(COLUMNS)} | fast attention: TPU v5p, H100 | devices that train it: {cards} |",
        f"| --- |{' --- |' * (len(COLUMNS) + 2)}",
    ]
    for model_type in FAMILIES:
        cases = [case for case, settings in CASES.items() if settings["model_type"] == model_type]
        failed = {test for case in cases for test in failures[case]}
        cells = ["no" if failed & set(tests) else "yes" for tests in COLUMNS.values()]
        of_family = {name: size for name, size in SIZES_OF_MODELS.items() if size["model_type"] == model_type}
        sizes = {name: config_from_settings(size) for name, size in of_family.items()}
        fast = {", ".join(fast_attention(config, KINDS[card]) for card in ("v5p", "h100")) for config in sizes.values()}
        needed = [
            f"{name} {', '.join(str(cards_for(config, KINDS[card])) for card in CARDS)}"
            for name, config in sizes.items()
        ]
        row = [MODELS[model_type], *cells, "; ".join(sorted(fast)), "; ".join(needed)]
        lines.append(f"| {' | '.join(row)} |")
    return "\n".join(lines) + "\n"


def fast_attention(config: ModelConfig, kind: DeviceKind) -> str:
    """Say which attention a model has on a device in bf16."""
    device = AbsentDevice(0, kind.platform, kind.jax_names[0], kind.capability)
    return choose_attention(config, device, dtype=jnp.bfloat16, seq_len=SEQ_LEN).path


def cards_for(config: ModelConfig, kind: DeviceKind) -> int:
    """Give how many devices hold a training with a row on each: whose arithmetic is that of `plan`."""
    scores = fast_attention(config, kind) == "reference"
    for count in COUNTS:
        recipe = replace(RECIPES["commit"][1], seq_len=SEQ_LEN, batch_size=count)
        memory = estimate_memory(recipe, config, {"data": 1, "fsdp": count, "tensor": 1}, 2, scores=scores)
        if memory.needed <= bytes_of_kind(kind, {}):
            return count
    raise ValueError(f"{config} fits no {COUNTS[-1]} devices")


def with_table(text: str, made: str) -> str:
    """Put the table between the marks of a text."""
    before, _, rest = text.partition(BEGIN)
    _, _, after = rest.partition(END)
    return f"{before}{BEGIN}{made}{END}{after}"


def main() -> None:
    """Write the table into the README."""
    README.write_text(with_table(README.read_text(encoding="utf-8"), table(run_tests())), encoding="utf-8")


if __name__ == "__main__":
    main()
