"""What the stages of studies leave: figures for a page, and the page."""

from typing import TYPE_CHECKING

from pydantic import BaseModel

from storage.store.publish import software
from storage.store.workspace import Workspace
from tasks.studies.config import StudyConfig
from tasks.studies.stats import MeasuredStats, StudyStats

if TYPE_CHECKING:
    from tasks.studies.page.content import StudyPage

NUMBERS = "measured.json"
"""What a stage measured, for the stage that writes the page: a word changed there measures nothing again."""


def measured_stats(found: BaseModel, count: int, work: Workspace) -> MeasuredStats:
    """Write `measured.json`; `count` is of whatever was measured."""
    (work.output / NUMBERS).write_text(found.model_dump_json(indent=1), encoding="utf-8")
    return MeasuredStats(measured=count)


def written(page: "StudyPage", config: StudyConfig, work: Workspace) -> StudyStats:
    """Write the page with its figures and numbers."""
    from tasks.studies.page.write import write_study

    return write_study(page, config, work.output, software=software())
