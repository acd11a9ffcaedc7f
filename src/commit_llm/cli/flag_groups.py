"""The flags of a recipe's commands in groups, the most used ones first, as `--help` shows them."""

import ast
import dataclasses
import inspect
import itertools
import textwrap
import typing
from collections.abc import Iterator
from typing import Annotated, Any

from commit_llm.recipes import Recipe

# A group's name stands before "options" in the help. A flag of the recipe that is in no group comes last.
MOST_USED = "most used"
GROUPS = {
    MOST_USED: "out model data dictionary ratio steps batch_size seq_len learning_rate lora_r",
    "data": "columns data_unmixed data_config data_split data_revision fields form split_long max_train_samples "
    "held_out_share eval_every",
    "mixing": "target_share target_cmi style clean_version draw choice target_text sentences sentence_ratio "
    "surface annotate_fields draw_language all_capitals skip_words dictionary_control mix_fields mix_roles "
    "block_template unmixed_share segmentation languages skip_bad_lines",
    "prompt": "prompt chat_template train_on keep_white_space stop",
    "model": "model_revision tokenizer bos from_scratch",
    "adapter": "lora_alpha lora_target_modules modules_to_save",
    "training": "epochs seed optimizer end_learning_rate warmup_steps decay_steps weight_decay beta1 beta2 "
    "momentum_dtype clip_norm loss_reduction behaviour",
    "regularisation": "embd_pdrop resid_pdrop attn_pdrop fcm_min_ratio fcm_max_ratio",
    "memory and speed": "gradient_accumulation mesh dtype attention remat",
    "saving": "checkpoint_every keep_checkpoints log_every",
}
OTHER = "other"


def in_groups(command: type, name: str, recipe: Recipe) -> type:
    """Make the dataclass that tyro reads for a command with a field `recipe`: a field for each group of flags.

    name: the command's; its own flags, but for the most used ones, are a group of this name.
    recipe: whose values are the defaults.

    `ungrouped` makes the command of what tyro gives. The dataclasses within a command stay groups of their own.
    """
    import tyro

    own = {field.name: field for field in dataclasses.fields(command) if field.name != "recipe"}
    nested = {key: field for key, field in own.items() if dataclasses.is_dataclass(field.default)}
    flags = {**dict(_flags(command)), **dict(_flags(Recipe))}
    named = {title: [key for key in keys.split() if key in flags] for title, keys in GROUPS.items()}
    most_used, others = named.pop(MOST_USED), [*itertools.chain(*named.values())]
    groups = {
        MOST_USED: most_used,
        name: [key for key in own if key not in (*most_used, *nested)],
        **named,
        OTHER: [key for key in flags if key not in (*most_used, *others, *own)],
    }
    fields: list[Any] = []
    for number, (title, keys) in enumerate((title, keys) for title, keys in groups.items() if keys):
        defaults = [
            (key, flags[key], own[key] if key in own else dataclasses.field(default=getattr(recipe, key)))
            for key in keys
        ]
        group = dataclasses.make_dataclass(f"Group{number}", defaults, frozen=True, kw_only=True)
        group.__doc__ = ""
        fields.append((f"group_{number}", Annotated[group, tyro.conf.arg(name=title)]))
    fields += [(key, field.type, dataclasses.field(default=field.default)) for key, field in nested.items()]
    made = dataclasses.make_dataclass(command.__name__, fields, frozen=True, kw_only=True)
    made.__doc__ = command.__doc__
    return made


def ungrouped(command: type[Any], parsed: Any) -> Any:
    """Make the command of what was read into groups."""
    names = {field.name for field in dataclasses.fields(command)}
    values: dict[str, Any] = {}
    for field in dataclasses.fields(parsed):
        value = getattr(parsed, field.name)
        values |= {field.name: value} if field.name in names else vars(value)
    own = {key: value for key, value in values.items() if key in names}
    return command(recipe=Recipe(**{key: value for key, value in values.items() if key not in own}), **own)


def _flags(kind: type) -> Iterator[tuple[str, Any]]:
    """Give the flags of a dataclass: each field's name, and its type with its help."""
    import tyro

    hints, help_texts = typing.get_type_hints(kind, include_extras=True), _docstrings(kind)
    for field in dataclasses.fields(kind):
        if (text := help_texts.get(field.name)) is not None:
            kind_of_flag = hints[field.name]
            hint = "(repeatable)" if is_repeatable(kind_of_flag) else _default_of(text)
            yield field.name, Annotated[kind_of_flag, tyro.conf.arg(help=text, help_behavior_hint=hint)]


def is_repeatable(kind: Any) -> bool:
    """Say whether a field's type is that of a flag that may stand several times."""
    import tyro

    (repeated,) = tyro.conf.UseAppendAction[int].__metadata__  # type: ignore[attr-defined]
    return repeated in getattr(kind, "__metadata__", ())


def _default_of(help_text: str) -> Any:
    """Give what writes a default behind a help text: nothing where the text says it, or there is none."""
    return lambda value: "" if "Default" in help_text or value in ("None", "") else f"(default: {value})"


def _docstrings(kind: type) -> dict[str, str]:
    """Give the text that stands below each field of a dataclass, and of those that it inherits from."""
    texts: dict[str, str] = {}
    for base in reversed(kind.__mro__):
        if dataclasses.is_dataclass(base):
            body = ast.parse(textwrap.dedent(inspect.getsource(base))).body[0].body  # type: ignore[attr-defined]
            for field, text in itertools.pairwise(body):
                if isinstance(field, ast.AnnAssign) and isinstance(text, ast.Expr):
                    texts[field.target.id] = inspect.cleandoc(ast.literal_eval(text.value))  # type: ignore[union-attr]
    return texts
