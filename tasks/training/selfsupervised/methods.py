"""The methods: what draws two views of a picture together, each with the networks that it needs beside the model.

A method encodes a view into one row of numbers, of which the un-normalised embedding comes first: the loop can then
encode a batch in parts whatever the method. What stands beside the model, a predictor, a teacher, prototypes, a queue,
is trained and kept in checkpoints with it, and thrown away at the end as the projector is.
"""

from collections.abc import Callable
from functools import partial

import torch
from torch import Tensor, nn
from torch.nn import functional

from tasks.training.distributed.ranks import all_ranks
from tasks.training.losses.modules import distributed_contrastive_loss
from tasks.training.losses.views.barlow_twins import barlow_twins
from tasks.training.losses.views.byol import prediction_distance
from tasks.training.losses.views.clustering import (
    balanced_assignments,
    centred_assignments,
    moved_centre,
    prototypes_used,
    swapped_prediction,
)
from tasks.training.losses.views.moco import enqueued, queue_contrast
from tasks.training.losses.views.nt_xent import nt_xent
from tasks.training.losses.views.vicreg_loss import vicreg_loss
from tasks.training.losses.views.zero_cl import zero_cl
from tasks.training.models.initialisation import initialised
from tasks.training.selfsupervised.config import SelfSupervisedConfig
from tasks.training.selfsupervised.networks import Projected, mlp
from tasks.training.selfsupervised.teacher import Teacher


