"""The study `zero-shot` as a configuration."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from flows.config.plans.evaluation import Benchmark
from flows.config.plans.training import EncoderPlan
from flows.config.studies.encoding import EncodedData
from flows.config.studies.plan import StudyPlan
from tasks.embedding.benchmarks.layout import DATASET_TYPE
from tasks.evaluation.config import EvaluationConfig
from tasks.ingest.config import Sources
from tasks.studies.zero_shot.config import HoldOutConfig, ProbeAlongConfig, ZeroShotConfig
from tasks.training.config import HeadsConfig


class ZeroShotPlan(StudyPlan):
    """Text encoder × batch × k, over seeds, scored along training."""

    kind: Literal["zero-shot"]
    sources: Sources = Field(min_length=1, description="image-caption pairs that heads are trained on")
    encoders: dict[str, EncoderPlan] = Field(
        min_length=1, description="by the name that figures show, the image encoder with a text encoder"
    )
    batches: tuple[Annotated[int, Field(ge=2)], ...] = Field(
        default=(128, 512), min_length=1, description="batch sizes"
    )
    half_steps: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(0, 1, 2), min_length=1, description="the k of the balanced loss"
    )
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(0, 1, 2, 3, 4), min_length=1, description="one training per seed and setting"
    )
    heads: HeadsConfig = Field(
        default_factory=lambda: HeadsConfig(keep_every=500),
        description="heads and their training; batch and k are above",
    )
    benchmarks: tuple[Benchmark, ...] = Field(min_length=1, description="what heads are scored on, each with a path")
    evaluation: EvaluationConfig = Field(default_factory=EvaluationConfig, description="split of the benchmarks")
    held_out: HoldOutConfig | None = Field(
        default=None,
        description="pairs that are not trained on, for the loss and the retrieval of unseen pairs along training",
    )
    probe: ProbeAlongConfig | None = Field(
        default=None,
        description="a linear classifier and nearest neighbours of the heads' image features along training, on the "
        "benchmarks that have classes",
    )
    settings: ZeroShotConfig = Field(default_factory=ZeroShotConfig, description="the page")

    @property
    def scored(self) -> list[tuple[Benchmark, str]]:
        """Every benchmark with its split."""
        return [(item, self.evaluation.split) for item in self.benchmarks]

    @property
    def probed(self) -> list[Benchmark]:
        """The benchmarks with one class an image, and, where that is learnt from, training images."""
        if self.probe is None:
            return []
        classes = [item for item in self.benchmarks if item.path and not (item.path / DATASET_TYPE).is_file()]
        return [item for item in classes if self.probe.learn_from == "pairs" or _has_training_images(item)]

    @model_validator(mode="after")
    def _runs_are_told_apart(self) -> "ZeroShotPlan":
        for encoder in self.encoders.values():
            EncodedData(sources=self.sources, encoder=encoder)
        for name in ("batches", "half_steps", "seeds"):
            values = getattr(self, name)
            if len(set(values)) < len(values):
                raise ValueError(f"`{name}` holds one value twice; name each once")
        for half_steps in self.half_steps:
            self.heads.loss.check(half_steps)
        if generated := [item.name for item in self.benchmarks if item.path is None]:
            raise ValueError(f"benchmark {generated[0]!r} has no `path`; a study generates none")
        there = all(item.path is not None and item.path.is_dir() for item in self.benchmarks)
        if self.probe is not None and there and not self.probed:  # what is not there is told by its path
            raise ValueError(
                "`probe` has nothing to learn from: no benchmark of one class an image has a sub-folder train/; put it "
                "there, or learn_from: pairs, where their labels are the benchmark's classes"
            )
        names = [item.name for item in self.benchmarks]
        if len(set(names)) < len(names):
            raise ValueError("two benchmarks have one name; their names tell them apart in the page")
        return self


def _has_training_images(item: Benchmark) -> bool:
    return item.path is not None and (item.path / "train").is_dir()
