"""A step compiled for a machine that is not here, and the compiler's messages."""

import dataclasses
import importlib.util

import pytest

from commit_llm.errors import UserError
from commit_llm.train.plan import planning
from commit_llm.train.plan.changes import Conditions
from commit_llm.train.plan.compilation import needed_by
from commit_llm.train.plan.estimate import GIB
from commit_llm.train.plan.planning import make_plan
from tests.train.plan.recipes_of_7b import SPREAD, TINY

needs_libtpu = pytest.mark.skipif(
    importlib.util.find_spec("libtpu") is None, reason="libtpu is not installed (extra tpu)"
)


def test_figures_in_the_compiler_s_message():
    assert needed_by("RESOURCE_EXHAUSTED: ... Used 17.08G of 15.48G hbm. Exceeded ...") == int(17.08 * GIB)
    message = "required for HLO temporaries (5.37T) exceeds available HBM (15.75G)."
    assert needed_by(message) == int(5.37 * 1024 * GIB)
    assert needed_by("RESOURCE_EXHAUSTED: out of something else") is None


@needs_libtpu
@pytest.mark.slow
@pytest.mark.optimised
def test_a_tiny_model_compiled_for_a_tpu(monkeypatch):
    """The real step for v5e:2x4: it fits; eight thousand times the rows do not, and the figure is told."""
    compiled, compile_apart = [], planning._compile_apart
    monkeypatch.setattr(planning, "_compile_apart", lambda *step: compiled.append(compile_apart(*step)) or compiled[-1])
    plan = make_plan(SPREAD, TINY, "v5e:2x4")
    assert (plan.by, plan.fits, plan.devices, plan.mesh["fsdp"]) == ("compiler", True, 8, 8)
    assert (plan.dtype, plan.attention.split()[0]) == ("bfloat16", "reference")
    assert plan.parameters == pytest.approx(Conditions(TINY, "bfloat16").estimate(SPREAD, 8).parameters / GIB, rel=1e-3)
    assert 0.1 < plan.needed < 3
    assert compiled[0].hosts == 2
    plan = make_plan(dataclasses.replace(SPREAD, batch_size=131072), TINY, "v5e:2x4")
    assert "RESOURCE_EXHAUSTED" in plan.compiler_message
    assert not plan.fits
    assert plan.needed > 100
    assert any("--gradient-accumulation" in change.flags for change in plan.changes)
    with pytest.raises(UserError, match=r"v5e:3x3.*not known"):
        make_plan(SPREAD, TINY, "v5e:3x3")
