"""Data sets of the hub: of which commit they are, and whether they are those that were asked for."""

import sys
from types import SimpleNamespace

import pytest

from commit_llm.errors import UserError
from commit_llm.files.hub_data import HubRecords, load_hub

NOW, BEFORE = "0123456789" * 4, "abcdef0123" * 4
ROWS = [{"text": f"{n}", "n": n, "picture": object()} for n in range(3)]


class Dataset(list):
    """What `datasets` gives, as far as we look at it."""

    def __init__(self, rows, commit, fetched=True):
        super().__init__(rows)
        address = f"hf://datasets/someone/texts@{commit}/train.jsonl"
        self.info = SimpleNamespace(download_checksums={address: {}} if fetched else None)
        self.cache_files = [] if fetched else [{"filename": f"/cache/default/0.0.0/{commit}/texts-train.arrow"}]


@pytest.fixture
def hub(monkeypatch):
    """Puts a data set on the hub; gives what it was asked for."""
    asked = []

    def call(dataset, offline=False):
        def load_dataset(name, config, split, revision):
            asked.append((name, config, split, revision))
            return dataset

        monkeypatch.setitem(sys.modules, "datasets", SimpleNamespace(load_dataset=load_dataset))
        monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", offline)
        return asked

    return call


@pytest.mark.parametrize("fetched", [True, False])
def test_the_commit_is_known(hub, fetched):
    asked = hub(Dataset(ROWS, NOW, fetched))
    assert load_hub("someone/texts", None, "train").commit == NOW
    assert load_hub("someone/texts", "el", "test", NOW).commit == NOW
    assert asked == [("someone/texts", None, "train", None), ("someone/texts", "el", "test", NOW)]


def test_what_is_here_without_a_network_may_be_another_one(hub):
    """`datasets` takes whichever it has, without a word."""
    hub(Dataset(ROWS, NOW))
    with pytest.raises(UserError, match=f"revision {BEFORE} was asked for, and this machine has commit {NOW}"):
        load_hub("someone/texts", None, "train", BEFORE)
    assert load_hub("someone/texts", None, "train", "v1").commit == NOW
    hub(Dataset(ROWS, NOW), offline=True)
    with pytest.raises(UserError, match="revision v1 was asked for"):
        load_hub("someone/texts", None, "train", "v1")
    assert load_hub("someone/texts", None, "train", "main").commit == NOW


def test_data_are_described(hub):
    records = HubRecords(ROWS, NOW)
    described = records.describe()
    assert (described["commit"], described["records"]) == (NOW, 3)
    other = [*ROWS[:2], ROWS[2] | {"picture": object()}]  # what is not a text or number does not count
    assert HubRecords(other, NOW).describe() == described
    for changed in ([*ROWS[:2], ROWS[2] | {"text": "3"}], ROWS[:2], [ROWS[1], ROWS[0], ROWS[2]]):
        assert HubRecords(changed, NOW).describe()["fingerprint"] != described["fingerprint"]
    assert list(records) == ROWS
    assert records[1] == ROWS[1]


@pytest.mark.slow
def test_a_data_set_in_the_cache_of_this_machine(tmp_path, monkeypatch):
    """Laid out as `datasets` lays it out, and opened by itself without a network."""
    import datasets

    folder = tmp_path / "someone___texts" / "default" / "0.0.0" / NOW
    rows = datasets.Dataset.from_list([{"text": "one"}, {"text": "two"}])
    rows.save_to_disk(tmp_path / "saved")
    folder.mkdir(parents=True)
    (tmp_path / "saved" / "data-00000-of-00001.arrow").rename(folder / "texts-train.arrow")
    splits = datasets.SplitDict()
    splits.add(datasets.SplitInfo("train", num_examples=2, dataset_name="texts"))
    info = datasets.DatasetInfo(
        features=rows.features, splits=splits, dataset_name="texts", config_name="default", version="0.0.0"
    )
    info.write_to_directory(str(folder))
    monkeypatch.setattr("datasets.config.HF_DATASETS_CACHE", tmp_path)
    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", True)
    records = load_hub("someone/texts", None, "train")
    assert (records.commit, list(records)) == (NOW, [{"text": "one"}, {"text": "two"}])
    assert load_hub("someone/texts", None, "train", NOW).commit == NOW
    with pytest.raises(UserError, match=f"revision {BEFORE} was asked for"):
        load_hub("someone/texts", None, "train", BEFORE)
