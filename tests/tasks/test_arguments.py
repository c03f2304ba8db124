"""What cannot be meant is refused before any work, in one sentence, by every name of the face that takes it."""

from collections.abc import Callable

import numpy as np
import pytest
import torch

import equipoise
from storage.errors import InputError
from tasks.arguments import not_negative, one_of, positive, whole

MATRIX = (np.array([0, 2, 3]), np.array([0, 1, 1]))
THREE = np.eye(3, dtype=np.float32)


def rake(**changed: object) -> object:
    """Two captions, two keywords."""
    given = {"columns": 2, "column_target": [0.5, 0.5], "steps": 1} | changed
    return equipoise.rake(*MATRIX, **given)


def draw(**changed: object) -> object:
    """One of two captions."""
    given = {"method": "poisson", "size": 1, "seed": 0} | changed
    return equipoise.draw([1, 2], [1.0, 1.0], **given)


@pytest.mark.parametrize(
    ("call", "said"),
    (
        (lambda: rake(initial="row"), "unknown initial 'row'; use rows, pairs"),
        (lambda: rake(steps=1.0), "steps must be a whole number, not 1.0"),
        (lambda: rake(steps=-1), "steps must be at least 0, not -1"),
        (lambda: rake(columns=2.0), "columns must be a whole number, not 2.0"),
        (lambda: rake(columns=-1), "columns must be at least 0, not -1"),
        (lambda: rake(tolerance=-1e-3), "tolerance must be 0 or more and finite, not -0.001"),
        (lambda: rake(tolerance=float("nan")), "tolerance must be 0 or more and finite, not nan"),
        (lambda: rake(workers=0), "workers must be at least 1, not 0"),
        (lambda: draw(method="Poisson"), "unknown method 'Poisson'; use poisson, residual, multinomial, systematic"),
        (lambda: draw(method="multinomial", size=1.5), "size must be a whole number, not 1.5"),
        (lambda: draw(size=float("nan")), "size must be 0 or more and finite, not nan"),
        (lambda: equipoise.knn(THREE, 0), "k must be at least 1, not 0"),
        (lambda: equipoise.knn(THREE, 1.5), "k must be a whole number, not 1.5"),
        (lambda: equipoise.knn(THREE, 1, workers=0), "workers must be at least 1, not 0"),
        (lambda: equipoise.knn(THREE, 1, backend="gpu"), "unknown backend 'gpu'; use auto, tiles, faiss, torch"),
        (lambda: equipoise.minimum_spanning_tree(THREE, neighbours=0), "neighbours must be at least 1, not 0"),
        (lambda: equipoise.minimum_spanning_tree(THREE, method="prim"), "unknown method 'prim'; use auto, exact, knn"),
        (lambda: equipoise.treg_uniformity(-1.0, 2), "length must be 0 or more and finite, not -1"),
        (lambda: equipoise.intrinsic_dimension(THREE, deviations=0), "deviations must be more than 0 and finite"),
        (lambda: equipoise.balanced_contrastive_loss(torch.eye(2), 1.5), "half-steps must be a whole number, not 1.5"),
        (lambda: equipoise.balanced_contrastive_loss(torch.eye(2), 2, "none"), "use unrolled, surrogate"),
        (lambda: equipoise.BalancedClipLoss(-1), "the number of half-steps must be at least 0, not -1"),
        (lambda: equipoise.BalancedClipLoss(1, "none"), "unknown gradient 'none'; use unrolled, surrogate"),
        (lambda: equipoise.BalancedClipLoss(1, "surrogate"), "exists for 2 half-steps only, not 1"),
        (lambda: equipoise.TregLoss(-1.0, 0.0), "gamma must be 0 or more and finite, not -1"),
        (lambda: equipoise.treg(torch.eye(2), gamma=0.0, lambda_=float("inf")), "lambda_ must be 0 or more and finite"),
        (lambda: equipoise.Heads(layers=0), "layers must be at least 1, not 0"),
        (lambda: equipoise.Heads(logit_scale=0.0), "logit_scale must be more than 0 and finite, not 0"),
    ),
)
def test_the_face_refuses(call: Callable[[], object], said: str) -> None:
    with pytest.raises(InputError) as refused:
        call()
    assert said in str(refused.value)


@pytest.mark.parametrize("kind", (int, np.int64, np.uint8))
def test_whole_numbers_of_any_kind(kind: Callable[[int], int]) -> None:
    assert whole(kind(3), "k", least=3) == 3 and type(whole(kind(3), "k", least=0)) is int


def test_what_is_said_of_a_tensor_is_one_short_line() -> None:
    with pytest.raises(InputError) as refused:
        whole(torch.zeros(50, 50), "k", least=0)
    assert len(str(refused.value)) < 120 and "\n" not in str(refused.value)


def test_numbers_are_python_s() -> None:
    assert type(not_negative(np.float32(0), "x")) is float and positive(np.int64(2), "x") == 2.0
    one_of("a", ("a", "b"), "letter")
