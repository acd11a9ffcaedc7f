"""Hold the flags of low-rank adapters, with the names that PEFT gives them."""

from dataclasses import dataclass

from commit_llm.errors import UserError, flag, shown

FULL_LEARNING_RATE = 2e-5  # of full fine-tuning (docs/behaviour.md, "Model and training")
TIMES_FOR_LORA = 10  # docs/adapters.md


@dataclass(frozen=True)
class AdapterFlags:
    """Say whether the whole model is trained, or small matrices beside its frozen kernels."""

    lora_r: int | None = None
    """Train LoRA adapters of this rank, and leave the model itself frozen, in bfloat16. Default: train all of it."""
    lora_alpha: float | None = None
    """What an adapter's product is multiplied by, over its rank. Default: twice the rank."""
    lora_target_modules: tuple[str, ...] = ("all-linear",)
    """Kernels with an adapter: q_proj k_proj v_proj o_proj gate_proj up_proj down_proj, or all-linear: all of them."""
    modules_to_save: tuple[str, ...] = ()
    """With LoRA: embed_tokens or lm_head, or both, trained whole beside the adapters."""

    @property
    def alpha(self) -> float:
        """Give the alpha of LoRA; 0 where there is no adapter."""
        return float(2 * (self.lora_r or 0)) if self.lora_alpha is None else self.lora_alpha

    @property
    def usual_learning_rate(self) -> float:
        """Give the learning rate where none is asked for."""
        return FULL_LEARNING_RATE * (1 if self.lora_r is None else TIMES_FOR_LORA)

    def check_adapter(self, *, from_scratch: bool) -> None:
        """Raise UserError for flags out of their range, or that do not go together.

        Which modules there are, and how large a rank may be, the model says (train/adapted.py).
        """
        if self.lora_r is None:
            for name in ("lora_alpha", "lora_target_modules", "modules_to_save"):
                if (value := getattr(self, name)) != getattr(AdapterFlags, name):
                    words = " ".join(value) if isinstance(value, tuple) else value
                    raise UserError(f"{flag(name)} {shown(words)}: is for LoRA; name its rank with --lora-r")
            return
        if self.lora_r < 1:
            raise UserError(f"--lora-r {self.lora_r}: must be at least 1")
        if not 0 < self.alpha < float("inf"):
            raise UserError(f"--lora-alpha {self.lora_alpha}: must be a number above 0")
        if from_scratch:
            raise UserError(
                f"--lora-r {self.lora_r}: trains beside weights that are there, and --from-scratch has none; leave "
                "out one of them"
            )
