"""Training heads: every regulariser, mixed precision and compiled encoders."""

import numpy as np
import pytest
import torch

from tasks.training.config import (
    RegulariserConfig,
)
from tasks.training.loop.context import Context
from tasks.training.models.saved import kept_heads, load_heads, save_heads
from tasks.training.recipes.heads import train_heads
from tests.tasks.training.conftest import HEADS


def losses_of(examples, **changes) -> np.ndarray:
    config = HEADS.model_copy(update={"steps": 6, **changes})
    heads, fitted = train_heads(examples, config, seed=0)
    assert all(parameter.dtype == torch.float32 for parameter in heads.parameters())
    return fitted.metrics["loss"].to_numpy()


@pytest.mark.parametrize("accumulate", (1, 2))
def test_bf16_encodes_in_bf16_and_stays_near(examples, accumulate):
    whole = losses_of(examples)
    mixed = losses_of(examples, precision="bf16-mixed", accumulate=accumulate)
    assert (mixed != whole).all()
    np.testing.assert_allclose(mixed, whole, rtol=2e-2)


@pytest.mark.slow
@pytest.mark.parametrize("accumulate", (1, 2))
def test_compiled_encoders_train_alike(examples, accumulate):
    np.testing.assert_allclose(losses_of(examples, compile=True, accumulate=accumulate), losses_of(examples), rtol=1e-4)


@pytest.mark.parametrize("kind", ("koleo", "uniformity", "wasserstein", "vicreg", "sigreg"))
def test_every_regulariser_trains(examples, kind):
    config = HEADS.model_copy(update={"steps": 3, "regulariser": RegulariserConfig(kind=kind, weight=0.1)})
    _, fitted = train_heads(examples, config, seed=0)
    assert fitted.metrics["loss"][0].as_py() != fitted.metrics["contrastive"][0].as_py()


def test_heads_are_kept_along_the_way_also_after_an_interruption(examples, tmp_path, monkeypatch):
    config = HEADS.model_copy(update={"steps": 6, "keep_every": 2, "checkpoint_every": 3})
    whole = tmp_path / "whole"
    train_heads(examples, config, seed=0, along=whole)
    assert list(kept_heads(whole)) == [2, 4, 6]

    class CutError(Exception):
        pass

    kept = save_heads

    def cut(directory, heads):
        kept(directory, heads)
        if directory.name.endswith("4"):
            raise CutError

    monkeypatch.setattr("tasks.training.recipes.heads.save_heads", cut)
    context = Context(scratch=tmp_path / "scratch")
    with pytest.raises(CutError):
        train_heads(examples, config, seed=0, context=context, along=tmp_path / "cut")
    monkeypatch.undo()
    _, fitted = train_heads(examples, config, seed=0, context=context, along=tmp_path / "cut")
    assert fitted.resumed_at == 3
    for step, folder in kept_heads(whole).items():
        ours = load_heads(kept_heads(tmp_path / "cut")[step]).state_dict()
        assert all(torch.equal(tensor, ours[name]) for name, tensor in load_heads(folder).state_dict().items())
