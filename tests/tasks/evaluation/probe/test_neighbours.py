"""Nearest neighbours against scikit-learn's."""

import numpy as np
import torch
from sklearn.neighbors import KNeighborsClassifier

from tasks.evaluation.probe.neighbours import neighbour_votes


def test_it_is_scikit_learns_with_the_same_weights():
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 5, (1_500,), generator=generator) * 3
    train = torch.randn(1_500, 16, generator=generator) + torch.nn.functional.one_hot(labels // 3, 16) * 1.5
    test = torch.randn(1_200, 16, generator=generator)
    theirs = KNeighborsClassifier(20, metric="cosine", weights=lambda distance: np.exp(-distance / 0.07))
    theirs.fit(train.numpy(), labels.numpy())
    ours = neighbour_votes(train, labels, test, neighbours=20, temperature=0.07)
    assert (ours.numpy() == theirs.predict(test.numpy())).mean() > 0.999


def test_more_neighbours_than_rows_is_every_row():
    train = torch.eye(3)
    assert neighbour_votes(train, torch.tensor([4, 5, 6]), train, neighbours=99, temperature=0.07).tolist() == [4, 5, 6]
