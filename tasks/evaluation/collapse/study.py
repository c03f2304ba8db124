"""The study of `equipoise study tregs-collapse`: the settings of the T-REGS paper's Table 4, in small runs.

The paper trains a ResNet-50 on ImageNet for 50 epochs of online probing. Here a small network sees a few thousand
pictures of 16 pixels for a few hundred steps, so only the pattern can be compared: which settings collapse.

What came out (three seeds, 300 steps, 5,000 pictures of CIFAR-10; k-NN accuracy, untrained 33 %). With the distance's
mean over coordinates, invariance alone, 28 %, and β 10, γ 1, λ 1, 31 %, are worth less than no training; γ/λ = 10 gives
39 %, and γ/λ ≥ 200 gives 44 %, best at the paper's own weights. Two rows are not the paper's: without the sphere (β 1,
γ 1, λ 0) the norm grows without end but the features are good, 40 %; and the smallest weights (γ 0.02) have done little
by then, 34 %. With the distance summed over coordinates, as the paper writes it, every row collapses, its best one too,
which suggests that its code takes the mean.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Literal

import numpy as np
import torch
from scipy.stats import spearmanr

from storage.errors import InputError
from storage.progress import progress
from storage.tables.shards import iter_batches
from tasks.arrays import Pixels
from tasks.evaluation.probe.neighbours import neighbour_votes
from tasks.training.config import OptimiserConfig, RegulariserConfig, ScheduleConfig
from tasks.training.data.images import decode_all
from tasks.training.selfsupervised.collapse import participation_ratio, spread
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.networks import Projected, build_model, preparation
from tasks.training.selfsupervised.training import features, pictures_of, train_self_supervised

Distance = Literal["mean", "sum"]

BASE = SelfSupervisedConfig(
    network="small",
    side=16,
    steps=300,
    batch=128,
    hidden=256,
    optimiser=OptimiserConfig(learning_rate=2e-3, weight_decay=1e-4, beta2=0.999, clip_norm=None),
    schedule=ScheduleConfig(warmup=20),
)


@dataclass(frozen=True)
class Setting:
    """Weights of the invariance, the tree and the sphere, and what the paper made of them.

    Attributes:
        beta: weight of the invariance.
        gamma: weight of the spanning tree.
        lambda_: weight of the soft sphere.
        paper: Table 4's top-1 accuracy in per cent, 0 for a collapse.
    """

    beta: float
    gamma: float
    lambda_: float
    paper: float

    def config(self, base: SelfSupervisedConfig, distance: Distance) -> SelfSupervisedConfig:
        """The base configuration at these weights."""
        regulariser = RegulariserConfig(gamma=self.gamma, lambda_=self.lambda_)
        return base.model_copy(update={"beta": self.beta, "regulariser": regulariser, "distance": distance})


TABLE_4 = (
    Setting(1, 0, 0, 0.0),
    Setting(1, 1, 0, 0.0),
    Setting(10, 1, 1, 0.0),
    Setting(10, 0.5, 5e-2, 25.7),
    Setting(10, 0.2, 2e-2, 45.4),
    Setting(10, 0.5, 2.5e-3, 65.0),
    Setting(10, 0.2, 8e-4, 66.1),
    Setting(10, 0.02, 8e-5, 63.3),
)
"""Eight of its ten rows: two more are within a quarter of these in every weight."""


@dataclass(frozen=True)
class LabelledPictures:
    """Pixels uint8 `[n, 3, s, s]` and labels int64 `[n]`."""

    pixels: Pixels
    labels: torch.Tensor


@dataclass(frozen=True)
class Outcome:
    """One run.

    Attributes:
        setting: its weights.
        distance: which meaning of the squared distance.
        seed: of weights, order and views.
        directions: participation ratio of the test images' embeddings.
        spread: their spread, 0 for one point.
        norm: their mean norm.
        accuracy: of the nearest neighbours, on the backbone's features.
    """

    setting: Setting
    distance: Distance
    seed: int
    directions: float
    spread: float
    norm: float
    accuracy: float


@dataclass(frozen=True)
class CollapseStudy:
    """All runs; `untrained` is each seed's accuracy before the first step."""

    outcomes: tuple[Outcome, ...]
    untrained: tuple[float, ...]

    def mean(self, setting: Setting, distance: Distance, measure: str) -> float:
        """A measure's mean over seeds."""
        found = [
            getattr(each, measure) for each in self.outcomes if (each.setting, each.distance) == (setting, distance)
        ]
        return float(np.mean(found))

    def agreement(self, distance: Distance) -> float:
        """Spearman's correlation of Table 4's top-1 and the mean accuracy here, over settings; 0 if all are alike."""
        settings = list(dict.fromkeys(each.setting for each in self.outcomes))
        ours = [self.mean(setting, distance, "accuracy") for setting in settings]
        if len(set(ours)) == 1:
            return 0.0
        return float(spearmanr([setting.paper for setting in settings], ours).statistic)


def study_collapse(
    train: LabelledPictures,
    test: LabelledPictures,
    *,
    settings: Sequence[Setting] = TABLE_4,
    distances: Sequence[Distance] = ("mean", "sum"),
    seeds: Sequence[int] = (0, 1, 2),
    base: SelfSupervisedConfig = BASE,
) -> CollapseStudy:
    """Train at every setting, with either meaning of the squared distance, over seeds.

    Args:
        train: labelled images to train on; the labels are the neighbours' alone.
        test: labelled images to be measured.
        settings: which weights.
        distances: which meanings of the squared distance.
        seeds: one run each.
        base: network, budget and optimiser of every run.
    """
    untrained = tuple(_accuracy(build_model(base, seed=seed).eval(), train, test) for seed in seeds)
    outcomes = []
    for setting, distance, seed in progress(list(product(settings, distances, seeds)), "Table 4", unit="run"):
        examples = pictures_of(train.pixels)
        model, _ = train_self_supervised(examples, setting.config(base, distance), seed=seed)
        points = features(model, test.pixels)
        norm = torch.linalg.vector_norm(points, dim=1).mean().item()
        outcomes.append(
            Outcome(setting, distance, seed, participation_ratio(points).item(), spread(points).item(), norm,
                    _accuracy(model, train, test))
        )  # fmt: skip
    return CollapseStudy(tuple(outcomes), untrained)


def _accuracy(model: Projected, train: LabelledPictures, test: LabelledPictures) -> float:
    known, asked = (features(model.backbone, each.pixels) for each in (train, test))
    answers = neighbour_votes(known, train.labels, asked, neighbours=20, temperature=0.07)
    return (answers == test.labels).double().mean().item()


def read_labelled(path: Path, rows: int, side: int) -> LabelledPictures:
    """The first rows of a Parquet file in Hugging Face's convention, `image` and `label`, at `side` pixels square.

    Raises `InputError` where there is no such file.
    """
    if not path.is_file():
        raise InputError(
            f"{path} does not exist; name the folder of CIFAR-10's train.parquet and test.parquet by --data"
        )
    taken = list(_first(path, rows))
    pixels = decode_all([image for image, _ in taken], [str(row) for row in range(len(taken))], preparation(side), 1)
    return LabelledPictures(pixels, torch.tensor([label for _, label in taken]))


def _first(path: Path, rows: int) -> Iterator[tuple[bytes, int]]:
    for batch in iter_batches(path, ["image", "label"], rows=1_024):
        for image, label in zip(batch["image"].to_pylist(), batch["label"].to_pylist(), strict=True):
            if rows == 0:
                return
            rows -= 1
            yield image["bytes"], label