class Method(nn.Module):
    """A loss of the two embeddings of every picture, and nothing beside the model."""

    def __init__(self, loss: Callable[[Tensor, Tensor], Tensor] | None = None, *, gather: bool = True) -> None:
        super().__init__()
        self.loss, self.gather = loss, gather

    def encode(self, model: Projected, view: Tensor) -> Tensor:
        """A view `[b, 3, s, s]` → what the loss needs of it, `[b, k · outputs]`, its embeddings first."""
        return model(view)

    def measure(self, first: Tensor, second: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """The loss of what `encode` gave for the two views, in float32, and how many prototypes are used (NaN: none).

        Over ranks, the average of its gradients is the gradient of the whole batch's loss.
        """
        assert self.loss is not None
        views = (all_ranks().gather(view) for view in (first, second)) if self.gather else (first, second)
        return self.loss(*views), first.new_full((), torch.nan)

    def after_step(self, model: Projected, step: int) -> None:
        """What follows the optimiser's step."""


class Predicted(Method):
    """BYOL: a predictor foretells the teacher's embeddings of the other view."""

    def __init__(self, model: Projected, config: SelfSupervisedConfig, *, seed: int) -> None:
        super().__init__()
        self.teacher = Teacher(model, config.teacher, config.steps)
        self.predictor = initialised(
            lambda: mlp(config.outputs, config.hidden, config.outputs, hidden_layers=1), seed=seed + _BESIDE
        )

    def encode(self, model: Projected, view: Tensor) -> Tensor:
        """Embeddings, what is predicted from them, and the teacher's."""
        embedded = model(view)
        return torch.cat([embedded, self.predictor(embedded), self.teacher(view)], dim=1)

    def measure(self, first: Tensor, second: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """Half the distance each way, so that it lies between 0 and 4 as the squared distance of two unit vectors."""
        (_, predicted, target), (_, others_predicted, others_target) = (
            view.chunk(3, dim=1) for view in (first, second)
        )
        both = prediction_distance(predicted, others_target) + prediction_distance(others_predicted, target)
        return both / 2, first.new_full((), torch.nan)

    def after_step(self, model: Projected, step: int) -> None:
        """The teacher follows."""
        self.teacher.follow(model, step)


class Queued(Method):
    """MoCo v2, both ways: the teacher's embedding of the other view against a queue of earlier ones.

    The authors shuffle pictures among GPUs before the teacher sees them; here every rank's teacher sees its own.
    """

    def __init__(self, model: Projected, config: SelfSupervisedConfig, *, seed: int) -> None:
        super().__init__()
        self.teacher = Teacher(model, config.teacher, config.steps)
        self.temperature = config.temperature
        generator = torch.Generator().manual_seed(seed + _BESIDE)
        start = torch.randn(config.queue, config.outputs, generator=generator)
        self.queue: Tensor
        self.register_buffer("queue", functional.normalize(start, dim=1))

    def encode(self, model: Projected, view: Tensor) -> Tensor:
        """Embeddings, and the teacher's."""
        return torch.cat([model(view), self.teacher(view)], dim=1)

    def measure(self, first: Tensor, second: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """The mean of both ways; then the batch's keys go into the queue."""
        (query, key), (others_query, others_key) = (view.chunk(2, dim=1) for view in (first, second))
        contrast = partial(queue_contrast, queue=self.queue, temperature=self.temperature)
        loss = (contrast(query, others_key) + contrast(others_query, key)) / 2
        self.queue = enqueued(self.queue, all_ranks().gather(torch.cat([key, others_key]).detach()))
        return loss, first.new_full((), torch.nan)

    def after_step(self, model: Projected, step: int) -> None:
        """The teacher follows."""
        self.teacher.follow(model, step)


class Clustered(Method):
    """Each view foretells the other's assignment to prototypes: SwAV's, balanced, or a teacher's, centred as DINO's."""

    def __init__(self, model: Projected, config: SelfSupervisedConfig, *, seed: int) -> None:
        super().__init__()
        self.config, self.temperature = config.clustering, config.temperature
        generator = torch.Generator().manual_seed(seed + _BESIDE)
        start = torch.randn(self.config.prototypes, config.outputs, generator=generator)
        self.prototypes = nn.Parameter(functional.normalize(start, dim=1))
        self.teacher: Teacher | None = None
        if self.config.assignment == "centred":
            self.teacher = Teacher(model, config.teacher, config.steps)
            self.taught: Tensor
            self.centre: Tensor
            self.register_buffer("taught", self.prototypes.detach().clone())
            self.register_buffer("centre", torch.zeros(self.config.prototypes))

    def encode(self, model: Projected, view: Tensor) -> Tensor:
        """Embeddings, and the teacher's where there is one."""
        embedded = model(view)
        return embedded if self.teacher is None else torch.cat([embedded, self.teacher(view)], dim=1)

    def measure(self, first: Tensor, second: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """The swapped prediction; the prototypes rest for the first steps."""
        parts = 1 if self.teacher is None else 2
        views = [view.chunk(parts, dim=1) for view in (first, second)]
        prototypes: Tensor = self.prototypes
        if step < self.config.frozen:
            prototypes = prototypes.detach() + 0 * prototypes  # a gradient of 0, as ranks wait for one
        ours, others = (_cosines(view[0], prototypes) for view in views)
        if self.teacher is None:
            targets = [self._balanced(scores.detach()) for scores in (ours, others)]
        else:
            taught = [_cosines(view[1], self.taught) for view in views]
            targets = [self._centred(scores) for scores in taught]
            self.centre = moved_centre(self.centre, torch.cat(taught), momentum=self.config.centre_momentum)
        loss = swapped_prediction((ours, others), (targets[0], targets[1]), temperature=self.temperature)
        return loss, prototypes_used(ours.detach(), temperature=self.temperature)

    def _balanced(self, scores: Tensor) -> Tensor:
        return balanced_assignments(scores, epsilon=self.config.epsilon, half_steps=self.config.half_steps)

    def _centred(self, scores: Tensor) -> Tensor:
        return centred_assignments(scores, self.centre, temperature=self.config.teacher_temperature)

    def after_step(self, model: Projected, step: int) -> None:
        """The teacher follows, its prototypes too."""
        if self.teacher is not None:
            self.teacher.follow(model, step)
            with torch.no_grad():
                self.taught.lerp_(self.prototypes.detach(), 1 - self.teacher.momentum(step))


def build_method(model: Projected, config: SelfSupervisedConfig, *, seed: int) -> Method:
    """The configured method, its networks drawn from the seed alone."""
    beside: dict[str, type[Predicted] | type[Queued] | type[Clustered]] = {
        "byol": Predicted, "moco": Queued, "clustering": Clustered
    }  # fmt: skip
    if config.method in beside:
        return beside[config.method](model, config, seed=seed)
    if config.method in ("invariance", "contrastive"):  # means over pictures, or spread over ranks by themselves
        alone = _distance if config.method == "invariance" else _contrastive
        return Method(partial(alone, config=config), gather=False)
    losses: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
        "nt_xent": partial(nt_xent, temperature=config.temperature),
        "barlow_twins": barlow_twins,
        "vicreg": vicreg_loss,
        "zero_cl": zero_cl,
    }
    return Method(losses[config.method])


_BESIDE = 1_000_003
"""Added to the seed of what stands beside the model, so that it is not drawn as the model is."""


def _distance(first: Tensor, second: Tensor, *, config: SelfSupervisedConfig) -> Tensor:
    distance = functional.mse_loss(first, second)
    return distance if config.distance == "mean" else distance * first.shape[1]


def _contrastive(first: Tensor, second: Tensor, *, config: SelfSupervisedConfig) -> Tensor:
    return distributed_contrastive_loss(
        functional.normalize(first, dim=1),
        functional.normalize(second, dim=1),
        first.new_full((), 1 / config.temperature),
        half_steps=config.loss.half_steps,
        gradient=config.loss.gradient,
    )


def _cosines(embeddings: Tensor, prototypes: Tensor) -> Tensor:
    return functional.normalize(embeddings, dim=1) @ functional.normalize(prototypes, dim=1).T
