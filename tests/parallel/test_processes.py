"""What processes give one another: values of their own types, and mistakes; here with threads in their place."""

import threading
import time
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor

import pytest
from jax.errors import JaxRuntimeError

from commit_llm.errors import SettingError, SettingName, UserError
from commit_llm.parallel import processes
from commit_llm.parallel.processes import ElsewhereError, from_all, from_first, joined, require_same, together


class Store:
    """jax's store of keys, in this process."""

    def __init__(self):
        self.values, self.started = {}, time.monotonic()

    def key_value_set_bytes(self, key, value):
        assert key not in self.values
        self.values[key] = value

    def key_value_set(self, key, value, allow_overwrite):
        self.values[key] = value

    def key_value_dir_get(self, folder):
        return [(key, value) for key, value in list(self.values.items()) if key.startswith(folder)]

    def blocking_key_value_get_bytes(self, key, timeout_ms):
        """A second is ten milliseconds here; who has asked for ten seconds in all waits for nothing."""
        deadline = time.monotonic() + timeout_ms / 100_000
        while key not in self.values:
            assert time.monotonic() < self.started + 60, key
            if time.monotonic() > deadline:
                raise JaxRuntimeError(f"DEADLINE_EXCEEDED: {key}")
            time.sleep(0.001)
        return self.values[key]


@pytest.fixture
def in_each(monkeypatch):
    """Call a function of the process's number in each of three, and give what comes of it, errors too."""
    this, store = threading.local(), Store()

    def next_key(name):
        this.exchanges[name] += 1
        return f"{name}/{this.exchanges[name]}"

    monkeypatch.setattr(processes, "_store", lambda: store)
    monkeypatch.setattr(processes, "_next_key", next_key)
    monkeypatch.setattr(processes, "count", lambda: 3)
    monkeypatch.setattr(processes, "index", lambda: this.index)

    def call(work):
        store.started = time.monotonic()

        def process(index):
            this.index, this.exchanges = index, defaultdict(int)
            try:
                return work(index)
            except UserError as error:
                return error

        with ThreadPoolExecutor(3) as pool:
            return list(pool.map(process, range(3)))

    return call


VALUES = [True, 7, None, "el-εν \udce9", ["", "a\nb"], {"step": 3, "of": [0.1, None]}]


@pytest.mark.parametrize("value", VALUES, ids=repr)
def test_a_value_comes_with_its_type(in_each, value):
    assert in_each(lambda process: from_first("value", value if process == 0 else process)) == [value] * 3
    everyone = in_each(lambda process: from_all("values", value if process == 1 else None))
    assert everyone == [[None, value, None]] * 3
    assert all(type(values[1]) is type(value) for values in everyone)


def test_exchanges_of_one_name_follow_one_another(in_each):
    assert (
        in_each(lambda process: [from_all("step", process + 10 * turn) for turn in range(2)])
        == [[[0, 1, 2], [10, 11, 12]]] * 3
    )


def test_the_first_mistake_ends_all(in_each):
    def work(process):
        with together("section"):
            if process:
                raise UserError(f"file {process}: not there")

    first, second, third = in_each(work)
    assert [str(error) for error in (first, second, third)] == [
        "process 1: file 1: not there", "file 1: not there", "process 1: file 1: not there",
    ]  # fmt: skip
    assert [type(error) for error in (first, second, third)] == [ElsewhereError, UserError, ElsewhereError]


@pytest.mark.parametrize(
    ("error", "message"), [(UserError("own: a mistake"), "own: a mistake"), (ValueError("a"), "ended with ValueError")]
)
def test_who_fails_outside_a_section_lets_those_know_who_wait_for_it(in_each, error, message):
    """Where it said nothing, the others would wait for ever; where they passed it on, the last word would be theirs."""

    def work(process):
        try:
            with joined():
                if process == 1:
                    raise error
                from_all("step", process)
        except ValueError as own:
            return own

    first, failed, third = in_each(work)
    assert failed is error
    assert [(type(other), str(other)) for other in (first, third)] == [(ElsewhereError, f"process 1: {message}")] * 2
    assert processes._store().key_value_dir_get(processes.FAILED) == [(f"{processes.FAILED}1", message)]


def test_another_process_names_a_setting_by_its_flag(in_each):
    def work(process):
        with together("section"):
            if process == 2:
                raise SettingError(SettingName("unmixed_share"), " 2: a share is between 0 and 1")

    first, _, third = in_each(work)
    assert str(first) == "process 2: --unmixed-share 2: a share is between 0 and 1"
    assert third.for_command() == "--unmixed-share 2: a share is between 0 and 1"


def test_all_say_which_process_has_other_values(in_each):
    def work(process):
        require_same("recipe", {"seed": 0, "fields": ("a", "b")} | ({"seed": 5} if process == 2 else {}), "mend it")

    assert {str(error) for error in in_each(work)} == {
        "process 2 of 3 has another recipe than process 0 (seed: 0 -> 5); mend it"
    }
    assert in_each(lambda process: require_same("again", {"fields": ("a", "b")}, "mend it")) == [None] * 3


def test_one_process_asks_nobody():
    value = object()
    assert from_first("value", value) is value
    assert from_all("value", value) == [value]
    require_same("numbers", {"number": float("nan")}, "mend it")
    with pytest.raises(UserError, match="own"), together("section"):
        raise UserError("own")
