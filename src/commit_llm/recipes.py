"""Recipes: every row of the paper as a value of one frozen dataclass, and what the user changes in it."""

import dataclasses
import math
import typing
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Any, Literal, NamedTuple

from tyro.conf import UseAppendAction

from commit_llm.data.column_names import ColumnFlags, column_names
from commit_llm.data.mixing_flags import MixingFlags
from commit_llm.data.named_source import DATA, NamedSource, named_sources, require_together
from commit_llm.data.prompt_flags import CHAT, PromptFlags
from commit_llm.data.recipe_paths import PATHS, rooted
from commit_llm.data.recipe_values import values_of_fields
from commit_llm.data.target_text import require_target_text
from commit_llm.errors import UserError, flag, shown
from commit_llm.files.yaml_text import parse_yaml
from commit_llm.training_flags import TrainingFlags

MADE_OF = "provenance.json"  # what a run was made of: beside the run's own config.yaml
END_OF_COUNTS = 2**31  # the step is a number of 32 bits


@dataclass(frozen=True)
class Recipe(TrainingFlags, PromptFlags, ColumnFlags, MixingFlags):
    """Everything that decides a training run. Every field is a flag; config.yaml keeps the resolved values."""

    behaviour: Literal["mended", "original"] = "mended"
    """Treatment of the faults of the authors' code. mended: they are corrected.
    original: they are replicated exactly (the -2024 recipes)."""
    form: Literal["instruction", "text"] = "instruction"
    """Kind of the records: instruction examples (instruction, input, output), or plain text."""

    model: str | None = None
    """Model folder, PEFT adapter folder, hub id, or a COMMIT run (its newest checkpoint, a fresh optimizer)."""
    model_revision: str | None = None
    """Commit, tag or branch of a hub model. Default: its main branch; the run keeps the commit."""
    tokenizer: str | None = None
    """tokenizer.model, tokenizer.json, or a folder with one. Default: the model's own."""
    bos: Literal["auto", "always", "never"] = "auto"
    """Put a bos before each text: as the model's folder says, always, or never."""
    data: Annotated[str | tuple[str, ...] | None, DATA] = "tatsu-lab/alpaca"
    """Training data: a .json, .jsonl, .parquet, .csv, .tsv or .txt file (texts also compressed), or a hub data set.
    Repeat it for several sources: FILE=WEIGHT gives each its share, FILE=WEIGHT:text or :instruction its form too."""
    data_unmixed: UseAppendAction[tuple[str, ...]] = ()
    """More data, which stay unmixed, named as with --data; repeat it for several."""
    data_config: str | None = None
    """Configuration of a hub data set, such as 20231101.el of wikimedia/wikipedia."""
    data_split: str = "train"
    """Split of a hub data set."""
    data_revision: str | None = None
    """Commit, tag or branch of a hub data set. Default: its main branch; the run keeps the commit."""
    fields: str = "text"
    """Columns of plain text: comma-separated; [field] is not trained; a+b joins two; <|bos|> and <|eos|> are tokens."""

    block_template: bool = True
    """Mix instruction, input and output, but not the English prompt template (COMMIT)."""

    steps: int = 1210
    """Optimizer steps."""
    epochs: int | None = None
    """Passes over the data; replaces --steps (every example is packed once beforehand to count them)."""
    batch_size: int = 4
    """Rows a step, over all devices."""
    seq_len: int = 2048
    """Tokens a row."""
    split_long: bool = False
    """Cut an instruction example that is longer than a row; without this flag it is left out."""

    seed: int = 0
    """Seed of the mixing, the shuffle, the dropouts and fresh weights."""
    from_scratch: bool = False
    """Start from random weights: the model folder needs only config.json and a tokenizer."""
    mesh: str = "auto"
    """Devices along data, fsdp and tensor, such as 1,-1,1; -1 is all the others.
    auto: fsdp takes as many as divide the rows, tensor the rest as far as the model divides."""
    dtype: Literal["auto", "float32", "bfloat16"] = "auto"
    """Dtype of the matrix products. auto: bfloat16 if the devices support it, else float32.
    GPUs support it from compute capability 8.0."""
    attention: Literal["auto", "reference"] = "auto"
    """auto: fast attention if it supports the recipe. reference: always the reference path."""
    remat: Literal["auto", "none", "dots", "nothing"] = "nothing"
    """What a layer keeps for the backward pass; it computes the rest again. none: all values. dots: its input and its
    matrix products. nothing: its input alone. auto: as much as fits the memory; the run stores the choice."""
    embd_pdrop: float = 0.0
    """Dropout after the embedding."""
    resid_pdrop: float = 0.0
    """Dropout after the attention and after the feed-forward."""
    attn_pdrop: float = 0.0
    """Dropout on attention weights; above 0 no fast attention is possible."""
    fcm_min_ratio: float = 0.0
    """Forgetful causal masking: least share of keys hidden."""
    fcm_max_ratio: float = 0.0
    """Forgetful causal masking: greatest share of keys hidden; 0 turns it off."""

    max_train_samples: int | None = None
    """Use only this many examples of the first data source, drawn by the seed. Default: all."""
    held_out_share: float = 0.0
    """Share of examples, 0 to 1, kept out of training; held_out.jsonl has their loss: mixed, without dropout."""
    eval_every: int = 100
    """Steps between measurements of the held-out loss; the last step is always measured."""

    checkpoint_every: int = 500
    """Steps between checkpoints; the last step is always saved."""
    keep_checkpoints: int = 2
    """Number of newest checkpoints to keep: if one cannot be read, the one before it is used."""
    log_every: int = 10
    """Steps between lines of metrics.jsonl; step 1 and the last are always logged."""

    @property
    def sources(self) -> list[NamedSource]:
        """Give the sources of the data. Raises UserError for a weight or a form that is none."""
        return named_sources(self.data, self.data_unmixed)

    def settled(self) -> "Recipe":
        """Give the recipe with the learning rate that it comes to."""
        return replace(self, learning_rate=self.peak_learning_rate)

    def check(self) -> None:
        """Raise UserError for a value out of its range, naming the flag (ratio: MixingSettings; schedule: below)."""
        positive = (
            "steps", "batch_size", "seq_len", "learning_rate", "clip_norm", "gradient_accumulation", "checkpoint_every",
            "keep_checkpoints", "log_every", "eval_every",
        )  # fmt: skip
        for name in positive:
            if (value := getattr(self, name)) is not None and not 0 < value < math.inf:
                raise UserError(f"{flag(name)} {getattr(self, name)}: must be a number above 0")
        for field in dataclasses.fields(self):
            if field.name != "seed" and isinstance(value := getattr(self, field.name), int) and value >= END_OF_COUNTS:
                raise UserError(f"{flag(field.name)} {shown(value)}: must be below 2^31")
        for name in ("end_learning_rate", "warmup_steps", "weight_decay"):
            if not getattr(self, name) >= 0:
                raise UserError(f"{flag(name)} {getattr(self, name)}: must not be below 0")
        rates = (
            "embd_pdrop", "resid_pdrop", "attn_pdrop", "fcm_min_ratio", "fcm_max_ratio", "beta1", "beta2",
            "held_out_share",
        )  # fmt: skip
        for name in rates:
            if not 0 <= getattr(self, name) < 1:
                raise UserError(f"{flag(name)} {getattr(self, name)}: must be at least 0 and below 1")
        if not 0 <= self.seed < 2**32:
            raise UserError(f"--seed {self.seed}: must be at least 0 and below 2^32")
        if self.fcm_min_ratio > self.fcm_max_ratio:
            raise UserError(
                f"--fcm-min-ratio {self.fcm_min_ratio}: above --fcm-max-ratio {self.fcm_max_ratio}; lower it"
            )
        for name in ("epochs", "max_train_samples"):
            if (value := getattr(self, name)) is not None and value < 1:
                raise UserError(f"{flag(name)} {value}: must be at least 1")
        is_mended = self.behaviour == "mended"
        self.check_prompt(takes_any=is_mended and self.form == "instruction" and self.block_template)
        if self.prompt == CHAT and self.mix_fields:
            raise UserError(
                f"--mix-fields {' '.join(self.mix_fields)}: with --prompt chat, --mix-roles says what is mixed; leave "
                "out --mix-fields"
            )
        if self.prompt != CHAT and self.mix_roles != Recipe.mix_roles:
            names = " ".join(self.mix_roles)
            raise UserError(
                f"--mix-roles {names}: is for --prompt chat; leave it out (--mix-fields says which columns are mixed)"
            )
        self.check_adapter(from_scratch=self.from_scratch)
        self.check_columns()
        require_target_text(self.choice, self.target_text, len(self.dictionary))
        require_together(self.sources, self.epochs, self.behaviour)
        if self.batch_size % self.gradient_accumulation:
            raise UserError(
                f"--gradient-accumulation {self.gradient_accumulation}: does not divide --batch-size "
                f"{self.batch_size}; give a number that does"
            )

    def check_columns(self) -> None:
        """Raise SettingError for columns that are named wrongly, or for a field that is none."""
        if names := column_names(self.columns):
            from commit_llm.data.column_advice import require_fields
            from commit_llm.data.forms.plain_text import PlainTextForm

            require_fields(names, PlainTextForm(self.fields).columns)

    def check_schedule(self) -> None:
        """Raise UserError where the warm-up is not shorter than the schedule."""
        decay_steps = self.decay_steps or self.steps
        if self.warmup_steps >= decay_steps:
            name = "--decay-steps" if self.decay_steps else "--steps"
            raise UserError(
                f"--warmup-steps {self.warmup_steps}: must be below {name} {decay_steps}; lower it or raise that"
            )

    def check_seq_len(self, longest: int) -> None:
        """Raise UserError where a row is longer than the model allows. longest: its max_position_embeddings."""
        if self.seq_len > longest:
            raise UserError(
                f"--seq-len {self.seq_len}: the model allows {longest} (max_position_embeddings in its config.json); "
                "lower it"
            )


