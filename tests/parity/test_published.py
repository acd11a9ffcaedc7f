"""Published configurations, and the tiny ones of every variant, as transformers reads them: field by field."""

import json

import pytest

from commit_llm.model.families.config_json import config_from_settings
from tests.parity.families import CASES

pytest.importorskip("torch", reason="torch is not installed (extra parity)")
pytest.importorskip("transformers", reason="transformers is not installed (extra parity)")

from tests.parity.reading import require_same, their_reading

pytestmark = [pytest.mark.parity, pytest.mark.filterwarnings("default")]
PUBLISHED = (
    "Llama-3.1-8B-Instruct", "Mistral-7B-v0.1", "Qwen2-7B-Instruct", "Qwen2.5-7B-Instruct-first-upload-yarn",
    "Qwen3-8B", "SmolLM2-360M-Instruct", "SmolLM3-3B", "gemma-2-9b-it", "gemma-3-12b-it-vision-sparse",
    "gemma-3-270m-4.55", "gemma-3-270m-5.x",
)  # fmt: skip


def test_the_published_ones_are_all(shared):
    assert sorted(path.stem for path in shared.data("configs").iterdir()) == sorted(PUBLISHED)


@pytest.mark.parametrize("name", PUBLISHED)
def test_a_published_configuration(name, shared):
    settings = json.loads(shared.data(f"configs/{name}.json").read_text(encoding="utf-8"))
    require_same(config_from_settings(settings), their_reading(settings))


@pytest.mark.parametrize("case", CASES)
def test_the_configuration_of_a_variant(case):
    require_same(config_from_settings(CASES[case]), their_reading(CASES[case]))
