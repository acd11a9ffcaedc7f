"""The trials of a study: an arm with a seed, in one language or in all, with the recipes of its stages."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from commit_llm.data.recipe_paths import PATHS, rooted
from commit_llm.errors import UserError
from commit_llm.recipes import Recipe, checked_fields, files_of, find_recipe
from commit_llm.study.study_file import ALL_LANGUAGES, RECIPE, StageFields, Study
from commit_llm.study.study_file import LANGUAGE as CODE

ANY = "any"  # in place of a language: the arm's training is the same for all of them
LANGUAGE = re.compile(r"(?<![A-Za-z])LANG(?![A-Za-z])")
NAMED = re.compile(r"(?<![A-Za-z])(TEXT|SENTENCES)(?![A-Za-z])")


@dataclass(frozen=True)
class Trial:
    """Hold what is trained and evaluated once.

    language: of the arm's training; ANY where that depends on none.
    stages: recipes; what each later one starts from is the one before. None for the untuned model.
    tasks: names.
    """

    arm: str
    language: str
    seed: int
    stages: tuple[Recipe, ...]
    tasks: tuple[str, ...]

    @property
    def folder(self) -> Path:
        """Give the trial's folder within those of a study."""
        return Path(self.arm) / self.language / f"seed-{self.seed}"

    def __str__(self) -> str:
        where = "" if self.language == ANY else f" in {self.language}"
        return f"{self.arm}{where}, seed {self.seed}" if self.stages else self.arm


def trials_of(study: Study, root: Path) -> list[Trial]:
    """List the trials: all of the first seeds, then all of the second ones.

    root: the folder that the paths of a study begin at.

    Raises UserError for a recipe or a field that is none, and for a file of a language that is not there.
    """
    of_arms = {arm: list(_of_arm(study, arm, root)) for arm in study.seeds}
    return [
        Trial(arm, language, seeds[number], tuple(replace(stage, seed=seeds[number]) for stage in stages), tasks)
        for number in range(max(map(len, study.seeds.values())))
        for arm, seeds in study.seeds.items()
        if number < len(seeds)
        for language, stages, tasks in of_arms[arm]
    ]


def per_context_of(study: Study) -> dict[str, int]:
    """Give how many questions of each context are asked, by task. A task of all of them is not there.

    Raises UserError for a task that the study does not have.
    """
    named, numbers = study.per_context or {}, {}
    tasks = [re.compile(in_language(re.escape(task), f"(LANG|{CODE.pattern})")) for task in study.tasks]
    for name in named:  # also one of a language that is left out
        if name and not any(task.fullmatch(name) for task in tasks):
            raise UserError(f"per_context: {name}: no task of the study, which has {', '.join(study.tasks)}")
    for language in study.languages:
        of_language = {in_language(task, language): number for task, number in named.items()}
        for task in in_language(study.tasks, language):
            if (number := of_language.get(task, of_language.get(""))) is not None:
                numbers[task] = number
    return numbers


def in_language(value: Any, language: str) -> Any:
    """Write a language in the place of `LANG`, in a text or in texts."""
    return _replaced(value, LANGUAGE, {"LANG": language})


def _replaced(value: Any, pattern: re.Pattern[str], texts: dict[str, str]) -> Any:
    if isinstance(value, str):
        return pattern.sub(lambda match: texts[match[0]], value)
    if isinstance(value, dict):
        return {name: _replaced(item, pattern, texts) for name, item in value.items()}
    return type(value)(_replaced(item, pattern, texts) for item in value) if isinstance(value, list | tuple) else value


def _of_arm(study: Study, arm: str, root: Path) -> Iterator[tuple[str, tuple[Recipe, ...], tuple[str, ...]]]:
    """Yield each language that an arm is trained in, with the recipes and the tasks there."""
    stages = [(stage[RECIPE], _fields(study, stage, f"arm {arm}")) for stage in study.arms[arm]]
    tasks = {language: tuple(dict.fromkeys(in_language(study.tasks, language))) for language in study.languages}

    def recipes(language: str) -> tuple[Recipe, ...]:
        where = f"arm {arm}: language {language}"
        return tuple(_recipe(name, in_language(fields, language), where, root) for name, fields in stages)

    if any(LANGUAGE.search(str(fields)) for _, fields in stages):
        for language in study.languages:
            yield language, recipes(language), tasks[language]
    else:
        yield ANY, recipes(study.languages[0]), tuple(dict.fromkeys(name for names in tasks.values() for name in names))


def _fields(study: Study, stage: StageFields, where: str) -> dict[str, Any]:
    """Give the fields of a stage that differ from its recipe: the study's own, then those of the stage."""
    fields = {**(study.fields or {}), **stage}
    recipe = find_recipe(fields.pop(RECIPE))
    of_all = fields.pop(ALL_LANGUAGES, False)
    if not isinstance(of_all, bool):
        raise UserError(f"{where}: {ALL_LANGUAGES} is true or false")
    is_text = fields.get("form", recipe.form) == "text"
    data, dictionary = (study.text, study.dictionary_back) if is_text else (study.data, study.dictionary)
    if data is not None:
        fields.setdefault("data", data)
    if dictionary is not None and fields.get("ratio", recipe.ratio) != 0:
        of_all_languages = [in_language(dictionary, language) for language in study.languages]
        fields.setdefault("dictionary", of_all_languages if of_all else [dictionary])
    texts = {"TEXT": study.text, "SENTENCES": study.sentences}
    for name, text in texts.items():
        if text is None and any(name == match[0] for match in NAMED.finditer(str(fields))):
            raise UserError(
                f"{where}: names {name}, and the study has no {name.lower()}; give it, or leave the arm out"
            )
    return _replaced(fields, NAMED, {name: text or "" for name, text in texts.items()})


def _recipe(name: str, values: dict[str, Any], where: str, root: Path) -> Recipe:
    fields = checked_fields(values, where)
    paths = {field: rooted(fields[field], root) for field in PATHS if field in fields}
    recipe = replace(find_recipe(name), **fields | paths)
    if recipe.prompt_files:
        recipe = replace(recipe, prompt=rooted(recipe.prompt, root))
    recipe.check_columns()
    _require_there(recipe, where)
    return recipe


def _require_there(recipe: Recipe, where: str) -> None:
    """Raise UserError for a file of a stage that is not there. Hub data is looked for when it is opened."""
    for role, path in files_of(recipe):
        if not path.exists() and (path.suffix or not role.startswith("data")):
            raise UserError(f"{where}: no {role} {path}; give the file, or leave the language or the arm out")
    if recipe.mixes and not recipe.dictionary and not recipe.sentences:
        raise UserError(f"{where}: mixes, and the study has no dictionary; give one, or ratio: 0")
