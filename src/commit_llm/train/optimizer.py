"""The paper's optimizer: clip by global norm, AdamW with a bf16 first moment, warm-up and cosine."""

from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax

EPSILON = 1e-8


class AdamState(NamedTuple):
    """Hold Adam's state.

    updates: so far, int32.
    mu: first moments, in the shape of the parameters.
    nu: second moments, likewise, fp32.
    """

    updates: Any
    mu: Any
    nu: Any


def learning_rate_schedule(
    peak: float, end: float, warmup_steps: int, decay_steps: int, *, first_step_at_zero: bool
) -> optax.Schedule:
    """Make a function of the step, from 0: linear warm-up, then a cosine to `end` over decay_steps - warmup_steps.

    first_step_at_zero: the first step has learning rate 0, as in the original; else the first warm-up value,
        peak / warmup_steps.
    """
    schedule = optax.warmup_cosine_decay_schedule(0.0, peak, warmup_steps, decay_steps, end)
    first = 0 if first_step_at_zero else 1
    return lambda step: schedule(jnp.asarray(step + first, jnp.float32))  # optax divides it


class Adam(NamedTuple):
    """Compute Adam's moments and direction of one array, in fp32.

    beta1, beta2: decays of the moments.
    stored_beta1: what the stored first moment is multiplied by.
    """

    beta1: float
    beta2: float
    stored_beta1: float

    def first_moment(self, gradient: Any, stored: Any) -> Any:
        """Give (1 - beta1) g + beta1 m_stored."""
        return (1 - self.beta1) * gradient + self.stored_beta1 * stored.astype(jnp.float32)

    def second_moment(self, gradient: Any, stored: Any) -> Any:
        """Give (1 - beta2) g^2 + beta2 v_stored."""
        return (1 - self.beta2) * gradient**2 + self.beta2 * stored

    def corrections(self, updates: Any) -> tuple[Any, Any]:
        """Give what the moments after so many updates are divided by, because they began at 0."""
        correction1, correction2 = (1 - jax.lax.pow(jnp.float32(beta), updates) for beta in (self.beta1, self.beta2))
        return correction1, correction2

    def direction(self, first: Any, second: Any, corrections: tuple[Any, Any]) -> Any:
        """Give m_hat / (sqrt(v_hat) + 1e-8)."""
        correction1, correction2 = corrections
        return (first / correction1) / (jnp.sqrt(second / correction2) + EPSILON)


def make_adam(beta1: float, beta2: float, momentum_dtype: Any, *, round_beta1: bool) -> Adam:
    """Make Adam for a first moment that is stored in momentum_dtype.

    round_beta1: m_stored is multiplied by beta1 rounded to momentum_dtype, as the original does with a bf16 moment:
        0.8984375 for 0.9 (docs/behaviour.md, "Model and training").
    """
    return Adam(beta1, beta2, float(jnp.asarray(beta1, momentum_dtype)) if round_beta1 else beta1)


def scale_by_adam(
    beta1: float, beta2: float, momentum_dtype: Any, *, round_beta1: bool
) -> optax.GradientTransformation:
    """Make Adam's direction m_hat / (sqrt(v_hat) + 1e-8), with m stored in momentum_dtype.

    m = (1 - beta1) g + beta1 m_stored, the product in fp32. The update uses m before it is rounded for storage; the
    bias correction uses beta1 itself. optax.scale_by_adam differs: it rounds the product to bf16.
    """
    adam = make_adam(beta1, beta2, momentum_dtype, round_beta1=round_beta1)

    def init(params: Any) -> AdamState:
        return AdamState(
            jnp.zeros([], jnp.int32),
            jax.tree.map(lambda p: jnp.zeros_like(p, momentum_dtype), params),
            jax.tree.map(lambda p: jnp.zeros_like(p, jnp.float32), params),
        )

    def update(gradients: Any, state: AdamState, params: Any = None) -> tuple[Any, AdamState]:
        updates = state.updates + 1
        mu = jax.tree.map(adam.first_moment, gradients, state.mu)
        nu = jax.tree.map(adam.second_moment, gradients, state.nu)
        corrections = adam.corrections(updates)
        direction = jax.tree.map(lambda m, v: adam.direction(m, v, corrections), mu, nu)
        return direction, AdamState(updates, jax.tree.map(lambda m: m.astype(momentum_dtype), mu), nu)

    return optax.GradientTransformation(init, update)


def make_optimizer(
    schedule: optax.Schedule,
    *,
    beta1: float,
    beta2: float,
    weight_decay: float,
    clip_norm: float,
    momentum_dtype: Any,
    round_beta1: bool,
) -> optax.GradientTransformation:
    """Chain clipping by global norm, AdamW, and minus the schedule's learning rate."""
    return optax.chain(
        optax.clip_by_global_norm(clip_norm),
        scale_by_adam(beta1, beta2, momentum_dtype, round_beta1=round_beta1),
        optax.add_decayed_weights(weight_decay),
        optax.scale_by_learning_rate(schedule),
    )
