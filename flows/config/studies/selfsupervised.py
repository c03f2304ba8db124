"""Studies that compare self-supervised trainings, as configurations: arms over seeds, on some pictures."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field, ValidationInfo, field_validator

from flows.config.studies.plan import StudyPlan
from storage.config import Config
from tasks.evaluation.probe.config import ProbeConfig
from tasks.ingest.config import Sources
from tasks.studies.selfsupervised.config import ComparisonConfig, SampleConfig
from tasks.training.config import RegulariserConfig
from tasks.training.selfsupervised.config import ClusteringConfig, SelfSupervisedConfig, TeacherConfig

Method = Literal[
    "invariance", "contrastive", "nt_xent", "byol", "barlow_twins", "moco", "vicreg", "zero_cl", "clustering"
]


@dataclass(frozen=True)
class Arm:
    """One kind of training of a study, and what the paper made of it."""

    group: str
    name: str
    settings: SelfSupervisedConfig
    paper: float | None = None


class MethodChoice(Config):
    """A method with what belongs to it; what is left out stays as `training` has it."""

    name: str = Field(min_length=1, description="what the page calls it")
    method: Method = Field(description="as self-supervised training has it")
    beta: float | None = Field(default=None, ge=0, description="weight of its loss")
    temperature: float | None = Field(default=None, gt=0, description="of its similarities or scores")
    teacher: TeacherConfig | None = Field(default=None, description="how its teacher follows")
    queue: int | None = Field(default=None, ge=2, description="moco's keys")
    clustering: ClusteringConfig | None = Field(default=None, description="prototypes and assignments")
    regulariser: RegulariserConfig | None = Field(default=None, description="beside it")

    def applied(self, base: SelfSupervisedConfig, regulariser: RegulariserConfig | None = None) -> SelfSupervisedConfig:
        """The base configuration with this method. Raises `ValueError` for what does not belong to it."""
        given = {name: value for name in type(self).model_fields if (value := getattr(self, name)) is not None}
        given.pop("name")
        if regulariser is not None:
            given["regulariser"] = regulariser
        plain = {name: value.model_dump() if isinstance(value, Config) else value for name, value in given.items()}
        return SelfSupervisedConfig.model_validate(base.model_dump() | plain)


class NamedRegulariser(Config):
    """A regulariser beside every method."""

    name: str = Field(min_length=1, description="what the page calls it")
    regulariser: RegulariserConfig = Field(default_factory=RegulariserConfig, description="kind and weights")


class Weights(Config):
    """A row of T-REGS' Table 4."""

    beta: float = Field(ge=0, description="β, of the views' distance")
    gamma: float = Field(ge=0, description="γ, of the spanning tree")
    lambda_: float = Field(default=0.0, ge=0, description="λ, of the soft sphere")
    sphere: Literal["soft", "hard"] = Field(default="soft", description="hard: embeddings of length 1, λ then unused")
    paper: float | None = Field(default=None, ge=0, description="the paper's top-1 in per cent; 0: a collapse")

    @property
    def name(self) -> str:
        """As the page says it."""
        sphere = ", hard sphere" if self.sphere == "hard" else f", λ {self.lambda_:g}"
        return f"β {self.beta:g}, γ {self.gamma:g}{sphere}"


Seeds = tuple[Annotated[int, Field(ge=0)], ...]


class SelfSupervisedStudyPlan(StudyPlan):
    """What the three studies have in common."""

    sources: Sources = Field(min_length=1, description="pictures to learn from; labels for the probe")
    test: Sources = Field(min_length=1, description="labelled pictures to be tested on")
    sample: SampleConfig | None = Field(default=None, description="some of the first; null: all")
    test_sample: SampleConfig | None = Field(default=None, description="some of the second; null: all")
    training: SelfSupervisedConfig = Field(description="network, views and budget of every arm")
    probe: ProbeConfig = Field(default_factory=ProbeConfig, description="how features are evaluated")
    seeds: Seeds = Field(default=(0, 1, 2), min_length=1, description="one run of every arm for each")
    settings: ComparisonConfig = Field(default_factory=ComparisonConfig, description="of the page")

    def arms(self) -> Sequence[Arm]:
        """Every kind of training, in the page's order."""
        raise NotImplementedError


class TregsSslPlan(SelfSupervisedStudyPlan):
    """Every method with every regulariser (T-REGS, Tables 1 and 2)."""

    kind: Literal["tregs-ssl"]
    methods: tuple[MethodChoice, ...] = Field(min_length=1, description="what draws the views together")
    regularisers: tuple[NamedRegulariser, ...] = Field(min_length=1, description="what stands beside each method")
    settings: ComparisonConfig = Field(
        default_factory=lambda: ComparisonConfig(reference="alone"), description="of the page"
    )

    @field_validator("methods")
    @classmethod
    def _fits(cls, methods: tuple[MethodChoice, ...], info: ValidationInfo) -> tuple[MethodChoice, ...]:
        return _fitting(methods, info)

    def arms(self) -> Sequence[Arm]:
        """Method by method, every regulariser."""
        return [
            Arm(method.name, beside.name, method.applied(self.training, beside.regulariser))
            for method in self.methods
            for beside in self.regularisers
        ]


class CoefficientsPlan(SelfSupervisedStudyPlan):
    """The weights of T-REGS (Table 4)."""

    kind: Literal["tregs-coefficients"]
    rows: tuple[Weights, ...] = Field(min_length=1, description="rows of the table")

    def arms(self) -> Sequence[Arm]:
        """Row by row."""
        return [
            Arm(
                "T-REGS",
                row.name,
                self.training.model_copy(
                    update={
                        "beta": row.beta,
                        "sphere": row.sphere,
                        "regulariser": RegulariserConfig(gamma=row.gamma, lambda_=row.lambda_),
                    }
                ),
                row.paper,
            )
            for row in self.rows
        ]


class ClusteringPlan(SelfSupervisedStudyPlan):
    """Clustering as a balanced measure (The Benefits of Balance, example 1), beside T-REGS."""

    kind: Literal["clustering"]
    methods: tuple[MethodChoice, ...] = Field(min_length=1, description="the arms")

    @field_validator("methods")
    @classmethod
    def _fits(cls, methods: tuple[MethodChoice, ...], info: ValidationInfo) -> tuple[MethodChoice, ...]:
        return _fitting(methods, info)

    def arms(self) -> Sequence[Arm]:
        """One a method; clustering's in a group of their own."""
        return [
            Arm("clustering" if each.method == "clustering" else "others", each.name, each.applied(self.training))
            for each in self.methods
        ]


def _fitting(methods: tuple[MethodChoice, ...], info: ValidationInfo) -> tuple[MethodChoice, ...]:
    """Refuse what does not belong to a method when the file is read, and two of one name."""
    base = info.data.get("training")
    if isinstance(base, SelfSupervisedConfig):
        for method in methods:
            method.applied(base)
    names = [method.name for method in methods]
    if twice := {name for name in names if names.count(name) > 1}:
        raise ValueError(f"two methods are called {sorted(twice)[0]!r}; name them apart")
    return methods
