"""The linear probe: a classifier of frozen features whose penalty a held-out part of the training set chooses."""

from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional

from storage.draws import uniform
from storage.errors import InputError
from storage.progress import progress
from tasks.arrays import Ids
from tasks.evaluation.probe.config import ProbeConfig
from tasks.evaluation.probe.logistic import LogisticFit, Standardiser, fit_logistic


@dataclass(frozen=True)
class Labelled:
    """Features of labelled pictures: `ids` uint64 `[n]`, `features` float32 `[n, d]`, `labels` int64 `[n]`."""

    ids: Ids
    features: Tensor
    labels: Tensor


@dataclass(frozen=True)
class Candidate:
    """One penalty on the held-out part.

    Attributes:
        penalty: α, the weight of `½ ‖W‖²`.
        accuracy: share of the held-out rows that were told right.
        cross_entropy: mean over the held-out rows.
        converged: whether the fit reached its tolerance.
    """

    penalty: float
    accuracy: float
    cross_entropy: float
    converged: bool


@dataclass(frozen=True)
class LinearProbe:
    """A classifier, and how its penalty was chosen.

    Attributes:
        fit: the classifier of standardised features.
        standardiser: of the training features.
        classes: the labels that its outputs stand for, int64 `[c]`.
        candidates: every penalty that was tried, from the largest down.
    """

    fit: LogisticFit
    standardiser: Standardiser
    classes: Tensor
    candidates: tuple[Candidate, ...]

    @property
    def at_the_edge(self) -> bool:
        """Whether the best penalty is the largest or the smallest tried, so that a better one may lie beyond."""
        tried = [candidate.penalty for candidate in self.candidates]
        return len(tried) > 1 and self.fit.penalty in (max(tried), min(tried))

    def ranking(self, features: Tensor, first: int = 5) -> Tensor:
        """The best labels of each row of `features [n, d]`, best first, int64 `[n, min(first, c)]`."""
        scores = self.fit.scores(self.standardiser(features))
        return self.classes[scores.topk(min(first, len(self.classes)), dim=1).indices]


def linear_probe(train: Labelled, config: ProbeConfig) -> LinearProbe:
    """Choose the penalty on a part of `train` drawn by the hash of each row's id, then fit on all of it.

    The penalties are gone through from the largest down, each fit begun from the one before. The most accurate on the
    held-out part wins; of equals, the lower cross-entropy there. Raises `InputError` for fewer than two classes.
    """
    classes, labels = torch.unique(train.labels, return_inverse=True)
    if len(classes) < 2:
        raise InputError("a linear probe needs training images of at least two classes; check the source's labels")
    held = torch.from_numpy(uniform(train.ids, seed=config.seed, purpose="probe: held out") < config.held_out)
    if held.all() or not held.any():
        raise InputError(f"{len(train.ids)} training rows leave no part to choose the penalty on; give more rows")
    standardiser = Standardiser.of(train.features[~held])
    kept, other = standardiser(train.features[~held]), standardiser(train.features[held])
    fits: list[LogisticFit] = []
    candidates = []
    for penalty in progress(sorted(config.penalties, reverse=True), "linear probe", unit="fit"):
        fit = fit_logistic(kept, labels[~held], len(classes), penalty=penalty, start=fits[-1] if fits else None,
                           tolerance=config.tolerance, iterations=config.iterations)  # fmt: skip
        fits.append(fit)
        scores = fit.scores(other)
        accuracy = (scores.argmax(dim=1) == labels[held]).double().mean().item()
        entropy = functional.cross_entropy(scores, labels[held]).item()
        candidates.append(Candidate(penalty, accuracy, entropy, fit.converged))
    best = max(range(len(fits)), key=lambda index: (candidates[index].accuracy, -candidates[index].cross_entropy))
    standardiser = Standardiser.of(train.features)
    inputs, penalty = standardiser(train.features), fits[best].penalty
    whole = fit_logistic(inputs, labels, len(classes), penalty=penalty, start=fits[best],
                         tolerance=config.tolerance, iterations=config.iterations)  # fmt: skip
    return LinearProbe(whole, standardiser, classes, tuple(candidates))