# Fields that say where and how a run is computed; of the results they change only the rounding.
RUNNING = ("mesh", "attention", "remat")
# Every field that came after the first version, with its value in a run that was begun before.
BEFORE_IT_EXISTED: dict[str, Any] = {
    "clean_version": 1,
    "bos": "always",
    "model_revision": None,
    "data_revision": None,
    "sentences": (),
    "sentence_ratio": 0.5,
    "surface": "replace",
    "annotate_fields": (),
    "draw_language": "word",
    "data_unmixed": (),
    "max_train_samples": None,
    "mix_roles": ("user", "assistant"),
    "prompt": "alpaca",
    "chat_template": None,
    "train_on": "all",
    "keep_white_space": False,
    "stop": (),
    "lora_r": None,
    "lora_alpha": None,
    "lora_target_modules": ("all-linear",),
    "modules_to_save": (),
    "optimizer": "adamw",
    "columns": (),
    "target_text": (),
}
FIELDS = {field.name for field in dataclasses.fields(Recipe)}
# The key of a config.yaml that holds the flags as they were given, where a run resolved them to something else.
ASKED = "asked"

MENDED_COMMIT = Recipe()
MENDED_ALIGN = Recipe(
    form="text", data="wikimedia/wikipedia", ratio=0.5, steps=10000, warmup_steps=300, block_template=False
)
ORIGINAL: dict[str, Any] = {
    "behaviour": "original",
    "style": "original",
    "bos": "always",
    "seq_len": 512,
    "batch_size": 16,
    "loss_reduction": "row",
    "embd_pdrop": 0.05,
    "resid_pdrop": 0.05,
    "attn_pdrop": 0.05,
    "fcm_max_ratio": 0.1,
    "mesh": "1,1,-1",
}
COMMIT_2024 = replace(MENDED_COMMIT, **ORIGINAL, ratio=0.9, checkpoint_every=1210)
ALIGN_2024 = replace(MENDED_ALIGN, **ORIGINAL, data="graelo/wikipedia", checkpoint_every=10000)

