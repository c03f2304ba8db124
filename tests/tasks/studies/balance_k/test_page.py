"""The page and the figures of `balance-k`, from numbers that were measured on a small population."""

import numpy as np
import pytest

from storage.errors import InputError
from tasks.reporting.page.svg import NARROW, WIDE, drawing
from tasks.studies.balance_k.config import BalanceKConfig
from tasks.studies.balance_k.figure import draw_marginals, draw_ratios, draw_signal
from tasks.studies.balance_k.measure import BalanceKNumbers, measure
from tasks.studies.balance_k.page import balance_k_page
from tests.tasks.studies.balance_k.test_pair_losses import features, heads

SMALL = BalanceKConfig(
    half_steps=3, image_clusters=2, text_clusters=2, batches=(8, 16), repetitions=40, corpus=32, corpora=20,
    directions=4, contrast_batch=8, contrasts=6, resamples=100,
)  # fmt: skip


@pytest.fixture(scope="module")
def numbers() -> BalanceKNumbers:
    image, text = (each.numpy() for each in features(60))
    return measure(SMALL, heads(), image, text, report=lambda line: None)


def test_what_is_measured(numbers: BalanceKNumbers) -> None:
    assert numbers.pairs == 60 and 0 < numbers.explained < 1
    for series in (*numbers.in_batch, *numbers.offline):
        for quantity, ratios in series.measured.items():
            assert len(ratios.value) == 4 and ratios.value[0] == 1
            assert len(series.bias[quantity]) == 4 and series.start[quantity] > 0
    assert [series.size for series in numbers.in_batch] == [8, 16]
    np.testing.assert_allclose(numbers.contrast.rows["rows"][1], 1)
    np.testing.assert_allclose(numbers.contrast.columns["rows"][2], 1)


def test_the_page_tells_it(numbers: BalanceKNumbers) -> None:
    page = balance_k_page(SMALL, numbers)
    assert set(page.figures) == {"in-batch", "offline", "contrast-signal", "marginals"}
    assert all(len(row) == len(table.columns) for table in page.tables for row in table.rows)
    predicted = f"{numbers.predicted['loss'][1]:.3f}"
    assert any("minibatches of 8" in line and predicted in line for line in page.answer)
    assert BalanceKNumbers.model_validate(dict(page.numbers)) == numbers


@pytest.mark.parametrize("width", [WIDE, NARROW])
def test_figures_show_every_series(numbers: BalanceKNumbers, width: float) -> None:
    with drawing():
        ratios = draw_ratios(numbers, numbers.in_batch, width)
        assert [axes.get_title(loc="left") for axes in ratios.axes] == [
            "variance of the loss",
            "variance of the gradient",
        ]
        assert ratios.legends[0].get_texts()[0].get_text().startswith("theorem")
        assert len(ratios.legends[0].get_texts()) == 3
        assert len(draw_marginals(numbers, width).legends[0].get_texts()) == 6
        assert draw_signal(numbers, width).axes[0].get_ylabel()


def test_more_pairs_than_there_are() -> None:
    image, text = (each.numpy() for each in features(12))
    with pytest.raises(InputError, match="only 12 in all"):
        measure(SMALL, heads(), image, text, report=lambda line: None)
