"""Hold the flags of what is trained and how: adapters or the whole model, the optimizer, and its schedule."""

from dataclasses import dataclass, replace
from typing import Literal, Self

from commit_llm.errors import UserError, flag, shown

FULL_LEARNING_RATE = 2e-5  # of full fine-tuning (docs/behaviour.md, "Model and training")
TIMES_FOR_LORA = 10  # docs/adapters.md
NONE = "none"  # of --modules-to-save: nothing, whatever the base is


@dataclass(frozen=True)
class TrainingFlags:
    """Say what is trained, and how its updates are made. The flags of adapters have PEFT's names."""

    lora_r: int | None = None
    """Train LoRA adapters of this rank, with the model frozen in bfloat16. Default: train the whole model."""
    lora_alpha: float | None = None
    """The product of an adapter is multiplied by alpha / rank. Default: twice the rank."""
    lora_target_modules: tuple[str, ...] = ("all-linear",)
    """Kernels with an adapter: q_proj k_proj v_proj o_proj gate_proj up_proj down_proj, or all-linear: all of them."""
    modules_to_save: tuple[str, ...] = ()
    """With LoRA: also train embed_tokens, lm_head or both, whole; none: neither.
    Default: neither, but the matrices with new rows if the base has any (`tokenizer extend`)."""

    optimizer: Literal["adamw", "adamw-split", "adamw-lean"] = "adamw"
    """adamw keeps fp32 weights. To save memory, adamw-split splits each into two halves and uses bf16 gradients;
    adamw-lean also factors the second moment."""
    learning_rate: float | None = None
    """Highest learning rate, reached after the warm-up. Default: 2e-5; with --lora-r 2e-4."""
    end_learning_rate: float = 1e-7
    """Learning rate at the end of the cosine, after decay-steps."""
    warmup_steps: int = 36
    """Steps of linear warm-up."""
    decay_steps: int | None = None
    """Step at which the cosine ends, including the warm-up. Default: steps."""
    weight_decay: float = 0.0
    """Decoupled weight decay of AdamW."""
    beta1: float = 0.9
    """Decay of AdamW's first moment."""
    beta2: float = 0.999
    """Decay of AdamW's second moment."""
    momentum_dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """Dtype of the stored first moment."""
    clip_norm: float = 1.0
    """Scale gradients down to this global norm if they exceed it."""
    gradient_accumulation: int = 1
    """Split a batch into this many parts, one after another, to save memory. The loss stays the same."""
    loss_reduction: Literal["token", "row"] = "token"
    """token: mean over the supervised tokens of the batch. row: mean over each row, then over rows."""

    @property
    def alpha(self) -> float:
        """Give the alpha of LoRA; 0 where there is no adapter."""
        return float(2 * (self.lora_r or 0)) if self.lora_alpha is None else self.lora_alpha

    @property
    def saved_modules(self) -> tuple[str, ...]:
        """Give the names of what is trained whole beside an adapter."""
        return () if self.modules_to_save == (NONE,) else self.modules_to_save

    def saving_none(self) -> Self:
        """Give the same flags with nothing trained whole beside an adapter."""
        return replace(self, modules_to_save=(NONE,))

    @property
    def peak_learning_rate(self) -> float:
        """Give the learning rate that is asked for, or else the usual one."""
        if self.learning_rate is not None:
            return self.learning_rate
        return FULL_LEARNING_RATE * (1 if self.lora_r is None else TIMES_FOR_LORA)

    @property
    def learns_as_if_full(self) -> bool:
        """Say whether adapters learn no faster than the whole model usually does, as a recipe's file may ask for."""
        return self.lora_r is not None and self.peak_learning_rate <= FULL_LEARNING_RATE

    def check_adapter(self, *, from_scratch: bool) -> None:
        """Raise UserError for flags out of their range, or that do not go together.

        Which modules there are, and how large a rank may be, the model says (train/adapted.py).
        """
        if self.lora_r is None:
            for name in ("lora_alpha", "lora_target_modules", "modules_to_save"):
                if (value := getattr(self, name)) != getattr(TrainingFlags, name):
                    words = " ".join(value) if isinstance(value, tuple) else value
                    raise UserError(f"{flag(name)} {shown(words)}: is for LoRA; name its rank with --lora-r")
            return
        if self.lora_r < 1:
            raise UserError(f"--lora-r {self.lora_r}: must be at least 1")
        if NONE in self.modules_to_save and len(self.modules_to_save) > 1:
            raise UserError(
                f"--modules-to-save {shown(' '.join(self.modules_to_save))}: {NONE} excludes other names; leave out "
                "it or the others"
            )
        if not 0 < self.alpha < float("inf"):
            raise UserError(f"--lora-alpha {self.lora_alpha}: must be a number above 0")
        if from_scratch:
            raise UserError(
                f"--lora-r {self.lora_r}: needs existing weights, and --from-scratch has none; leave out one of them"
            )
        if self.optimizer != "adamw":
            raise UserError(
                f"--optimizer {self.optimizer}: saves memory if all weights are trained; with --lora-r "
                f"{self.lora_r} hardly any are; leave out one of them"
            )
