"""Every method trains, goes on after a cut, and does with its teacher, queue and prototypes what its paper says."""

from typing import get_args

import numpy as np
import pytest
import torch
from pydantic import ValidationError
from torch.nn import functional

from tasks.training.config import RegulariserConfig
from tasks.training.losses.views.byol import prediction_distance
from tasks.training.losses.views.clustering import balanced_assignments, swapped_prediction
from tasks.training.losses.views.moco import queue_contrast
from tasks.training.losses.views.nt_xent import nt_xent
from tasks.training.selfsupervised.config import ClusteringConfig, SelfSupervisedConfig, TeacherConfig
from tasks.training.selfsupervised.methods import build_method
from tasks.training.selfsupervised.networks import build_model
from tasks.training.selfsupervised.objective import SelfSupervisedObjective
from tasks.training.selfsupervised.teacher import Teacher
from tasks.training.selfsupervised.training import train_self_supervised
from tasks.training.tregs.treg import treg
from tests.tasks.training.accelerator import accelerator
from tests.tasks.training.selfsupervised.examples import SMALL, textures

CENTRED = ClusteringConfig(assignment="centred", prototypes=16)
METHODS = get_args(SelfSupervisedConfig.model_fields["method"].annotation)


def asked(method: str, **changes: object) -> SelfSupervisedConfig:
    return SelfSupervisedConfig.model_validate(
        SMALL.model_dump() | {"method": method, "beta": 1.0, "regulariser": RegulariserConfig(), "queue": 64} | changes
    )


