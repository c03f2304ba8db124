"""The figures of evaluations: fields, and every metric under its own name."""

from datetime import UTC, datetime

from storage.record.manifest import Manifest
from storage.record.stats import as_json
from tasks.evaluation.stats import BenchmarkStats

FIGURES = {
    "benchmark": "shape", "task": "zeroshot_retrieval", "primary": "image_retrieval_recall@1", "value": 0.5,
    "interval": [0.25, 0.75], "images": 8, "classes": 0, "image_retrieval_recall@1": 0.5, "acc5": None,
}  # fmt: skip


def test_metrics_keep_their_names_on_the_way_through_a_manifest() -> None:
    figures = BenchmarkStats.model_validate(FIGURES)
    assert figures.metrics == {"image_retrieval_recall@1": 0.5, "acc5": None}
    assert as_json(figures) == FIGURES | {"findings": []}
    made = Manifest(
        stage="evaluate", key="k", digest="d", files=(), code="c", stats=as_json(figures), created=datetime.now(UTC)
    )
    assert BenchmarkStats.of(made) == figures
