"""The stages of studies: what each measures that no other room does, and its page. Only this file knows of caching."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.publish import software
from storage.store.workspace import Workspace
from tasks.studies.balance_k.config import BalanceKConfig
from tasks.studies.config import StudyConfig
from tasks.studies.stats import MeasuredStats, StudyStats

if TYPE_CHECKING:
    from tasks.studies.page.content import StudyPage

NUMBERS = "measured.json"


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
    (work.output / NUMBERS).write_text(found.model_dump_json(indent=1), encoding="utf-8")
    return MeasuredStats(measured=len(image))


@stage("balance_k_page", version=1, modules=())
def balance_k_page(config: BalanceKConfig, measured: Manifest, *, work: Workspace) -> StudyStats:
    """The page of the study `balance-k`."""
    from tasks.studies.balance_k.measure import BalanceKNumbers
    from tasks.studies.balance_k.page import balance_k_page as page

    numbers = BalanceKNumbers.model_validate_json(work.path(measured, NUMBERS).read_bytes())
    return _written(page(config, numbers), config, work)


def _written(page: "StudyPage", config: StudyConfig, work: Workspace) -> StudyStats:
    from tasks.studies.page.write import write_study

    return write_study(page, config, work.output, software=software())
