"""Why the hub gave nothing: one line for each way it refuses, through huggingface_hub and datasets as they are."""

from types import SimpleNamespace

import pytest
from huggingface_hub import errors

from commit_llm.errors import UserError
from commit_llm.files.hub import why_not_given
from commit_llm.files.training_data import load_data
from commit_llm.train.model_source import find_model

LOG_IN = "log in with `hf auth login`"
UNREACHABLE = "the hub cannot be reached"


def answer(kind, status):
    """What huggingface_hub raises for an answer of the server."""
    response = SimpleNamespace(status_code=status, headers={}, request=None)
    return kind(f"{status} Client Error. (Request ID: x)\n\nCannot access it for url x.", response=response)


# What the hub's first answer may be, and what the line about a model says then.
ANSWERS = [
    (answer(errors.GatedRepoError, 401), "it is a gated model; ask for access at https://huggingface.co/a/b, and"),
    (answer(errors.GatedRepoError, 403), "it is a gated model; ask for access at https://huggingface.co/a/b, and"),
    (
        answer(errors.RepositoryNotFoundError, 401),
        "private or gated, or does not exist (401); see https://huggingface.",
    ),
    (answer(errors.HfHubHTTPError, 401), "(401)"),
    (answer(errors.HfHubHTTPError, 403), "private or gated, or does not exist (403); see https://huggingface.co/a/b,"),
    (answer(errors.RepositoryNotFoundError, 404), "there is no such model on the hub (https://huggingface.co/a/b)"),
    (answer(errors.HfHubHTTPError, 503), "the hub answers 503"),
    (errors.OfflineModeIsEnabled("offline"), UNREACHABLE),
]


@pytest.mark.parametrize(
    ("raised", "message"), ANSWERS, ids=[f"{type(a).__name__}-{i}" for i, (a, _) in enumerate(ANSWERS)]
)
def test_a_model_that_the_hub_does_not_give(monkeypatch, tmp_path, raised, message):
    """What snapshot_download makes of an answer: some it raises as they are, others as a missing file of the cache."""

    def repo_info(self, **asked):
        raise raised

    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_CACHE", str(tmp_path))
    monkeypatch.setattr("huggingface_hub.hf_api.HfApi.repo_info", repo_info)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as error:
        find_model("a/b")
    line = str(error.value)
    assert line.startswith("a/b: neither a folder here nor a model fetched from the hub: ")
    assert message in line
    assert (LOG_IN in line) == (getattr(getattr(raised, "response", None), "status_code", 0) in (401, 403))


def test_a_file_of_a_gated_model(monkeypatch, tmp_path):
    """What a gated model says of itself is public; its files are not."""
    raised = answer(errors.GatedRepoError, 403)

    def snapshot_download(name, **asked):
        raise raised

    monkeypatch.setattr("huggingface_hub.snapshot_download", snapshot_download)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"gated model; ask for access at https://huggingface\.co/meta/big, and log in"):
        find_model("meta/big")


def test_names_that_the_hub_does_not_have(monkeypatch, tmp_path):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"^a b\?: neither a folder here nor a model .*: Repo id must"):
        find_model("a b?")


def test_errors_of_any_other_kind():
    assert why_not_given(ValueError("no\nsuch"), "a/b") == "no"
    missing = errors.LocalEntryNotFoundError("Cannot find it\nin the cache")
    assert why_not_given(missing, "a/b").startswith(UNREACHABLE)
    missing.__cause__ = answer(errors.HfHubHTTPError, 500)
    assert why_not_given(missing, "a/b").startswith("the hub answers 500")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("raised", "message"),
    [
        (answer(errors.GatedRepoError, 401), f"it is a gated data set; ask for access at {{page}}, and {LOG_IN}"),
        (answer(errors.GatedRepoError, 403), f"it is a gated data set; ask for access at {{page}}, and {LOG_IN}"),
        (answer(errors.RepositoryNotFoundError, 401), f"it does not exist, or is private; see {{page}}, and {LOG_IN}"),
        (answer(errors.RepositoryNotFoundError, 404), f"it does not exist, or is private; see {{page}}, and {LOG_IN}"),
        (errors.OfflineModeIsEnabled("offline"), UNREACHABLE),
    ],
)
def test_a_data_set_that_the_hub_does_not_give(monkeypatch, tmp_path, raised, message):
    """What datasets makes of an answer: most of what it raises has lost what it came from."""

    def hf_hub_download(self, **asked):
        raise raised

    monkeypatch.setattr("datasets.config.HF_HUB_OFFLINE", False)
    monkeypatch.setattr("huggingface_hub.hf_api.HfApi.hf_hub_download", hf_hub_download)
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError) as error:
        load_data("a/b")
    line = str(error.value)
    assert line.startswith("a/b: neither a file here nor a data set loaded from the hub: ")
    assert message.format(page="https://huggingface.co/datasets/a/b") in line
