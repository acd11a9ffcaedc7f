"""Which flags of a prompt go together."""

import dataclasses

import pytest

from commit_llm.data.prompt_flags import PromptFlags
from commit_llm.errors import UserError
from commit_llm.recipes import find_recipe


@pytest.mark.parametrize("prompt", ["chat", "mine.jinja"])
@pytest.mark.parametrize("name", ["codemix-naive", "align", "clm-naive", "commit-2024", "alpaca-2024", "align-2024"])
def test_recipes_whose_prompt_is_theirs(name, prompt):
    dataclasses.replace(find_recipe(name), prompt="alpaca").check()
    with pytest.raises(UserError, match=f"--prompt {prompt}: is for instructions whose prompt stays unmixed"):
        dataclasses.replace(find_recipe(name), prompt=prompt).check()


@pytest.mark.parametrize("name", ["alpaca", "commit"])
def test_recipes_that_take_any(name):
    for changes in (
        {"prompt": "chat", "chat_template": "rag", "train_on": "last", "keep_white_space": True, "stop": ("</s>",)},
        {"prompt": "chat", "mix_roles": ("user",)},
        {"prompt": "mine.jinja", "mix_fields": ("output",)},
    ):
        dataclasses.replace(find_recipe(name), **changes).check()


@pytest.mark.parametrize("prompt", ["alpaca", "mine.jinja"])
@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"chat_template": "rag"}, "--chat-template 'rag'"),
        ({"train_on": "last"}, "--train-on 'last'"),
        ({"keep_white_space": True}, "--keep-white-space true"),
        ({"stop": ("<a>", "<b>")}, "--stop '<a> <b>'"),
        ({"mix_roles": ("user",)}, "--mix-roles user"),
    ],
)
def test_flags_of_conversations_alone(prompt, changes, said):
    with pytest.raises(UserError, match=f"{said}: is for --prompt chat"):
        dataclasses.replace(find_recipe("commit"), prompt=prompt, **changes).check()


def test_columns_are_no_roles():
    with pytest.raises(UserError, match="--mix-fields output: with --prompt chat, --mix-roles says what is mixed"):
        dataclasses.replace(find_recipe("commit"), prompt="chat", mix_fields=("output",)).check()


def test_the_files_that_flags_name(tmp_path):
    assert PromptFlags().prompt_files == PromptFlags(prompt="chat").prompt_files == []
    assert [str(path) for path in PromptFlags(prompt="mine").prompt_files] == ["mine"]
    assert PromptFlags(prompt="chat").chat_template_files == []
    assert PromptFlags(prompt="chat", chat_template="rag").chat_template_files == []
    (tmp_path / "rag").touch()
    for name in ("rag.jinja", str(tmp_path / "rag")):
        assert [str(path) for path in PromptFlags(prompt="chat", chat_template=name).chat_template_files] == [name]
