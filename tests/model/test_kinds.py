"""What belongs to a layer's kind is chosen by its number, inside a loop over layers too."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from commit_llm.errors import UserError
from commit_llm.model.config import ModelConfig
from commit_llm.model.kinds import by_kind, call_of_kind, kind_numbers, windows_of_kinds
from commit_llm.model.layer_kinds import LayerKind

SIZES = (9, 32, 8, 4, 4, 4, 8)
TWO_KINDS = ModelConfig(*SIZES, kinds=(LayerKind(6), LayerKind()), pattern=(0, 0, 1, 0))


def test_the_number_of_every_layer():
    assert kind_numbers(ModelConfig(*SIZES)) == (0, 0, 0, 0)
    assert kind_numbers(TWO_KINDS) == (0, 0, 1, 0)
    assert [kind.window for kind in TWO_KINDS.layer_kinds] == [6, 6, None, 6]
    with pytest.raises(UserError, match="3 layers have a kind; num_hidden_layers is 4"):
        ModelConfig(*SIZES, kinds=TWO_KINDS.kinds, pattern=(0, 0, 1))


@pytest.mark.parametrize(("length", "windows"), [(5, [None, None]), (6, [None, None]), (7, [6, None])])
def test_a_window_counts_where_it_hides_something(length, windows):
    assert windows_of_kinds(TWO_KINDS, length) == windows


def test_one_value_for_all_is_not_chosen():
    value = jnp.ones(3)
    assert by_kind([value, value])(jnp.int32(1)) is value
    one = len
    assert call_of_kind([one, one], jnp.int32(1), "abc") == 3


def test_a_loop_goes_through_the_kinds():
    values = by_kind([(jnp.array(1.0), jnp.array(2.0)), (jnp.array(30.0), jnp.array(40.0))])
    plus_one, double = (lambda x: x + 1.0), (lambda x: x * 2.0)

    def layer(total, kind):
        first, second = values(kind)
        return call_of_kind([plus_one, double], kind, total) + first * second, None

    total, _ = jax.lax.scan(layer, 0.0, jnp.array(kind_numbers(TWO_KINDS)))
    assert float(total) == ((0 + 1 + 2) + 1 + 2) * 2 + 1200 + 1 + 2
    np.testing.assert_array_equal(values(1), [30.0, 40.0])
