"""The figures that evaluations leave in their manifests."""

from typing import ClassVar

from pydantic import ConfigDict, Field

from storage.record.stats import Stats


class EvaluationStats(Stats):
    """The scores of one model; beside the fields stand all metrics, under clip-benchmark's names."""

    model_config: ClassVar[ConfigDict] = ConfigDict(extra="allow")
    __pydantic_extra__: dict[str, float | None]

    task: str = Field(description="in clip-benchmark's words")
    primary: str = Field(description="name of the metric to look at first")
    value: float = Field(description="the primary metric")
    interval: tuple[float, float] = Field(description="its interval over test images")
    images: int = Field(description="test images")
    classes: int = Field(description="classes that an image could be given; 0 for retrieval")
    findings: tuple[str, ...] = Field(default=(), description="what to know of the benchmark itself, in sentences")

    @property
    def metrics(self) -> dict[str, float | None]:
        """Every metric by its name; None where it does not exist, as acc5 below five classes."""
        return dict(self.__pydantic_extra__)


class BenchmarkStats(EvaluationStats):
    """Zero-shot scores on one benchmark."""

    benchmark: str = Field(description="its name")


class ProbeStats(EvaluationStats):
    """Scores of classifiers of frozen features."""

    penalty: float = Field(description="α of the linear probe, as the held-out part chose it")
    penalty_at_edge: bool = Field(description="whether it is the largest or smallest that was tried")
    converged: bool = Field(description="whether the last fit reached its tolerance")
    effective_rank: float = Field(description="RankMe of the test features")


class AlongStats(Stats):
    """Heads that were scored along their training."""

    benchmark: str = Field(description="its name")
    checkpoints: int = Field(description="heads that were scored")
    images: int = Field(description="test images")


class EncodedStats(Stats):
    """A benchmark that was encoded for heads."""

    benchmark: str = Field(description="its name")
    images: int = Field(description="test images")
    texts: int = Field(description="distinct prompts, or captions")


class HeadsStats(Stats):
    """Heads that were read from a file."""

    image: int = Field(description="numbers of an image feature that they take")
    text: int = Field(description="numbers of a text feature that they take")
    outputs: int = Field(description="dimension of the joint space")