def views(config: SelfSupervisedConfig) -> torch.Tensor:
    return torch.randn(2, 16, 3, config.side, config.side, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("method", (*METHODS, "centred"))
def test_every_method_trains_the_same_twice_and_in_parts(method: str) -> None:
    extra = {"clustering": CENTRED} if method == "centred" else {}
    config = asked("clustering" if extra else method, steps=3, batch=16, **extra)
    runs = [train_self_supervised(textures(64), config, seed=0)[1].metrics for _ in range(2)]
    assert runs[0].equals(runs[1])
    assert np.isfinite(runs[0]["loss"].to_numpy()).all() and (runs[0]["gradient_norm"].to_numpy() > 0).all()
    assert (runs[0]["prototypes"].null_count == 0) == (config.method == "clustering")
    parts = train_self_supervised(textures(64), config.model_copy(update={"accumulate": 2}), seed=0)[1].metrics
    assert np.isfinite(parts["loss"].to_numpy()).all()


@pytest.mark.parametrize("method", (*METHODS, "centred"))
def test_no_step_waits_for_an_accelerator(method: str) -> None:
    extra = {"clustering": CENTRED} if method == "centred" else {}
    config = asked("clustering" if extra else method, regulariser=RegulariserConfig(gamma=0.2, lambda_=0.1), **extra)
    objective = SelfSupervisedObjective(build_model(config, seed=0), config).to("meta")
    pictures = torch.zeros(16, 3, config.side, config.side, dtype=torch.uint8, device="meta")
    with accelerator():
        objective(pictures, torch.zeros(16, 2, 14, device="meta"), 3).loss.backward()
        objective.after_step(3)


def test_the_embeddings_that_are_regularised_are_the_models_own() -> None:
    config = asked("byol", regulariser=RegulariserConfig(gamma=0.2, lambda_=0.1))
    model = build_model(config, seed=0)
    objective = SelfSupervisedObjective(model, config)
    encoded = [objective.method.encode(model, view) for view in views(config)]
    measured = objective.measure(*encoded)
    norms = [torch.linalg.vector_norm(view[:, : config.outputs], dim=1).mean() for view in encoded]
    torch.testing.assert_close(measured.values[2:4], torch.stack(norms).detach())
    assert encoded[0].shape == (16, 3 * config.outputs)


def test_a_hard_sphere_brings_what_is_regularised_to_length_one() -> None:
    config = asked("invariance", sphere="hard", beta=2.0, regulariser=RegulariserConfig(gamma=0.3))
    objective = SelfSupervisedObjective(build_model(config, seed=0), config)
    first, second = 5 * torch.randn(2, 12, config.outputs, generator=torch.Generator().manual_seed(0))
    measured = objective.measure(first, second)
    unit = [functional.normalize(view, dim=1) for view in (first, second)]
    expected = 2 * functional.mse_loss(*unit) + sum(treg(view, gamma=0.3, lambda_=0) for view in unit)
    torch.testing.assert_close(measured.loss, expected)


def test_byol_draws_predictions_to_the_teachers_embeddings_of_the_other_view() -> None:
    config = asked("byol")
    model = build_model(config, seed=0)
    method = build_method(model, config, seed=0)
    first, second = views(config)
    loss, _ = method.measure(method.encode(model, first), method.encode(model, second), 0)
    ways = [
        prediction_distance(method.predictor(model(one)), method.teacher.network(other))
        for one, other in ((first, second), (second, first))
    ]
    torch.testing.assert_close(loss, (ways[0] + ways[1]) / 2)
    loss.backward()
    assert all(parameter.grad is None for parameter in method.teacher.parameters())


def test_moco_contrasts_with_its_queue_and_then_fills_it() -> None:
    config = asked("moco", temperature=0.3)
    model = build_model(config, seed=0)
    method = build_method(model, config, seed=0)
    first, second = views(config)
    queue = method.queue.clone()
    loss, _ = method.measure(method.encode(model, first), method.encode(model, second), 0)
    keys = [method.teacher.network(view) for view in (first, second)]
    ways = [
        queue_contrast(model(view), key, queue, temperature=0.3) for view, key in ((first, keys[1]), (second, keys[0]))
    ]
    torch.testing.assert_close(loss, (ways[0] + ways[1]) / 2)
    torch.testing.assert_close(method.queue[:32], queue[32:])
    torch.testing.assert_close(method.queue[32:], functional.normalize(torch.cat(keys), dim=1))


def test_clustering_swaps_balanced_assignments_and_its_prototypes_rest_at_first() -> None:
    config = asked("clustering", clustering=ClusteringConfig(prototypes=8, half_steps=3, epsilon=0.2, frozen=1))
    model = build_model(config, seed=0)
    method = build_method(model, config, seed=0)
    encoded = [method.encode(model, view) for view in views(config)]
    loss, used = method.measure(*encoded, 0)
    unit = functional.normalize(method.prototypes, dim=1)
    scores = [functional.normalize(view, dim=1) @ unit.T for view in encoded]
    targets = [balanced_assignments(score, epsilon=0.2, half_steps=3) for score in scores]
    torch.testing.assert_close(loss, swapped_prediction((scores[0], scores[1]), (targets[0], targets[1])))
    assert 1 <= used <= 8
    loss.backward(retain_graph=True)
    assert not method.prototypes.grad.any()
    method.measure(*encoded, 1)[0].backward()
    assert method.prototypes.grad.any()


def test_centred_clustering_follows_with_its_teacher_and_centre() -> None:
    config = asked("clustering", clustering=CENTRED)
    model = build_model(config, seed=0)
    method = build_method(model, config, seed=0)
    before = method.taught.clone()
    method.measure(*(method.encode(model, view) for view in views(config)), 0)
    assert method.centre.any()
    with torch.no_grad():
        method.prototypes += 1
    method.after_step(model, 0)
    share = 1 - method.teacher.momentum(0)
    torch.testing.assert_close(method.taught, before + share, atol=1e-6, rtol=1e-4)


def test_a_teacher_is_a_moving_average_whose_momentum_ends_where_it_was_told() -> None:
    network = torch.nn.Linear(3, 2)
    teacher = Teacher(network, TeacherConfig(start=0.9, end=1.0), steps=10)
    before = teacher.network.weight.clone()
    with torch.no_grad():
        network.weight += 1
    teacher.follow(network, 4)
    momentum = 0.95  # half of half a cosine: after five of ten steps
    assert teacher.momentum(4) == pytest.approx(momentum)
    torch.testing.assert_close(teacher.network.weight, before + 1 - momentum)
    assert teacher.momentum(9) == 1 and teacher.momentum(0) > 0.9
    assert not any(parameter.requires_grad for parameter in teacher.parameters())


def test_the_balanced_contrastive_method_of_one_half_step_is_clips_and_nt_xent_has_more_negatives() -> None:
    first, second = torch.randn(2, 12, 32, generator=torch.Generator().manual_seed(0))
    losses = {}
    for method in ("contrastive", "nt_xent"):
        config = asked(method, temperature=0.5)
        losses[method] = build_method(build_model(config, seed=0), config, seed=0).measure(first, second, 0)[0]
    torch.testing.assert_close(losses["nt_xent"], nt_xent(first, second))
    logits = functional.normalize(first, dim=1) @ functional.normalize(second, dim=1).T / 0.5
    labels = torch.arange(12)
    clip = (functional.cross_entropy(logits, labels) + functional.cross_entropy(logits.T, labels)) / 2
    torch.testing.assert_close(losses["contrastive"], clip)
    assert losses["nt_xent"] > losses["contrastive"]


@pytest.mark.parametrize(
    ("changes", "message"),
    (
        ({"method": "moco", "distance": "sum"}, "`distance` belongs to the invariance"),
        ({"method": "vicreg", "loss": {"half_steps": 2}}, "`loss` belongs to the contrastive"),
        ({"method": "byol", "clustering": {"prototypes": 3}}, "`clustering` belongs to the clustering"),
        ({"method": "clustering", "teacher": {"start": 0.5}}, "has no teacher"),
        ({"method": "byol", "sphere": "hard"}, "a hard `sphere` belongs to the invariance"),
        ({"network": "small", "stem": "cifar"}, "no stem to choose"),
    ),
)
def test_what_belongs_to_another_method_is_refused(changes: dict, message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        SelfSupervisedConfig.model_validate(changes)


@pytest.mark.parametrize(
    ("network", "side", "features", "stride"),
    (("resnet18", 32, 512, 1), ("resnet18", 96, 512, 2), ("resnet50", 32, 2048, 1)),
)
def test_resnets_begin_as_the_size_of_the_pictures_asks(network: str, side: int, features: int, stride: int) -> None:
    config = SelfSupervisedConfig.model_validate({"network": network, "side": side, "hidden": 8, "outputs": 4})
    model = build_model(config, seed=0).eval()
    assert model.backbone.conv1.stride == (stride, stride)
    with torch.no_grad():
        assert model.backbone(torch.zeros(1, 3, side, side)).shape == (1, features)
    other = config.model_copy(update={"stem": "imagenet"})
    assert build_model(other, seed=0).backbone.conv1.stride == (2, 2)
