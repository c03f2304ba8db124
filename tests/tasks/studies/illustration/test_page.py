"""The study `illustration`: the targets are the known joint's own marginals, and the sample comes nearer to it."""

import numpy as np
import pytest

from tasks.reporting.page.svg import NARROW, WIDE, drawing
from tasks.studies.illustration.config import IllustrationConfig
from tasks.studies.illustration.figure import draw_distance, draw_illustration
from tasks.studies.illustration.page import illustration_page
from tasks.studies.illustration.sample import IllustrationNumbers, illustration_numbers

CONFIG = IllustrationConfig(sample=200, repetitions=200)


@pytest.fixture(scope="module")
def numbers() -> IllustrationNumbers:
    return illustration_numbers(CONFIG)


def test_half_steps_set_the_true_marginals(numbers: IllustrationNumbers) -> None:
    joint = np.array(numbers.joint)
    np.testing.assert_allclose(joint.sum(axis=0), numbers.marginal)
    for k, side in enumerate(numbers.sides, start=1):
        np.testing.assert_allclose(np.array(numbers.measures[k]).sum(axis=1 if side == "x" else 0), numbers.marginal)
    assert numbers.distance[0] > numbers.distance[1] > numbers.distance[2]


def test_the_page(numbers: IllustrationNumbers) -> None:
    page = illustration_page(CONFIG, numbers)
    assert f"{numbers.distance[-1]:.4f}" in page.answer[0] and "-" in page.answer[0]


@pytest.mark.parametrize(("width", "columns"), [(WIDE, 5), (NARROW, 3)])
def test_figures(numbers: IllustrationNumbers, width: float, columns: int) -> None:
    with drawing():
        assert len(draw_illustration(numbers, width).axes) == 3 * columns
        assert draw_distance(numbers, width).axes[0].get_ylabel() == "total variation from the joint"
