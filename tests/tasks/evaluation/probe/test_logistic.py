"""The logistic regression against scikit-learn's, against its own gradient, and on features with faults."""

import numpy as np
import pytest
import torch
from sklearn.linear_model import LogisticRegression

from storage.errors import InputError
from tasks.evaluation.probe.logistic import Standardiser, fit_logistic


def clouds(n: int = 600, d: int = 12, classes: int = 4, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """Overlapping Gaussian clouds, one a class, of unequal size."""
    generator = np.random.default_rng(seed)
    labels = generator.choice(classes, n, p=np.arange(1, classes + 1) / sum(range(classes + 1)))
    points = generator.standard_normal((classes, d))[labels] + 1.2 * generator.standard_normal((n, d))
    return torch.from_numpy(points), torch.from_numpy(labels)


@pytest.mark.parametrize("penalty", (1e-1, 1e-3, 1e-5))
def test_it_is_scikit_learns(penalty):
    points, labels = clouds()
    ours = fit_logistic(points, labels, 4, penalty=penalty, tolerance=1e-8)
    theirs = LogisticRegression(C=1 / (penalty * len(points)), solver="newton-cg", tol=1e-12, max_iter=5_000)
    theirs.fit(points.numpy(), labels.numpy())
    assert ours.converged
    np.testing.assert_allclose(ours.weight.T, theirs.coef_, atol=2e-5, rtol=1e-4)
    probabilities = torch.softmax(ours.scores(points), dim=1)
    np.testing.assert_allclose(probabilities, theirs.predict_proba(points.numpy()), atol=1e-5)
    assert (ours.scores(points).argmax(dim=1).numpy() == theirs.predict(points.numpy())).all()


def test_the_residual_is_the_gradient_and_stopping_early_is_not_called_converged():
    points, labels = clouds()
    fit = fit_logistic(points, labels, 4, penalty=1e-3, iterations=3)
    assert not fit.converged and fit.iterations == 3
    weight, bias = fit.weight.clone().requires_grad_(), fit.bias.clone().requires_grad_()
    loss = torch.nn.functional.cross_entropy(points @ weight + bias, labels) + 5e-4 * weight.square().sum()
    loss.backward()
    assert fit.loss == pytest.approx(loss.item(), rel=1e-12)
    assert fit.residual == pytest.approx(max(weight.grad.abs().max().item(), bias.grad.abs().max().item()), rel=1e-9)


def test_the_answer_does_not_depend_on_the_start():
    points, labels = clouds()
    alone = fit_logistic(points, labels, 4, penalty=1e-3, tolerance=1e-8)
    strong = fit_logistic(points, labels, 4, penalty=1.0)
    warm = fit_logistic(points, labels, 4, penalty=1e-3, start=strong, tolerance=1e-8)
    torch.testing.assert_close(warm.weight, alone.weight, atol=1e-6, rtol=1e-5)


def test_features_that_never_vary_or_have_any_scale_do_no_harm():
    points, labels = clouds()
    points = torch.cat([points * 1e6 + 1e3, torch.full((len(points), 2), 3.7)], dim=1)
    standard = Standardiser.of(points)
    inputs = standard(points)
    assert torch.isfinite(inputs).all() and (inputs[:, -2:] == 0).all()
    torch.testing.assert_close(inputs[:, :12].std(dim=0, correction=0), torch.ones(12, dtype=torch.float64))
    assert fit_logistic(inputs, labels, 4, penalty=1e-3).converged


def test_features_that_are_not_numbers_are_refused():
    points, labels = clouds()
    points[3, 3] = torch.nan
    with pytest.raises(InputError, match="not finite"):
        fit_logistic(points, labels, 4, penalty=1e-3)


def test_labels_may_be_whole_numbers_of_any_width():
    points, labels = clouds(60)
    fits = [fit_logistic(points, labels.to(kind), 4, penalty=1e-1) for kind in (torch.int64, torch.int32, torch.uint8)]
    assert all(torch.equal(fit.weight, fits[0].weight) for fit in fits)
