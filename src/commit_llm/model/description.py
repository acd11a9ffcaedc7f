"""Say in one line which model was recognised: what a user can compare with what the model's authors say."""

from collections import Counter

from commit_llm.model.config import ModelConfig
from commit_llm.model.layer_kinds import Rope
from commit_llm.model.parameters import count_parameters


def describe(config: ModelConfig) -> str:
    """Say family, size, and in what the model differs from plain LLaMA.

    >>> from commit_llm.model.layer_kinds import LayerKind
    >>> config = ModelConfig(151936, 1024, 3072, 28, 16, 8, 128, tie_word_embeddings=True, qk_norm="head",
    ...     model_type="qwen3", kinds=(LayerKind(rope=Rope(1e6)),))
    >>> print(describe(config))
    model: qwen3, 596 M parameters, 28 layers; heads normed, head tied
    """
    traits = [*_kinds(config), *_parts(config)]
    return f"model: {config.model_type}, {_size(config)} parameters, {config.num_hidden_layers} layers" + (
        f"; {', '.join(traits)}" if traits else ""
    )


def _size(config: ModelConfig) -> str:
    count = count_parameters(config)
    if count >= 9.995e8:
        return f"{count / 1e9:.2f} B"
    return f"{count / 1e6:.0f} M" if count >= 1e7 else f"{count:,}"


def _kinds(config: ModelConfig) -> list[str]:
    """Say how many layers have what not all of them have, and what all have."""

    def among(count: int) -> str:
        return "all" if count == config.num_hidden_layers else str(count)

    kinds = config.layer_kinds
    windows = Counter(kind.window for kind in kinds if kind.window is not None)
    traits = [f"{among(count)} with a window of {window:,} tokens" for window, count in windows.items()]
    if without := sum(kind.rope is None for kind in kinds):
        traits.append(f"{among(without)} without rotary embedding")
    ropes = Counter(_scaling(kind.rope) for kind in kinds if kind.rope and kind.rope.rope_type != "default")
    return traits + [f"{among(count)} with rotary embedding {scaling}" for scaling, count in ropes.items()]


def _scaling(rope: Rope) -> str:
    return f"{rope.rope_type} x {rope.factor:g}"


def _parts(config: ModelConfig) -> list[str]:
    normed = {"none": None, "head": "heads normed", "whole": "heads normed together"}[config.qk_norm]
    soft_capped = config.attn_logit_softcapping is not None or config.final_logit_softcapping is not None
    scaled = {
        "embeddings": config.embedding_multiplier != 1.0,
        "residuals": config.residual_multiplier != 1.0,
        "scores": config.attention_multiplier is not None,
        "logits": config.logits_scaling != 1.0,
    }
    traits = {
        config.hidden_act: config.hidden_act != "silu",
        f"scaled {' and '.join(name for name, is_there in scaled.items() if is_there)}": any(scaled.values()),
        "norms of 1 + w": config.norm_offset == 1,
        f"biases of {', '.join(config.biases)}": bool(config.biases),
        normed: normed is not None,
        f"norms {config.norms}": config.norms != "before",
        "soft caps": soft_capped,
        "head tied": config.tie_word_embeddings,
    }
    return [trait for trait, is_there in traits.items() if trait and is_there]
