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
    """Train LoRA adapters of this rank, and leave the model itself frozen, in bfloat16. Default: train all of it."""
    lora_alpha: float | None = None
    """What an adapter's product is multiplied by, over its rank. Default: twice the rank."""
    lora_target_modules: tuple[str, ...] = ("all-linear",)
    """Kernels with an adapter: q_proj k_proj v_proj o_proj gate_proj up_proj down_proj, or all-linear: all of them."""
    modules_to_save: tuple[str, ...] = ()
    """With LoRA: embed_tokens or lm_head, or both, trained whole beside the adapters; none: neither.
    Default: neither, but where the base has new rows (`tokenizer extend`), what holds them."""

    optimizer: Literal["adamw", "adamw-split", "adamw-lean"] = "adamw"
    """adamw keeps fp32 weights. In less memory: adamw-split keeps two halves of each, with bf16 gradients.
    adamw-lean also factors the second moment."""
    learning_rate: float | None = None
    """Peak of the schedule, reached after the warm-up. Default: 2e-5, and with --lora-r ten times that."""
    end_learning_rate: float = 1e-7
    """Where the cosine ends, at decay-steps."""
    warmup_steps: int = 36
    """Steps of linear warm-up."""
    decay_steps: int | None = None
    """Step at which the cosine ends, warm-up included. Default: steps."""
    weight_decay: float = 0.0
    """Decoupled weight decay of AdamW."""
    beta1: float = 0.9
    """Decay of AdamW's first moment."""
    beta2: float = 0.999
    """Decay of AdamW's second moment."""
    momentum_dtype: Literal["bfloat16", "float32"] = "bfloat16"
    """How the first moment is stored."""
    clip_norm: float = 1.0
    """Gradients are scaled down to this global norm where they exceed it."""
    gradient_accumulation: int = 1
    """Parts that a batch is cut into, one after another, to save memory. The loss stays the same."""
    loss_reduction: Literal["token", "row"] = "token"
    """Mean over the supervised tokens of the batch, or mean a row and then over rows."""

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
                f"--modules-to-save {shown(' '.join(self.modules_to_save))}: {NONE} stands alone; leave it out, or "
                "what else is there"
            )
        if not 0 < self.alpha < float("inf"):
            raise UserError(f"--lora-alpha {self.lora_alpha}: must be a number above 0")
        if from_scratch:
            raise UserError(
                f"--lora-r {self.lora_r}: trains beside weights that are there, and --from-scratch has none; leave "
                "out one of them"
            )
        if self.optimizer != "adamw":
            raise UserError(
                f"--optimizer {self.optimizer}: saves memory where all weights are trained; with --lora-r "
                f"{self.lora_r} hardly any are; leave out one of them"
            )
