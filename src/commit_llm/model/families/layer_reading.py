"""Read from a config.json which layers have a window, and which have which rotary embedding."""

from typing import Any

from commit_llm.errors import UserError, shown
from commit_llm.model.families.family import FULL, SLIDING, Family, Settings
from commit_llm.model.families.rotary_reading import ropes
from commit_llm.model.field_values import require_value
from commit_llm.model.layer_kinds import LayerKind


def switch(known: Settings, key: str) -> bool:
    """Give a value that must be true or false."""
    require_value(key, known[key], bool)
    return known[key]


def kinds_of_layers(known: Settings, family: Family) -> list[LayerKind]:
    """Give the kind of every layer. Raises UserError where the settings say of a layer what the decoder has not.

    known: the settings of a file, with the defaults of its family.
    """
    layers = known["num_hidden_layers"]
    turned = _layers_with_rope(known, family)
    window = _window(known, family)
    known = {**known, "sliding_window": window, "no_rope_layers": turned}
    listed = None if family.ignores_layer_types else known.get("layer_types")
    layer_types = (
        family.layer_types(known) if listed is None else _one_a_layer(listed, "layer_types", (FULL, SLIDING), layers)
    )
    if SLIDING in layer_types and window is None:
        raise UserError(f"layer_types has {SLIDING}, and there is no sliding_window; add it")
    rope_of = ropes(known, family)
    windows = {FULL: None, SLIDING: window}
    return [
        LayerKind(windows[layer_type], rope_of[layer_type] if has_rope else None)
        for layer_type, has_rope in zip(layer_types, turned, strict=True)
    ]


def _window(known: Settings, family: Family) -> Any:
    """Give the window of the layers that slide; None where none does."""
    if "sliding_window_pattern" in family.defaults:
        require_value("sliding_window_pattern", known["sliding_window_pattern"], int)
    slides = switch(known, "use_sliding_window") if "use_sliding_window" in family.defaults else True
    if "max_window_layers" not in family.defaults:
        return known.get("sliding_window")
    if type(known["max_window_layers"]) is not int or known["max_window_layers"] < 0:
        raise UserError(f"max_window_layers is {shown(known['max_window_layers'])}; it must be a number, at least 0")
    return known["sliding_window"] if slides else None


def _layers_with_rope(known: Settings, family: Family) -> list[int]:
    """Give 1 for each layer that has a rotary embedding, and 0 for the others; the key is named as if the reverse."""
    key, layers = "no_rope_layers", known["num_hidden_layers"]
    if key not in family.defaults:
        return [1] * layers
    require_value("no_rope_layer_interval", known["no_rope_layer_interval"], int)
    if known[key] is None:
        return [int((layer + 1) % known["no_rope_layer_interval"] != 0) for layer in range(layers)]
    return _one_a_layer(known[key], key, (0, 1), layers)


def _one_a_layer(values: Any, name: str, options: tuple[Any, ...], layers: int) -> list[Any]:
    """Raise UserError where a list has not one of these options for each layer."""
    if not isinstance(values, list):
        raise UserError(f"{name} is {shown(values)}; it must be a list with an entry for each layer")
    if unknown := [value for value in values if isinstance(value, bool) or value not in options]:
        raise UserError(f"{name} has {shown(unknown[0])}; the decoder has {' and '.join(map(str, options))}")
    if len(values) != layers:
        raise UserError(f"{name} has {len(values)} entries, and num_hidden_layers is {layers}; give one for each layer")
    return values
