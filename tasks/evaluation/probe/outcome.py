"""What both classifiers answer: learnt from labelled features, asked of others, and written down with scores."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pyarrow as pa
from torch import Tensor

from tasks.evaluation.probe.config import ProbeConfig
from tasks.evaluation.probe.linear import Labelled, LinearProbe, linear_probe
from tasks.evaluation.probe.neighbours import neighbour_votes
from tasks.evaluation.probe.scores import probe_json, probe_scores
from tasks.evaluation.scoring.intervals import Bootstrap
from tasks.evaluation.scoring.results import figures, write_results
from tasks.evaluation.scoring.scores import Scores
from tasks.evaluation.stats import ProbeStats
from tasks.threads import fixed_threads
from tasks.training.selfsupervised.collapse import effective_rank


@dataclass(frozen=True)
class ProbeOutcome:
    """The answers of a linear classifier and of the nearest neighbours.

    Attributes:
        asked: what was asked.
        linear: the classifier.
        ranking: its best labels, best first `[n, k]`.
        nearest: the neighbours' labels `[n]`.
        rank: the effective rank of the features that were asked.
        scores: of both.
    """

    asked: Labelled
    linear: LinearProbe
    ranking: Tensor
    nearest: Tensor
    rank: float
    scores: Scores

    def write(self, folder: Path, *, pretrained: str, dataset: str = "pairs") -> ProbeStats:
        """Write answers and scores; the figures of the manifest.

        folder: where to. pretrained: names the weights. dataset: names the set.
        """
        predictions = pa.table(
            {
                "id": pa.array(self.asked.ids, pa.uint64()),
                "label": pa.array(self.asked.labels.numpy(), pa.int32()),
                "prediction": pa.array(self.ranking[:, 0].numpy(), pa.int32()),
                "neighbours": pa.array(self.nearest.numpy(), pa.int32()),
            }
        )
        found = probe_json(self.scores, self.linear, pretrained=pretrained, effective_rank=self.rank, dataset=dataset)
        write_results(folder, predictions, found)
        chosen = {
            "penalty": self.linear.fit.penalty,
            "penalty_at_edge": self.linear.at_the_edge,
            "converged": self.linear.fit.converged,
            "effective_rank": self.rank,
        }
        return ProbeStats.model_validate(figures(self.scores) | chosen)


def probe_outcome(
    config: ProbeConfig,
    known: Labelled,
    asked: Labelled,
    *,
    names: Sequence[str] = (),
    log: Callable[[str], None],
) -> ProbeOutcome:
    """Learn from labelled features and answer others.

    Args:
        config: how.
        known: what is learnt from.
        asked: what is asked.
        names: of the classes; empty: their numbers.
        log: told where a fit did not converge, or the penalty is at the edge of those tried.
    """
    with fixed_threads(config.threads):
        linear = linear_probe(known, config)
        ranking = linear.ranking(asked.features)
        nearest = neighbour_votes(known.features, known.labels, asked.features,
                                  neighbours=config.neighbours, temperature=config.temperature)  # fmt: skip
        rank = effective_rank(asked.features)
    if not linear.fit.converged:
        log(f"the linear probe stopped at a gradient of {linear.fit.residual:.1e}; give it more iterations")
    if linear.at_the_edge:
        log(f"the best penalty, {linear.fit.penalty:g}, is at the edge of those tried; a better one may lie beyond")
    bootstrap = Bootstrap(config.resamples, config.confidence, config.seed)
    scores = probe_scores(asked.labels.numpy(), ranking.numpy(), nearest.numpy(), bootstrap, names=names)
    return ProbeOutcome(asked, linear, ranking, nearest, rank, scores)
