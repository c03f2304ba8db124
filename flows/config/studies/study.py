"""A study as an experiment: everything that a run, its status and its store know of experiments holds for it."""

from pathlib import Path
from typing import Annotated, ClassVar

from pydantic import Field

from flows.config.experiment import Experiment
from flows.config.studies.balance_k import BalanceKPlan
from flows.config.studies.curation import CurationPlan
from flows.config.studies.online import OnlinePlan
from flows.config.studies.selfsupervised import ClusteringPlan, CoefficientsPlan, TregsSslPlan
from flows.config.studies.simulated import BaselinesPlan, IllustrationPlan
from flows.config.studies.tregs_cost import CostPlan
from flows.config.studies.tregs_points import PointsPlan
from flows.config.studies.tregs_retrieval import RetrievalPlan
from flows.config.studies.zero_shot import ZeroShotPlan
from flows.verbs import Verb
from storage.errors import InputError

Study = Annotated[
    BalanceKPlan
    | ZeroShotPlan
    | CurationPlan
    | OnlinePlan
    | BaselinesPlan
    | IllustrationPlan
    | TregsSslPlan
    | CoefficientsPlan
    | ClusteringPlan
    | CostPlan
    | PointsPlan
    | RetrievalPlan,
    Field(discriminator="kind"),
]
"""Every kind of study."""

SMALL = "_small"
"""The ending of the file of a small edition."""

CONFIGS = Path(__file__).resolve().parents[3] / "configs" / "studies"


class StudyExperiment(Experiment):
    """One study; `study.kind` says which."""

    whole: ClassVar[Verb] = "study"
    kind_in_words: ClassVar[str] = "a study"

    study: Study = Field(description="what is asked, of which data")


def study_file(name: str, *, small: bool) -> Path:
    """The YAML file of a study: the paper's full configuration, or the small edition.

    Raises `InputError` where there is none.
    """
    path = CONFIGS / f"{name}{SMALL if small else ''}.yaml"
    if not path.is_file():
        raise InputError(f"{path} does not exist; give a configuration with --config FILE")
    return path
