"""The stages of `balance-k`: measured, and told."""

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.studies.balance_k.config import BalanceKConfig
from tasks.studies.outputs import NUMBERS, measured_stats, written
from tasks.studies.stats import MeasuredStats, StudyStats


@stage("balance_k", version=1, modules=())
def balance_k(
    config: BalanceKConfig, model: Manifest, embeddings: Sequence[Manifest], *, work: Workspace
) -> MeasuredStats:
    """Variances of minibatches for every number of half steps, measured and by the theorem.

    Args:
        config: sizes and repetitions.
        model: heads, as `train_heads` wrote them.
        embeddings: what `embed` wrote, of the pairs that minibatches are drawn from.
        work: this run.
    """
    from tasks.studies.balance_k.measure import measure
    from tasks.threads import fixed_threads
    from tasks.training.data.embeddings import read_embeddings
    from tasks.training.models.saved import load_heads

    examples = read_embeddings(work.shards(embeddings, "embeddings-*.parquet"), None)
    image, text = (each[examples.place].astype("float32") for each in (examples.image, examples.text))
    with fixed_threads(1):
        found = measure(config, load_heads(work.directory(model)), image, text, report=work.log)
    return measured_stats(found, len(image), work)


@stage("balance_k_page", version=1, modules=())
def balance_k_page(config: BalanceKConfig, measured: Manifest, *, work: Workspace) -> StudyStats:
    """The page of the study `balance-k`."""
    from tasks.studies.balance_k.measure import BalanceKNumbers
    from tasks.studies.balance_k.page import balance_k_page as page

    numbers = BalanceKNumbers.model_validate_json(work.path(measured, NUMBERS).read_bytes())
    return written(page(config, numbers), config, work)
