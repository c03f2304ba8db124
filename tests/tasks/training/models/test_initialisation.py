"""Fresh weights: of the seed alone, distributed as torch's own, and without a draw from its global generator."""

import math

import torch
from torch import nn

from tasks.training.models.initialisation import initialised


def network() -> nn.Sequential:
    return nn.Sequential(
        nn.Conv2d(3, 64, 3), nn.BatchNorm2d(64), nn.Flatten(), nn.Linear(64, 512), nn.BatchNorm1d(512),
        nn.Linear(512, 4, bias=False),
    )  # fmt: skip


def test_the_seed_alone_decides() -> None:
    before = torch.random.get_rng_state()
    states = []
    for seed in (3, 3, 4):
        torch.rand(1)
        states.append([tensor.clone() for tensor in initialised(network, seed=seed).state_dict().values()])
    assert all(map(torch.equal, states[0], states[1]))
    assert not all(map(torch.equal, states[0], states[2]))
    torch.random.set_rng_state(before)
    initialised(network, seed=0)
    assert torch.equal(torch.random.get_rng_state(), before)


def test_every_layer_has_torchs_own_law() -> None:
    made = initialised(network, seed=0)
    for layer, inputs in ((made[0], 27), (made[3], 64), (made[5], 512)):
        bound = 1 / math.sqrt(inputs)  # uniform within ±1/√inputs: what Kaiming's rule with a = √5 comes to
        assert layer.weight.abs().max() <= bound
        torch.testing.assert_close(layer.weight.std(), torch.tensor(bound / math.sqrt(3)), rtol=0.05, atol=0)
        assert layer.bias is None or 0 < layer.bias.abs().max() <= bound
    for norm in (made[1], made[4]):
        assert (norm.weight == 1).all() and (norm.bias == 0).all()
        assert (norm.running_mean == 0).all() and (norm.running_var == 1).all() and norm.num_batches_tracked == 0
