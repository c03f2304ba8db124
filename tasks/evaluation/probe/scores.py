"""From the probe's answers to its scores, in the same shape as the zero-shot ones."""

from collections.abc import Sequence
from dataclasses import asdict, replace

from tasks.arrays import Int64s
from tasks.evaluation.probe.linear import LinearProbe
from tasks.evaluation.scoring.answers import Classification
from tasks.evaluation.scoring.intervals import Bootstrap, share_interval
from tasks.evaluation.scoring.scores import Scores, classification_scores


def probe_scores(
    labels: Int64s, ranking: Int64s, nearest: Int64s, bootstrap: Bootstrap, *, names: Sequence[str] = ()
) -> Scores:
    """Accuracy and mean per-class recall of the linear classifier, and the neighbours' accuracy as `knn_acc1`.

    Args:
        labels: the true ones `[m]`, none negative.
        ranking: the classifier's best labels, best first, `[m, k]`.
        nearest: the neighbours' labels `[m]`.
        bootstrap: how the intervals are made.
        names: of the classes; empty: their labels.
    """
    hits = ranking == labels[:, None]
    answers = Classification(
        label=labels,
        ranking=ranking,
        acc1=float(hits[:, 0].mean()),
        acc5=float(hits.any(axis=1).mean()) if ranking.shape[1] >= 5 else None,
    )
    numbers = [str(label) for label in range(int(max(labels.max(), ranking.max())) + 1)]
    scores = classification_scores(answers, names or numbers, bootstrap)
    correct = int((nearest == labels).sum())
    return replace(
        scores,
        task="linear_probe",
        metrics=scores.metrics | {"knn_acc1": correct / len(labels)},
        intervals=scores.intervals | {"knn_acc1": share_interval(correct, len(labels), bootstrap)},
    )


def probe_json(
    scores: Scores, linear: LinearProbe, *, pretrained: str, effective_rank: float, dataset: str = "pairs"
) -> dict[str, object]:
    """The result file: the scores, and how the classifier came about.

    Args:
        scores: what `probe_scores` gave.
        linear: the classifier.
        pretrained: names the weights.
        effective_rank: of the test features.
        dataset: whose labels were learnt.
    """
    return scores.to_json(dataset=dataset, model="frozen features", pretrained=pretrained) | {
        "effective_rank": effective_rank,
        "probe": {
            "penalty": linear.fit.penalty,
            "penalty_at_edge": linear.at_the_edge,
            "converged": linear.fit.converged,
            "residual": linear.fit.residual,
            "iterations": linear.fit.iterations,
            "candidates": [asdict(candidate) for candidate in linear.candidates],
        },
    }
