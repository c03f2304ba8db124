"""The stages of `curation`: its page."""

from collections.abc import Sequence

from storage.caching.stage import stage
from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.studies.curation.config import CurationConfig
from tasks.studies.curation.inputs import Arm
from tasks.studies.outputs import written
from tasks.studies.stats import StudyStats


@stage("curation_page", version=1, modules=())
def curation_page(
    config: CurationConfig, pairs: Sequence[Manifest], arms: Sequence[Arm], *, work: Workspace
) -> StudyStats:
    """The page of the study `curation`.

    Args:
        config: how classes are grouped.
        pairs: what was trained on; their labels are the benchmark's classes.
        arms: every arm, the original first, with its trainings' scores in the same order of seeds.
        work: this run.
    """
    from tasks.studies.curation.arms import curation_numbers
    from tasks.studies.curation.page import curation_page as page
    from tasks.studies.curation.read import label_counts, read_selection
    from tasks.studies.scored.answers import answers_of

    answers = {arm.name: answers_of(arm.along, work) for arm in arms}
    chosen = {arm.name: read_selection(arm.realised, work.path(arm.realised, "entries.parquet"))
              for arm in arms if arm.realised is not None}  # fmt: skip
    classes = 1 + max(int(run.label.max()) for runs in answers.values() for run in runs)
    numbers = curation_numbers(
        answers,
        {arm.name: arm.control_of for arm in arms if arm.control_of},
        chosen,
        label_counts(work.shards(pairs, "pairs-*.parquet"), classes),
        names=config.groups,
        confidence=config.confidence,
    )
    return written(page(config, numbers), config, work)
