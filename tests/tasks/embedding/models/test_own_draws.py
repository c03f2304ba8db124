"""Draws of one thread, from a generator of its own: torch's numbers, whatever other threads draw."""

import threading
from collections.abc import Callable

import pytest
import torch
from torch import Tensor, nn

from tasks.embedding.models import clip
from tasks.embedding.models.architecture import Architecture
from tasks.embedding.models.own_draws import OwnDraws

DRAWS: dict[str, Callable[[], Tensor]] = {
    "linear": lambda: nn.Linear(5, 3).weight.detach(),
    "convolution": lambda: nn.Conv2d(2, 3, 3).weight.detach(),
    "embedding": lambda: nn.Embedding(4, 3).weight.detach(),
    "attention": lambda: nn.MultiheadAttention(4, 2).in_proj_weight.detach(),
    "truncated": lambda: nn.init.trunc_normal_(torch.empty(6), std=0.02),
    "orthogonal": lambda: nn.init.orthogonal_(torch.empty(3, 3)),
    "parameter": lambda: nn.Parameter(torch.randn(4) * 0.1).detach(),
    "uniform": lambda: torch.empty(3).uniform_(-1, 1),
    "order": lambda: torch.randperm(7),
}


def elsewhere(work: Callable[[], object]) -> None:
    """Do it in another thread."""
    thread = threading.Thread(target=work)
    thread.start()
    thread.join()


@pytest.mark.parametrize("name", DRAWS)
def test_draws_are_those_of_torchs_generator_whatever_others_draw(name: str) -> None:
    torch.manual_seed(3)
    expected = [DRAWS[name](), DRAWS[name]()]
    torch.manual_seed(8)
    before = torch.get_rng_state()
    with OwnDraws(3):
        first = DRAWS[name]()
        assert torch.equal(torch.get_rng_state(), before)
        elsewhere(lambda: torch.rand(5))
        second = DRAWS[name]()
    assert torch.equal(first, expected[0]) and torch.equal(second, expected[1])
    torch.manual_seed(8)
    torch.rand(5)
    moved = torch.rand(2)
    torch.set_rng_state(before)
    elsewhere(lambda: torch.rand(5))
    assert torch.equal(torch.rand(2), moved)  # what the other thread drew is all that moved the global generator


def test_a_draw_that_names_its_generator_keeps_it() -> None:
    with OwnDraws(3):
        found = torch.rand(4, generator=torch.Generator().manual_seed(5))
    assert torch.equal(found, torch.rand(4, generator=torch.Generator().manual_seed(5)))


def test_fresh_weights_do_not_depend_on_what_other_threads_draw(monkeypatch: pytest.MonkeyPatch) -> None:
    """Heads that were scored beside a training changed its first weights."""
    undisturbed = clip.build_clip(Architecture(), seed=4).model.state_dict()
    construct = clip._construct

    def beside_others(architecture: Architecture) -> nn.Module:
        elsewhere(lambda: nn.Linear(3, 3))
        return construct(architecture)

    monkeypatch.setattr(clip, "_construct", beside_others)
    found = clip.build_clip(Architecture(), seed=4).model.state_dict()
    assert all(torch.equal(found[name], weights) for name, weights in undisturbed.items())
