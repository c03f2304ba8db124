"""The collapse study: on generated pictures that it measures and draws; on CIFAR-10, what of Table 4 appears."""

import io

import numpy as np
import pytest
import torch
from PIL import Image

from storage.errors import InputError
from tasks.evaluation.collapse.figure import draw_collapse
from tasks.evaluation.collapse.study import (
    BASE,
    TABLE_4,
    CollapseStudy,
    LabelledPictures,
    Outcome,
    read_labelled,
    study_collapse,
)

ALONE, TREES_ALONE, HEAVY_SPHERE, BEST = TABLE_4[0], TABLE_4[1], TABLE_4[2], TABLE_4[6]


def textures(n: int, seed: int) -> LabelledPictures:
    """Repeated tiles of one of four kinds, each a little different."""
    generator = torch.Generator().manual_seed(seed)
    kinds = torch.rand(4, 3, 4, 4, generator=torch.Generator().manual_seed(9))
    labels = torch.randint(0, 4, (n,), generator=generator)
    tiles = (kinds[labels] + 0.5 * torch.rand(n, 3, 4, 4, generator=generator)).clamp(0, 1)
    return LabelledPictures((255 * tiles.repeat(1, 1, 4, 4)).to(torch.uint8).numpy(), labels)


def test_on_textures_it_tells_collapse_from_spread_and_draws_every_run():
    base = BASE.model_copy(update={"steps": 60, "batch": 32, "hidden": 128, "outputs": 64})
    study = study_collapse(
        textures(256, 0), textures(128, 1), settings=(ALONE, BEST), distances=("mean",), seeds=(0,), base=base
    )
    assert study.mean(ALONE, "mean", "norm") < study.mean(BEST, "mean", "norm")
    assert study.mean(ALONE, "mean", "spread") < study.mean(BEST, "mean", "spread")
    assert all(0.2 < value <= 1 for value in (*study.untrained, *(each.accuracy for each in study.outcomes)))
    figure = draw_collapse(study)
    stream = io.BytesIO()
    figure.savefig(stream)
    assert Image.open(stream).size[0] > 500
    assert sum(len(line.get_xdata()) for line in figure.axes[1].get_lines()) == 2


def test_agreement_is_the_rank_correlation_of_means_over_seeds():
    def study(*accuracies: tuple[float, ...]) -> CollapseStudy:
        runs = [
            Outcome(setting, "mean", seed, 1.0, 1.0, 1.0, accuracy)
            for setting, seeds in zip((ALONE, TABLE_4[3], BEST), accuracies, strict=True)
            for seed, accuracy in enumerate(seeds)
        ]
        return CollapseStudy(tuple(runs), (0.3,))

    assert study((0.1, 0.3), (0.3, 0.2), (0.5, 0.4)).agreement("mean") == pytest.approx(1)
    assert study((0.5, 0.5), (0.3, 0.2), (0.1, 0.1)).agreement("mean") == pytest.approx(-1)
    assert study((0.5,), (0.5,), (0.5,)).agreement("mean") == 0


def test_without_the_pictures_it_says_so(tmp_path):
    with pytest.raises(InputError, match="--data"):
        read_labelled(tmp_path / "train.parquet", 10, 16)


@pytest.mark.slow
def test_on_cifar10_the_settings_that_collapse_in_the_paper_are_worth_nothing_here(shared_data):
    folder = shared_data / "cifar10"
    train, test = read_labelled(folder / "train.parquet", 5_000, 16), read_labelled(folder / "test.parquet", 2_000, 16)
    mean = study_collapse(train, test, settings=(ALONE, HEAVY_SPHERE, BEST), distances=("mean",), seeds=(0,))
    untrained = float(np.mean(mean.untrained))
    assert mean.mean(BEST, "mean", "accuracy") > untrained + 0.06
    for collapsed in (ALONE, HEAVY_SPHERE):
        assert mean.mean(collapsed, "mean", "accuracy") < untrained + 0.03
    heavy = study_collapse(train, test, settings=(HEAVY_SPHERE,), distances=("sum",), seeds=(0,))
    assert heavy.mean(HEAVY_SPHERE, "sum", "spread") < 0.5  # to one point on the sphere, as the paper says
