"""The form of a recipe: chosen once, made with the settings it needs."""

import dataclasses

import pytest

from commit_llm.data.examples import Cut
from commit_llm.data.forms.form import choose_form, in_one_stream
from commit_llm.data.forms.instruction import InstructionForm
from commit_llm.data.forms.plain_text import PlainTextForm
from commit_llm.recipes import find_recipe


@pytest.mark.parametrize(
    ("name", "changes", "form"),
    [
        ("commit", {}, InstructionForm()),
        ("commit", {"split_long": True, "fields": "a"}, InstructionForm(cut=Cut.IF_LONG)),
        ("codemix-naive", {}, InstructionForm(block_template=False)),
        ("commit-2024", {}, InstructionForm(original=True)),
        ("codemix-naive-2024", {}, InstructionForm(block_template=False, original=True)),
        ("align", {"fields": "[a],b"}, PlainTextForm("[a],b")),
        ("align-2024", {}, PlainTextForm(original=True)),
    ],
)
def test_the_form_of_a_recipe(name, changes, form):
    recipe = dataclasses.replace(find_recipe(name), **changes)
    assert choose_form(recipe) == form
    assert in_one_stream(recipe) == name.endswith("-2024")
