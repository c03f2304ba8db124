"""Configurations of training: sections given in part, and combinations that cannot be."""

import pytest
from pydantic import ValidationError

from tasks.training.config import FinetuneConfig, HeadsConfig, OptimiserConfig, RegulariserConfig
from tasks.training.selfsupervised.config import SelfSupervisedConfig


def test_another_optimiser_keeps_the_rate_of_a_finetuning() -> None:
    assert FinetuneConfig.model_validate({"optimiser": {"name": "adam"}}).optimiser == OptimiserConfig(
        name="adam", learning_rate=1e-4
    )


def test_heads_keep_their_decay_and_are_not_clipped() -> None:
    optimiser = HeadsConfig.model_validate({"optimiser": {"learning_rate": 1e-3}}).optimiser
    assert (optimiser.weight_decay, optimiser.clip_norm, optimiser.learning_rate) == (1e-2, None, 1e-3)


def test_one_weight_of_treg_keeps_the_other() -> None:
    assert FinetuneConfig.model_validate({"regulariser": {"gamma": 1e-3}}).regulariser.lambda_ == 2e-5
    assert SelfSupervisedConfig.model_validate({"regulariser": {"gamma": 0.1}}).regulariser.lambda_ == 8e-4


def test_another_regulariser_takes_no_weight_from_treg() -> None:
    given = {"regulariser": {"kind": "koleo", "weight": 0.1}}
    assert FinetuneConfig.model_validate(given).regulariser == RegulariserConfig(kind="koleo", weight=0.1)


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"kind": "vicreg"}, "vicreg of weight 0 does nothing"),
        ({"kind": "koleo", "weight": 0}, "koleo of weight 0 does nothing"),
        ({"kind": "koleo", "weight": 1, "gamma": 1e-3}, "are T-REG's"),
        ({"weight": 0.1}, "belongs to the other kinds"),
    ],
)
def test_regularisers_whose_weights_are_not_theirs(given: dict, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        FinetuneConfig.model_validate({"regulariser": given})


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"method": "contrastive", "loss": {"gradient": "surrogate"}}, "exists for 2 half-steps only, not 1"),
        ({"method": "contrastive", "distance": "sum"}, "belongs to the invariance method"),
        ({"loss": {"half_steps": 2}}, "belongs to the contrastive method"),
        ({"batch": 10, "accumulate": 3}, "cannot be cut into 3 equal parts"),
    ],
)
def test_self_supervised_trainings_that_cannot_be(given: dict, words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        SelfSupervisedConfig.model_validate(given)
