"""Self-supervised training: the objective, the networks, determinism, and the robust part of Table 4 on textures."""

import numpy as np
import pytest
import torch

from storage.errors import InputError
from tasks.training.config import OptimiserConfig
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.networks import build_model, load_model, save_model
from tasks.training.selfsupervised.objective import SelfSupervisedObjective
from tasks.training.selfsupervised.training import features, read_pictures, train_self_supervised
from tasks.training.tregs.treg import treg
from tests.tasks.training.selfsupervised.examples import SMALL, textures, weighted


@pytest.mark.parametrize(("distance", "factor"), (("mean", 1 / 32), ("sum", 1)))
def test_the_loss_is_the_papers(distance, factor):
    generator = torch.Generator().manual_seed(0)
    first, second = torch.randn(2, 24, 32, generator=generator)
    config = SMALL.model_copy(update={"distance": distance})
    measured = SelfSupervisedObjective(build_model(config, seed=0), config).measure(first, second)
    invariance = factor * (first - second).square().sum(dim=1).mean()
    expected = 10 * invariance + sum(treg(view, gamma=0.2, lambda_=8e-4) for view in (first, second))
    torch.testing.assert_close(measured.loss, expected)
    torch.testing.assert_close(measured.values[1], invariance)


def test_training_is_the_same_again_and_leaves_the_global_generator_alone():
    before = torch.random.get_rng_state()
    runs = [train_self_supervised(textures(), SMALL, seed=0) for _ in range(2)]
    assert torch.equal(before, torch.random.get_rng_state())
    assert runs[0][1].metrics.equals(runs[1][1].metrics)
    assert set(runs[0][1].metrics.column_names) >= {"invariance", "first_tree", "second_norm", "rank", "spread"}
    assert not runs[0][1].metrics.equals(train_self_supervised(textures(), SMALL, seed=1)[1].metrics)


def test_the_contrastive_method_and_the_resnet_train():
    config = SMALL.model_copy(update={"method": "contrastive", "network": "resnet18", "steps": 1, "batch": 4})
    model, fitted = train_self_supervised(textures(8), config, seed=0)
    assert fitted.metrics["loss"][0].as_py() > 0
    assert model.backbone.conv1.stride == (1, 1) and isinstance(model.backbone.maxpool, torch.nn.Identity)
    assert features(model.backbone, textures(8).pictures.pixels).shape == (8, 512)


def test_bfloat16_lars_and_batches_in_parts_train_on_the_same_views():
    lars = OptimiserConfig(name="lars", learning_rate=0.4, weight_decay=1e-4, clip_norm=None)
    single = SMALL.model_copy(update={"optimiser": lars})
    mixed = single.model_copy(update={"precision": "bf16-mixed"})
    parts = mixed.model_copy(update={"accumulate": 2})
    first = [train_self_supervised(textures(), config, seed=0)[1].metrics for config in (single, mixed, parts)]
    for metrics in first:
        assert all(np.isfinite(metrics["loss"].to_numpy()))
    assert first[1]["loss"][0].as_py() == pytest.approx(first[0]["loss"][0].as_py(), rel=0.05, abs=0.02)


def test_the_defaults_are_the_papers():
    config = SelfSupervisedConfig()
    assert (config.beta, config.regulariser.gamma, config.regulariser.lambda_) == (10, 0.2, 8e-4)
    assert (config.hidden, config.outputs, config.batch) == (2048, 1024, 256)
    projector = build_model(config.model_copy(update={"network": "small"}), seed=0).projector
    assert [tuple(layer.weight.shape) for layer in projector[::3]] == [(2048, 256), (2048, 2048), (1024, 2048)]
    assert projector[-1].bias is None


def test_a_saved_model_is_loaded_and_rebuilt_as_it_was_before_training(tmp_path):
    model, _ = train_self_supervised(textures(), SMALL, seed=3)
    save_model(tmp_path, model, SMALL, 3)
    pixels = textures(8).pictures.pixels
    loaded, preparation = load_model(tmp_path)
    assert preparation.side == 16
    torch.testing.assert_close(features(loaded, pixels), features(model, pixels))
    fresh = features(load_model(tmp_path, untrained=True)[0].backbone, pixels)
    torch.testing.assert_close(fresh, features(build_model(SMALL, seed=3).eval().backbone, pixels))
    assert not torch.allclose(fresh, features(model.backbone, pixels))
    (tmp_path / "model.safetensors").write_bytes(b"no tensors")
    with pytest.raises(InputError, match="no self-supervised model"):
        load_model(tmp_path)


def test_pictures_of_pairs_are_resized_and_captions_left_alone(squares):
    examples = read_pictures(squares, 24)
    assert examples.pictures.take([0, 5]).shape == (2, 3, 24, 24)
    assert len(examples.ids) == 48 and (examples.copies == 1).all()


def test_trees_keep_embeddings_apart_the_sphere_holds_them_and_without_either_they_meet_in_a_point():
    """The robust part of Table 4: invariance alone shrinks to a point, trees alone grow without end, both settle."""

    def last(**changes: float) -> dict[str, float]:
        config = weighted(**changes)
        fitted = train_self_supervised(textures(), config, seed=0)[1]
        return {name: fitted.last(name) for name in ("spread", "first_tree", "first_norm")}

    alone = last(beta=1, gamma=0, lambda_=0)
    unbounded = last(beta=1, gamma=1, lambda_=0)
    both = last(beta=10, gamma=0.2, lambda_=8e-4)
    assert alone["spread"] < 0.5 < 0.6 < both["spread"]
    assert both["first_tree"] / both["first_norm"] > 2 * alone["first_tree"] / alone["first_norm"]
    assert unbounded["first_norm"] > 5 * both["first_norm"] > 10 * alone["first_norm"] * alone["spread"]
