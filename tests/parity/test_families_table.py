"""The README's table of families is the one that the script makes where the tests of every variant pass."""

import pytest

from commit_llm.model.families.config_json import config_from_settings
from commit_llm.model.families.family import FAMILIES
from commit_llm.model.parameters import count_parameters
from tests.parity.families import CASES, MODELS
from tests.parity.families_table import COLUMNS, README, failures_of, table, with_table
from tests.parity.published_sizes import SIZES_OF_MODELS

pytestmark = pytest.mark.parity
# Numbers of parameters that the publishers' files have.
COUNTED = {
    "Llama 2 7B": 6_738_415_616, "Llama 3.1 8B": 8_030_261_248, "Mistral 7B": 7_248_023_552,
    "Qwen 2.5 7B": 7_615_616_512, "Qwen 3 8B": 8_190_735_360, "Gemma 2 9B": 9_241_705_984,
    "Gemma 3 4B": 3_880_263_168, "OLMo 2 7B": 7_298_617_344, "SmolLM3 3B": 3_075_098_624,
}  # fmt: skip
XML = '" name="'
PASSED: dict[str, set[str]] = {case: set() for case in CASES}


def test_the_readme_has_the_table_of_today():
    """Else write it with `python -m tests.parity.families_table`."""
    text = README.read_text(encoding="utf-8")
    assert with_table(text, table(PASSED)) == text


def test_a_variant_that_fails_shows():
    failed = PASSED | {"olmo 3": {COLUMNS["generates"][0]}}
    changed = [line for line in table(failed).splitlines() if line not in table(PASSED).splitlines()]
    assert len(changed) == 1
    assert changed[0].startswith("| OLMo 3 | yes | yes | no | yes |")


def test_a_report_says_which_tests_a_variant_passes():
    lines = [f'<testcase classname="tests.parity.{test.replace(".py::", XML)}[float32-{case}]"/>'
             for case in CASES for tests in COLUMNS.values() for test in tests]  # fmt: skip
    assert failures_of(f"<suite>{''.join(lines)}</suite>") == PASSED
    skipped = lines[0].replace("/>", "><skipped/></testcase>")
    first = COLUMNS["read"][0]
    for changed in (lines[1:], [skipped, *lines[1:]], [skipped, *lines]):
        failures = failures_of(f"<suite>{''.join(changed)}</suite>")
        assert failures == PASSED | {next(iter(CASES)): {first}}


def test_every_family_has_a_row_a_variant_and_a_size():
    families = set(FAMILIES)
    assert set(MODELS) == families
    assert {settings["model_type"] for settings in CASES.values()} == families
    assert {settings["model_type"] for settings in SIZES_OF_MODELS.values()} == families


def test_sizes_are_the_published_ones():
    counts = {name: count_parameters(config_from_settings(SIZES_OF_MODELS[name])) for name in COUNTED}
    assert counts == COUNTED