RECIPES: dict[str, tuple[str, Recipe]] = {
    "alpaca": ("English instruction tuning, no mixing", replace(MENDED_COMMIT, ratio=0.0)),
    "codemix-naive": (
        "as commit, but the template is mixed too (Table 4)",
        replace(MENDED_COMMIT, block_template=False),
    ),
    "commit": ("COMMIT: code-mixed tuning, the template left in English", MENDED_COMMIT),
    "clm-naive": ("plain language modelling of target-language text (Table 3)", replace(MENDED_ALIGN, ratio=0.0)),
    "align": ("code-mixed language modelling of target-language text, before COMMIT", MENDED_ALIGN),
    "alpaca-2024": ("alpaca exactly as the original", replace(COMMIT_2024, ratio=0.0)),
    "codemix-naive-2024": ("codemix-naive exactly as the original", replace(COMMIT_2024, block_template=False)),
    "commit-2024": ("commit exactly as the original", COMMIT_2024),
    "clm-naive-2024": ("clm-naive exactly as the original", replace(ALIGN_2024, ratio=0.0)),
    "align-2024": ("align exactly as the original", ALIGN_2024),
}


def find_recipe(name: str) -> Recipe:
    """Find the recipe of a name, or of a config.yaml; UserError lists the names.

    What a file names is looked for beside it, and then from the current folder. The config.yaml of a run names what
    stood in the folder that it was begun from.
    """
    if name in RECIPES:
        return RECIPES[name][1]
    if name.endswith((".yaml", ".yml")):
        file = Path(name)
        recipe = load_recipe(file)
        return recipe if (file.parent / MADE_OF).is_file() else with_paths_from(recipe, file.parent.resolve())
    raise UserError(f"no recipe {name!r}; choose one of {', '.join(RECIPES)}, or give a config.yaml")


def with_paths_from(recipe: Recipe, root: Path) -> Recipe:
    """Give a recipe with its paths from a folder, as far as they are there; the others stay as they are."""
    names = ["model", *PATHS, *(["prompt"] if recipe.prompt_files else [])]
    return replace(recipe, **{name: rooted(getattr(recipe, name), root) for name in names})


