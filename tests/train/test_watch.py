"""What a run writes besides its logs."""

import sys
import types

import pytest

from commit_llm.errors import UserError
from commit_llm.train.loop import train


@pytest.mark.slow
def test_tensorboard_and_wandb(small_recipe, tmp_path, monkeypatch):
    written = []
    run_of_wandb = types.SimpleNamespace(log=lambda values, step: written.append((step, values)), finish=lambda: None)
    fake = types.SimpleNamespace(init=lambda **options: run_of_wandb)
    monkeypatch.setitem(sys.modules, "wandb", fake)
    train(small_recipe(held_out_share=0.2, eval_every=4), tmp_path / "run", wandb_project="greek")
    assert [step for step, _ in written] == [1, 2, 4, 4, 6, 8, 8]
    assert {"train/loss", "train/tokens_per_second"} <= set(written[0][1])
    (events,) = (tmp_path / "run" / "tensorboard").iterdir()
    content = events.read_bytes()
    for name in (b"train/loss", b"train/grad_norm", b"held_out/loss"):
        assert name in content
    monkeypatch.setitem(sys.modules, "wandb", None)
    with pytest.raises(UserError, match=r"pip install 'commit-llm\[wandb\]'"):
        train(small_recipe(), tmp_path / "other", wandb_project="greek")
    assert not (tmp_path / "other").exists()
