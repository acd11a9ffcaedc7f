"""Read the rotary embeddings of a config.json, in the forms of transformers 4 and 5."""

import math
from collections.abc import Mapping
from typing import Any, get_args

from commit_llm.errors import UserError, shown
from commit_llm.model.families.family import FULL, SLIDING, Family, Settings
from commit_llm.model.field_values import require_value
from commit_llm.model.layer_kinds import Rope, RopeType

ANY_TYPE = ("rope_type", "type", "rope_theta", "partial_rotary_factor")
KEPT_IN_YARN = ("truncate", "original_max_position_embeddings")  # whatever they are
# What each type reads beside.
OF_TYPE: dict[str, tuple[str, ...]] = {
    "default": (),
    "linear": ("factor",),
    "llama3": ("factor", "low_freq_factor", "high_freq_factor", "original_max_position_embeddings"),
    "yarn": (
        "factor", "original_max_position_embeddings", "attention_factor", "mscale", "mscale_all_dim", "beta_fast",
        "beta_slow", "truncate",
    ),
}  # fmt: skip


def ropes(settings: Settings, family: Family) -> dict[str, Rope]:
    """Give the rotary embedding of each type of layer. Raises UserError for one that the decoder does not have.

    settings: with the defaults of the family.
    """
    if family.rope_by_layer_type:
        return _ropes_by_layer_type(settings, family)
    name, rope = rotary_settings(settings)
    _require_object(name, rope)
    if nested := [key for key, value in rope.items() if isinstance(value, dict)]:
        raise UserError(
            f"{name} differs by layer type ({nested[0]}); all layers of this family have one rotary embedding here: "
            "use another model"
        )
    return dict.fromkeys((FULL, SLIDING), _rope(name, rope, settings, settings["rope_theta"]))


def _ropes_by_layer_type(settings: Settings, family: Family) -> dict[str, Rope]:
    """Give the rotary embeddings of a family whose types of layers have their own.

    As in transformers, `rope_scaling` is of the full layers alone, and joins what `rope_parameters` says of them; so is
    `rope_theta`, and sliding layers have the base of the class where nothing says theirs.
    """
    scaling, parameters = settings.get("rope_scaling") or {}, settings.get("rope_parameters") or {}
    _require_object("rope_scaling", scaling)
    _require_object("rope_parameters", parameters)
    if "rope_type" not in scaling and scaling.get("type", "default") != "default":
        raise UserError(
            f"rope_scaling has its type, {shown(scaling['type'])}, as 'type', which transformers does not read in this "
            "family; name it 'rope_type'"
        )
    has_local = "rope_local_base_freq" in family.defaults
    local = settings["rope_local_base_freq"] if has_local else family.defaults["rope_theta"]
    of_full, of_sliding = (parameters.get(layer_type) or {} for layer_type in (FULL, SLIDING))
    _require_object(f"rope_parameters.{FULL}", of_full)
    _require_object(f"rope_parameters.{SLIDING}", of_sliding)
    name = f"rope_parameters.{FULL}" if of_full else "rope_scaling"
    return {
        FULL: _rope(name, of_full | scaling, settings, settings["rope_theta"]),
        SLIDING: _rope(f"rope_parameters.{SLIDING}", of_sliding, settings, local),
    }


def _require_object(name: str, rope: Any) -> None:
    if not isinstance(rope, dict):
        raise UserError(f"{name} is {shown(rope)}; it must be an object with the settings of the rotary embedding")


def rotary_settings(settings: Settings) -> tuple[str, Any]:
    """Give the name and the content of the key that holds the rotary settings.

    As in transformers, `rope_scaling` counts before `rope_parameters`, an empty one is as good as none, and what
    stands in it counts before the same key beside it.
    """
    name = "rope_scaling" if settings.get("rope_scaling") else "rope_parameters"
    return name, settings.get(name) or {}


def unread_rotary(settings: Settings, family: Family) -> list[str]:
    """List the rotary settings of a config.json that nothing reads."""
    name, rope = rotary_settings(settings)
    parameters = settings.get("rope_parameters") or {}
    if family.rope_by_layer_type:
        nested = {key: value for key, value in parameters.items() if key in (FULL, SLIDING) and isinstance(value, dict)}
        unread = [f"rope_parameters.{key}" for key in parameters if key not in nested]
        groups = {f"rope_parameters.{key}": value for key, value in nested.items()}
        groups |= {"rope_scaling": rope} if name == "rope_scaling" else {}
    else:
        unread = ["rope_parameters"] if name == "rope_scaling" and parameters else []
        groups = {name: rope}
    for group, values in groups.items():
        read = (*ANY_TYPE, *OF_TYPE[_type_of(values)])
        unread += [f"{group}.{key}" for key in values if key not in read]
    return unread


def _type_of(rope: Mapping[str, Any]) -> Any:
    return rope.get("rope_type", rope.get("type", "default"))


def _rope(name: str, rope: Mapping[str, Any], settings: Settings, theta: Any) -> Rope:
    """Read one rotary embedding.

    name: of its settings, for messages.
    theta: the base where they say none.
    """
    rope_type = _type_of(rope)
    if rope_type not in get_args(RopeType):
        known = ", ".join(get_args(RopeType))
        raise UserError(f"{name} is of type {shown(rope_type)} ({shown(dict(rope))}); the decoder has {known}")
    turned = rope.get("partial_rotary_factor", settings.get("partial_rotary_factor"))
    if turned is not None and (isinstance(turned, bool) or turned != 1):
        raise UserError(f"partial_rotary_factor is {shown(turned)}; the decoder turns the whole of each head: 1.0")
    values = {key: rope[key] for key in OF_TYPE[rope_type] if key in rope}
    if rope_type in ("llama3", "yarn"):
        name_of_length = "original_max_position_embeddings"
        # What stands beside it counts first, as in transformers.
        lengths = settings.get(name_of_length), rope.get(name_of_length), settings["max_position_embeddings"]
        values[name_of_length] = next(length for length in lengths if length is not None)
    if rope_type == "yarn":
        values = _yarn(name, values, settings["max_position_embeddings"])
    required = {"linear": 1, "llama3": 3, "yarn": 1}.get(rope_type, 0)
    if missing := [key for key in OF_TYPE[rope_type][:required] if key not in values]:
        raise UserError(f"{name} is of type {rope_type}, and has no {missing[0]!r}; fetch the config.json again")
    return Rope(rope.get("rope_theta", theta), rope_type, **values)


def _yarn(name: str, values: dict[str, Any], max_position_embeddings: int) -> dict[str, Any]:
    """Give the fields of yarn, with those that follow from others (Peng et al., "YaRN", 2023, section 3.4).

    As in transformers, null is as good as absent here, and so is 0 for what is a factor of another.
    """
    fields = {key: value for key, value in values.items() if value or key in KEPT_IN_YARN}
    for key in set(fields) - {"truncate"}:
        require_value(f"{name}.{key}", fields[key], float)
    if "factor" in values:  # which null is not to hide
        fields.setdefault("factor", max_position_embeddings / fields["original_max_position_embeddings"])
    scale, scale_all = fields.pop("mscale", None), fields.pop("mscale_all_dim", None)
    if "attention_factor" not in fields and "factor" in fields:
        stretch = math.log(max(fields["factor"], 1.0))
        both = scale is not None and scale_all is not None
        numerator, denominator = (scale, scale_all) if both else (1.0, 0.0)
        fields["attention_factor"] = (0.1 * numerator * stretch + 1.0) / (0.1 * denominator * stretch + 1.0)
    return fields
