"""The study `tregs-retrieval` as a configuration."""

from typing import Literal, Self

from pydantic import Field, model_validator

from flows.config.studies.plan import StudyPlan
from flows.config.studies.selfsupervised import NamedRegulariser, Seeds
from storage.places.local import LocalPath
from tasks.embedding.config import EmbeddingConfig
from tasks.ingest.config import Sources
from tasks.studies.tregs_retrieval.config import RetrievalConfig
from tasks.studies.tregs_retrieval.runs import BEFORE
from tasks.training.config import FinetuneConfig, RegulariserConfig, TrainingConfig


class RetrievalPlan(StudyPlan):
    """CLIP before fine-tuning, fine-tuned, and fine-tuned with every regulariser (T-REGS, Table 3)."""

    kind: Literal["tregs-retrieval"]
    sources: Sources = Field(min_length=1, description="pairs to be fine-tuned on")
    test: Sources = Field(min_length=1, description="pairs to be retrieved")
    model: LocalPath | None = Field(default=None, description="a folder with a CLIP checkpoint to begin with")
    training: TrainingConfig | None = Field(default=None, description="or a training on the same pairs that makes one")
    finetune: FinetuneConfig = Field(description="budget and loss of every arm; its regulariser is each arm's")
    regularisers: tuple[NamedRegulariser, ...] = Field(min_length=1, description="the arms")
    embedding: EmbeddingConfig = Field(default_factory=EmbeddingConfig, description="how test pairs are encoded")
    seeds: Seeds = Field(default=(0, 1, 2), min_length=1, description="one run of every arm for each")
    settings: RetrievalConfig = Field(default_factory=RetrievalConfig, description="of the page")

    @model_validator(mode="after")
    def _begins_somewhere(self) -> Self:
        if (self.model is None) == (self.training is None):
            raise ValueError("give `model`, a folder with a CLIP checkpoint, or `training`, which makes one; not both")
        if (
            self.finetune.regulariser != FinetuneConfig().regulariser
            and self.finetune.regulariser != RegulariserConfig()
        ):
            raise ValueError("every arm has its own regulariser: write it in `regularisers`, not in `finetune`")
        names = [each.name for each in self.regularisers]
        if len(set(names)) < len(names) or BEFORE in names:
            raise ValueError(f"the arms {names} need names of their own; {BEFORE!r} is the model before fine-tuning")
        if self.settings.reference not in names:
            raise ValueError(f"no arm is called {self.settings.reference!r}, the reference; there are {names}")
        return self
