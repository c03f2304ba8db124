"""Self-supervised T-REGS: views, training, the pattern of collapse in the paper's Table 4, the linear probe."""

from io import BytesIO

import numpy as np
import pytest
import torch
from PIL import Image
from torch.nn import functional

from storage.shards import read_table
from tasks.training.config import OptimiserConfig, RegulariserConfig, ScheduleConfig
from tasks.training.selfsupervised.config import CIFAR10_PAPER, CIFAR10_SHORT
from tasks.training.selfsupervised.objective import build_model
from tasks.training.selfsupervised.training import features, linear_probe, train_self_supervised
from tasks.training.selfsupervised.views import random_view

SMALL = CIFAR10_SHORT.model_copy(
    update={"steps": 4, "batch": 32, "hidden": 64, "outputs": 32, "schedule": ScheduleConfig(warmup=2)}
)


def pictures(n: int = 256) -> tuple[np.ndarray, np.ndarray]:
    """A texture each, a small random tile repeated, uint8 `[n, 3, 16, 16]`; and ids."""
    tiles = torch.rand(n, 3, 4, 4, generator=torch.Generator().manual_seed(0))
    return (255 * tiles.repeat(1, 1, 4, 4)).to(torch.uint8).numpy(), np.arange(n, dtype=np.uint64)


def test_views_differ_stay_in_range_and_depend_on_the_generator_alone():
    batch = torch.from_numpy(pictures(16)[0]).float() / 255
    first, second = (random_view(batch, torch.Generator().manual_seed(seed)) for seed in (0, 1))
    assert first.shape == batch.shape
    assert first.min() >= 0
    assert first.max() <= 1
    assert (first - second).abs().mean() > 0.02
    assert torch.equal(first, random_view(batch, torch.Generator().manual_seed(0)))


def test_a_view_of_everything_without_colour_changes_is_the_picture_or_its_mirror():
    batch = torch.rand(32, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    view = random_view(batch, torch.Generator().manual_seed(3), smallest=1.0, colour=0.0)
    whole = [
        any(torch.allclose(view[i, 0], candidate[i, 0], atol=1e-5) for candidate in (batch, batch.flip(-1)))
        for i in range(32)
    ]
    assert sum(whole) < 32  # windows keep their area but not their shape, and some are grey


def test_training_is_the_same_again_and_leaves_the_global_generator_alone():
    pixels, ids = pictures()
    before = torch.random.get_rng_state()
    runs = [train_self_supervised(pixels, ids, SMALL, seed=0) for _ in range(2)]
    assert torch.equal(before, torch.random.get_rng_state())
    assert runs[0][1].metrics.equals(runs[1][1].metrics)
    assert set(runs[0][1].metrics.column_names) >= {"invariance", "first_tree", "second_norm"}


def test_the_contrastive_method_and_the_resnet_train():
    pixels, ids = pictures(8)
    config = SMALL.model_copy(update={"method": "contrastive", "network": "resnet18", "steps": 1, "batch": 4})
    model, fitted = train_self_supervised(pixels, ids, config, seed=0)
    assert fitted.metrics["loss"][0].as_py() > 0
    assert features(model.backbone, pixels).shape == (8, 512)


def test_the_papers_settings():
    model = build_model(CIFAR10_PAPER.model_copy(update={"hidden": 8, "outputs": 8}), seed=0)
    assert model.backbone.conv1.stride == (1, 1)
    assert (CIFAR10_PAPER.beta, CIFAR10_PAPER.regulariser.gamma, CIFAR10_PAPER.regulariser.lambda_) == (10, 0.2, 8e-4)
    assert (CIFAR10_PAPER.hidden, CIFAR10_PAPER.outputs) == (2048, 1024)


def spread(pixels: np.ndarray, gamma: float, lambda_: float) -> float:
    """How evenly the normalised embeddings are spread after a short run: 1 for every direction alike, 0 collapsed."""
    config = CIFAR10_SHORT.model_copy(
        update={
            "steps": 120,
            "batch": 64,
            "hidden": 128,
            "outputs": 64,
            "optimiser": OptimiserConfig(learning_rate=3e-3, weight_decay=1e-4, clip_norm=None),
            "regulariser": RegulariserConfig(gamma=gamma, lambda_=lambda_),
        }
    )
    model, _ = train_self_supervised(pixels, np.arange(len(pixels), dtype=np.uint64), config, seed=0)
    return functional.normalize(features(model, pixels[:512]), dim=1).std(dim=0).mean().item() * 64**0.5


@pytest.mark.slow
def test_the_pattern_of_collapse(shared_data):
    """On CIFAR-10: β ≥ γ ≫ λ spreads; γ below λ, γ/λ = 10 at a small γ, or no T-REG at all lets everything collapse."""
    rows = read_table(shared_data / "cifar10" / "train.parquet").slice(0, 1000)["image"].to_pylist()
    pictures = [np.asarray(Image.open(BytesIO(row["bytes"])).convert("RGB")) for row in rows]
    pixels = np.stack(pictures).transpose(0, 3, 1, 2)
    assert spread(pixels, 0.2, 8e-4) > 0.7
    for gamma, lambda_ in ((8e-4, 0.2), (2e-3, 2e-4), (0.0, 0.0)):
        assert spread(pixels, gamma, lambda_) < 0.3


def test_linear_probe_of_separable_features():
    generator = torch.Generator().manual_seed(0)
    labels = torch.randint(0, 3, (200,), generator=generator)
    points = functional.one_hot(labels, 3) * 4.0 + 0.3 * torch.randn(200, 3, generator=generator)
    probe = linear_probe(points[:150], labels[:150], points[150:], labels[150:])
    assert probe.accuracy == 1.0
    assert probe.residual < 1e-3