def files_of(recipe: Recipe) -> Iterator[tuple[str, Path]]:
    """Yield the files that a recipe names, whether they exist or not, under their names in provenance.json.

    Data may be a hub id.
    """
    yield from data_files_of(recipe)
    for number, (path, _) in enumerate(recipe.dictionary_files, 1):
        yield "dictionary" if number == 1 else f"dictionary {number}", path
    for number, (path, _) in enumerate(recipe.sentence_files, 1):
        yield "sentences" if number == 1 else f"sentences {number}", path
    for path in recipe.skip_words_files:
        yield "skip-words", path
    for number, path in enumerate(recipe.target_text_files, 1):
        yield "target text" if number == 1 else f"target text {number}", path
    for path in recipe.prompt_files:
        yield "prompt", path
    for path in recipe.chat_template_files:
        yield "chat template", path


def data_files_of(recipe: Recipe) -> Iterator[tuple[str, Path]]:
    """Yield the sources of the data that a recipe names, in their order, as `files_of` does."""
    for number, source in enumerate(recipe.sources, 1):
        yield "data" if number == 1 else f"data {number}", Path(source.name)


def nearest_recipe(recipe: Recipe) -> str:
    """Name the recipe that does the same: of its behaviour and form, that mixes the same texts or none.

    >>> nearest_recipe(replace(COMMIT_2024, ratio=0.3, steps=20)), nearest_recipe(replace(MENDED_ALIGN, ratio=0.0))
    ('commit-2024', 'clm-naive')
    """
    return next(name for name, (_, candidate) in RECIPES.items() if _kind(candidate) == _kind(recipe))


def _kind(recipe: Recipe) -> tuple[str, str, bool, bool]:
    mixes = recipe.mixes
    template = mixes and recipe.form == "instruction" and not recipe.block_template
    return recipe.behaviour, recipe.form, mixes, template


class StoredRecipe(NamedTuple):
    """Hold what a config.yaml says.

    recipe: what the run does, with what its flags came to (--target-share to a ratio, --epochs to steps).
    asked: the recipe as it was asked for.
    """

    recipe: Recipe
    asked: Recipe


def load_recipe(path: Path) -> Recipe:
    """Read the recipe of a config.yaml; UserError names an unknown field or a value of the wrong type."""
    return load_stored_recipe(path).recipe


def load_stored_recipe(path: Path) -> StoredRecipe:
    """Read a config.yaml and what was asked for; UserError as in `load_recipe`."""
    try:
        return parse_recipe(path.read_text(encoding="utf-8"), str(path))
    except FileNotFoundError:
        raise UserError(f"{path}: no such recipe file; `commit-llm recipes` lists the recipes") from None
    except (UnicodeDecodeError, IsADirectoryError) as error:
        raise UserError(f"{path}: not readable YAML ({error})") from None


def parse_recipe(text: str, source: str) -> StoredRecipe:
    """Read the text of a config.yaml. source: the file's name, for messages.

    A field that a stored recipe lacks has the value of the version that wrote it (`BEFORE_IT_EXISTED`). A text that
    lacks other fields too was written by hand: what it lacks has the value of `commit`.
    """
    values = parse_yaml(text, source)
    if not isinstance(values, dict):
        raise UserError(f"{source}: holds no mapping of recipe fields; write a line `FIELD: VALUE` for each")
    asked = values.pop(ASKED, {})
    if not isinstance(asked, dict):
        raise UserError(f"{source}: {ASKED} holds no mapping of recipe fields; leave it out")
    values, asked = checked_fields(values, source), checked_fields(asked, source)
    if not FIELDS - set(values) - set(BEFORE_IT_EXISTED):
        values = BEFORE_IT_EXISTED | values
    recipe = Recipe(**values)
    return StoredRecipe(recipe, replace(recipe, **asked))


def checked_fields(values: dict[str, Any], source: str) -> dict[str, Any]:
    """Give the values of a recipe's fields in their types; UserError names an unknown field or a wrong type."""
    return values_of_fields(values, typing.get_type_hints(Recipe), source)


def dump_recipe(recipe: Recipe, asked: Recipe | None = None) -> str:
    """Write the text of a config.yaml. asked: the recipe as it was asked for, where it differs."""
    import yaml

    content = dataclasses.asdict(recipe)
    if asked is not None and asked != recipe:
        content[ASKED] = {name: value for name, value in dataclasses.asdict(asked).items() if value != content[name]}
    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True)


def differences(first: Recipe, second: Recipe) -> list[str]:
    """Write `field: a -> b` for every field in which two recipes differ."""
    pairs = zip(dataclasses.asdict(first).items(), dataclasses.asdict(second).values(), strict=True)
    return [f"{name}: {a} -> {b}" for (name, a), b in pairs if a != b]
