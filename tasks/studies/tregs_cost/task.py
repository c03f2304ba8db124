"""The stages of `tregs-cost`: timed, and told."""

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.studies.outputs import NUMBERS, measured_stats, written
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.studies.tregs_cost.config import CostConfig, TimedStep


@stage("tregs_cost", version=1, on_device=True, modules=(), less_memory="lower the study's batches")
def tregs_cost(config: CostConfig, steps: Sequence[TimedStep], *, work: Workspace) -> MeasuredStats:
    """Seconds of whole self-supervised steps, of every kind in turn."""
    from tasks.studies.tregs_cost.measure import measure_cost

    found = measure_cost(config, steps, work.device)
    return measured_stats(found, len(found.times), work)


@stage("tregs_cost_page", version=1, modules=())
def tregs_cost_page(config: CostConfig, measured: Manifest, *, work: Workspace) -> StudyStats:
    """The page of the study `tregs-cost`."""
    from tasks.studies.tregs_cost.measure import CostNumbers
    from tasks.studies.tregs_cost.page import cost_page

    numbers = CostNumbers.model_validate_json(work.path(measured, NUMBERS).read_bytes())
    return written(cost_page(config, numbers), config, work)
