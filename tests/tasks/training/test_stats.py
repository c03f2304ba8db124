"""The figures of every training stage are those that its model names, no more and no fewer."""

from storage.record.stats import Stats
from tasks.training.config import FinetuneConfig, HeadsConfig, TrainingConfig
from tasks.training.stats import ClipStats, SelfSupervisedStats, TrainingStats
from tasks.training.task import finetune, selfsupervise, train, train_heads
from tests.tasks.training.conftest import embeddings_table, publish
from tests.tasks.training.selfsupervised.examples import SMALL


def test_what_stages_write_is_read_back(runtime, squares_manifest) -> None:
    few = {"steps": 2, "batch": 8}
    model = train.run(TrainingConfig(**few), 0, [squares_manifest], None, runtime=runtime)
    embeddings = publish(runtime, "embed", "vectors", {"embeddings-00000.parquet": embeddings_table(20)})
    made: dict[type[Stats], object] = {
        ClipStats: finetune.run(FinetuneConfig(**few), 0, model, [squares_manifest], None, runtime=runtime),
        TrainingStats: train_heads.run(HeadsConfig(**few), 0, [embeddings], None, runtime=runtime),
        SelfSupervisedStats: selfsupervise.run(SMALL.model_copy(update=few), 0, [squares_manifest], runtime=runtime),
    }
    for kind, manifest in made.items():
        figures = kind.of(manifest)
        assert figures.model_dump(mode="json") == manifest.stats
        assert (figures.steps, figures.examples_seen, figures.resumed_at) == (2, 16, 0)
    assert ClipStats.of(made[ClipStats]).predicted_norm > 1  # fine-tuned with T-REG
    assert ClipStats.of(model).predicted_norm is None
