"""What becomes of logits, and its derivative, which the loss has written out."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.model.config import ModelConfig
from commit_llm.model.head import PLAIN_LOGITS, LogitRule, logit_rule, unembed

PRODUCTS = jnp.array([-30.0, -1.0, 0.0, 0.5, 9.0])


@pytest.mark.parametrize("rule", [PLAIN_LOGITS, LogitRule(8.0), LogitRule(1.0, 4.0), LogitRule(3.0, 4.0)])
def test_the_slope_is_the_derivative(rule):
    logits = rule.logits(PRODUCTS)
    expected = jax.grad(lambda products: rule.logits(products).sum())(PRODUCTS)
    np.testing.assert_allclose(jnp.broadcast_to(rule.slopes(logits), 5), expected, rtol=1e-5, atol=1e-6)
    if rule.softcap:
        assert float(abs(logits).max()) <= rule.softcap


def test_a_configuration_s_rule_is_applied():
    config = ModelConfig(5, 4, 8, 1, 1, 1, 4, logits_scaling=8.0, final_logit_softcapping=0.1)
    assert logit_rule(config) == LogitRule(8.0, 0.1)
    params = {"head": jnp.ones((4, 5)), "final_norm": jnp.ones(4)}
    hidden = jnp.array([[[1.0, 2.0, 3.0, 4.0]]])
    plain = unembed(ModelConfig(5, 4, 8, 1, 1, 1, 4), params, hidden)
    np.testing.assert_allclose(unembed(config, params, hidden), 0.1 * np.tanh(plain / 8.0 / 0.1), rtol=1e-5)
