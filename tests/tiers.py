"""Say at the end of a test run what its tier left out: how many tests of which tier, and the command that runs them.

Also order and name the tests, so that every worker collects the same ones.

A pytest plugin, loaded by tests/conftest.py. A test without a mark is quick.
"""

import os
import time
from collections import Counter
from importlib.metadata import version

import pytest

COMMANDS = {
    "slow": "python -m pytest -m slow",
    "parity": "python -m pytest -m parity      (extra parity)",
    "long": "python -m pytest -m long        (docs/testing.md)",
}
# Files that take a minute or more: begun first, so that no worker is left alone with one at the end. Those of several
# processes, which wait for each other, come when .ci/run has nothing beside them any more.
LONGEST_FILES = (
    "tests/codemix/test_promises.py",
    "tests/parity/test_transformers.py",
    "tests/train/test_golden_training.py",
    "tests/test_documented_commands.py",
    "tests/test_chain.py",
    "tests/parity/test_gradients.py",
    "tests/train/test_loop.py",
    "tests/train/test_processes.py",
    "tests/train/test_mesh.py",
    "tests/evaluate/test_mesh.py",
    "tests/train/plan/test_compilation.py",
    "tests/train/test_adapted.py",
    "tests/study/test_conduct.py",
    "tests/parity/test_evaluation.py",
)
WHOLE_TIER = 1000  # tests, at least, of the quick tier; fewer are a part of it
# A small training step compiles in 1.1 s instead of 7 (jaxlib 0.10.2), and takes three times as long.
FAST_COMPILATION = {"JAX_DISABLE_MOST_OPTIMIZATIONS": "1"}
if version("jaxlib").startswith("0.10."):  # 0.12 has no such flag, and ends at flags that it does not know
    FAST_COMPILATION["XLA_FLAGS"] = "--xla_cpu_use_fusion_emitters=false"
LEFT_OUT = pytest.StashKey[Counter]()
SHARED = pytest.StashKey[Counter]()


def in_long_tier(*values: object) -> list[object]:
    """Give values of `pytest.mark.parametrize` whose tests are in the long tier; CI runs those beside them, if any.

    values: of one parameter, or plain tuples, each of several parameters.
    """
    several = (value if type(value) is tuple else (value,) for value in values)
    return [pytest.param(*each, marks=pytest.mark.long) for each in several]


def tier_of(item: pytest.Item) -> str:
    """Give the tier that a test is in; long before parity before slow, where it has several marks."""
    return next((tier for tier in ("long", "parity", "slow") if item.get_closest_marker(tier)), "quick")


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("long tier")
    today = int(time.time()) // 86400
    group.addoption("--long-seed", type=int, default=today, help="what the long tests draw from (default: of the day)")
    group.addoption("--long-minutes", type=float, default=5, help="how long each drawing test goes on (default: 5)")
    group.addoption("--faults", type=int, default=200, help="how many faults tests/faults draws (default: 200)")


def pytest_configure(config: pytest.Config) -> None:
    """Prepare the counts; let XLA compile fast rather than well where programs run once."""
    asked = config.option.markexpr
    if "not slow" in asked or "not optimised" in asked:
        for name, value in FAST_COMPILATION.items():
            os.environ.setdefault(name, value)  # also of the programs that tests start
    config.stash[LEFT_OUT] = Counter()
    config.stash[SHARED] = Counter()
    config.pluginmanager.register(FromWorkers(config))


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Leave a long test to its own tier, whatever other marks it has; put the tests of the longest files first.

    `--no-loadscope-reorder` keeps them there.
    """
    asked = config.option.markexpr
    long = [item for item in items if asked and "long" not in asked and tier_of(item) == "long"]
    if long:
        config.hook.pytest_deselected(items=long)
        items[:] = [item for item in items if tier_of(item) != "long"]
    rank = {name: number for number, name in enumerate(LONGEST_FILES)}
    items.sort(key=lambda item: rank.get(item.location[0], len(rank)))


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name bytes by their parameter: a packed file holds the time, and workers must collect the same names."""
    return argname if isinstance(val, bytes) else None


def pytest_deselected(items: list[pytest.Item]) -> None:
    if items:
        items[0].config.stash[LEFT_OUT].update(map(tier_of, items))


def pytest_collection_finish(session: pytest.Session) -> None:
    """Count the selected tests, and those that read the reference material."""
    counts = session.config.stash[SHARED]
    counts["all"] = len(session.items)
    counts["shared"] = sum("shared" in getattr(item, "fixturenames", ()) for item in session.items)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Hand a worker's counts to the process that started it; every worker collects the same tests."""
    if hasattr(session.config, "workeroutput"):
        session.config.workeroutput |= {
            "left_out": dict(session.config.stash[LEFT_OUT]),
            "shared": dict(session.config.stash[SHARED]),
        }


class FromWorkers:
    """Take the counts of pytest-xdist's workers."""

    def __init__(self, config: pytest.Config) -> None:
        self.config = config

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        output = getattr(node, "workeroutput", {})  # a worker that crashed has none
        if "left_out" in output:
            self.config.stash[LEFT_OUT] = Counter(output["left_out"])
            self.config.stash[SHARED] = Counter(output["shared"])


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Give the number of processes of `-n auto`: every one imports jax anew, so that eight are enough."""
    return min(8, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """Print what was left out."""
    left_out, shared = config.stash[LEFT_OUT], config.stash[SHARED]
    tiers = [tier for tier in COMMANDS if left_out[tier]]
    if tiers:
        terminalreporter.section("left out")
    for tier in tiers:
        terminalreporter.line(f"{left_out[tier]:5} {tier:<7} {COMMANDS[tier]}")
    if shared["all"] >= WHOLE_TIER:
        terminalreporter.line(f"{shared['shared']} of {shared['all']} tests read the reference material (../shared)")
