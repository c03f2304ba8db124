"""The probe: its penalty is chosen on rows that the fit has not seen, by hash; its labels may be any numbers."""

import numpy as np
import pytest
import torch

from storage.errors import InputError
from tasks.evaluation.probe.config import ProbeConfig
from tasks.evaluation.probe.linear import Labelled, linear_probe

CONFIG = ProbeConfig()


def noisy(n: int = 400, d: int = 100, seed: int = 0) -> Labelled:
    """Three classes told apart by 3 of 100 coordinates: a weak penalty fits the noise of the others."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.randint(0, 3, (n,), generator=generator)
    points = torch.randn(n, d, generator=generator)
    points[:, :3] += 2 * torch.nn.functional.one_hot(labels, 3)
    return Labelled(np.arange(n, dtype=np.uint64) + 1_000 * seed, points, 10 * labels + 7)


def test_the_penalty_is_chosen_and_helps_on_rows_not_seen():
    train, test = noisy(), noisy(2_000, seed=1)
    probe = linear_probe(train, CONFIG)
    assert [candidate.penalty for candidate in probe.candidates] == sorted(CONFIG.penalties, reverse=True)
    assert all(candidate.converged for candidate in probe.candidates) and probe.fit.converged

    def accuracy(config: ProbeConfig) -> float:
        answers = linear_probe(train, config).ranking(test.features)[:, 0]
        return (answers == test.labels).double().mean().item()

    assert probe.fit.penalty >= 1e-2
    assert accuracy(CONFIG) > accuracy(ProbeConfig(penalties=(1e-6,), iterations=5_000)) + 0.03
    assert accuracy(CONFIG) > 0.75


def test_answers_are_labels_and_the_best_come_first():
    probe = linear_probe(noisy(), CONFIG)
    ranking = probe.ranking(noisy().features)
    assert ranking.shape == (400, 3) and set(ranking.unique().tolist()) == {7, 17, 27}
    assert (ranking[:, 0] == noisy().labels).double().mean() > 0.8


def test_the_order_of_the_rows_does_not_matter():
    whole = noisy()
    turned = Labelled(whole.ids[::-1].copy(), whole.features.flip(0), whole.labels.flip(0))
    one, other = linear_probe(whole, CONFIG), linear_probe(turned, CONFIG)
    assert one.fit.penalty == other.fit.penalty
    assert [c.accuracy for c in one.candidates] == [c.accuracy for c in other.candidates]
    torch.testing.assert_close(one.fit.weight, other.fit.weight, atol=1e-3, rtol=1e-2)


def test_a_choice_at_the_edge_is_said():
    assert linear_probe(noisy(), ProbeConfig(penalties=(1e-6, 1e-5))).at_the_edge
    assert not linear_probe(noisy(), ProbeConfig(penalties=(1e-3,))).at_the_edge


def test_one_class_and_too_few_rows_are_refused():
    whole = noisy()
    with pytest.raises(InputError, match="two classes"):
        linear_probe(Labelled(whole.ids, whole.features, torch.zeros_like(whole.labels)), CONFIG)
    with pytest.raises(InputError, match="no part"):
        linear_probe(Labelled(whole.ids[:2], whole.features[:2], torch.tensor([0, 1])), ProbeConfig(held_out=1e-9))
