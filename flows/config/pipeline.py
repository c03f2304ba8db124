"""The configuration of one experiment: a YAML file, checked whole before any work starts."""

from pathlib import Path
from typing import ClassVar

from pydantic import Field, ValidationError, model_validator

from flows.config.experiment import Experiment
from flows.config.faults import faults
from flows.config.plans.evaluation import Benchmark, EvaluationPlan
from flows.config.plans.screening import ScreeningPlan
from flows.config.plans.training import EncoderPlan, TrainingPlan
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.config.sources import pictures_for_screening, require_captions, require_pictures
from flows.config.strict_yaml import read_yaml, told
from flows.config.studies.study import StudyExperiment
from flows.verbs import Verb
from storage.errors import InputError
from storage.store.workspace import Runtime
from tasks.balancing.config import BalancingConfig, RakeConfig
from tasks.geometry.config import GeometryConfig
from tasks.ingest.config import Sources
from tasks.matching.config import MatchingConfig, MetadataConfig
from tasks.reporting.config import CardConfig, ReportConfig
from tasks.resampling.config import CurateConfig, ResamplingConfig


class PipelineConfig(Experiment):
    """One experiment. `training: null` stops after curation."""

    whole: ClassVar[Verb] = "pipeline"

    ranks: int = Field(default=1, ge=1, description="processes that one training is spread over, one for each GPU")
    machines: int = Field(default=1, ge=1, description="machines of a Ray cluster that share these processes equally")
    sources: Sources = Field(min_length=1, description="what to ingest")
    screening: ScreeningPlan | None = Field(default=None, description="repetitions and leaks, before balancing")
    metadata: MetadataConfig = Field(description="the keyword list")
    matching: MatchingConfig = Field(default_factory=MatchingConfig, description="how rows get their keywords")
    balancing: BalancingConfig = Field(default_factory=RakeConfig, description="how to balance")
    resampling: ResamplingConfig = Field(default_factory=ResamplingConfig, description="weights to a selection")
    curated: CurateConfig = Field(default_factory=CurateConfig, description="the curated shards")
    encoder: EncoderPlan | None = Field(default=None, description="embedding; needed by geometry and heads")
    geometry: GeometryConfig | None = Field(default=None, description="neighbours and spanning trees per variant")
    training: TrainingPlan | None = Field(
        default=None, description="what is trained on every variant; none: only curate"
    )
    evaluation: EvaluationPlan | None = Field(default=None, description="the benchmarks that every model is scored on")
    card: CardConfig = Field(default_factory=CardConfig, description="the data set's card, on export")
    report: ReportConfig = Field(default_factory=ReportConfig, description="what the report compares and shows")

    @model_validator(mode="after")
    def _complete(self) -> "PipelineConfig":
        needs_encoder = self.geometry is not None or (self.training is not None and self.training.heads is not None)
        if needs_encoder and self.encoder is None:
            raise ValueError("geometry and training.heads need `encoder`")
        if (
            self.encoder is not None
            and self.encoder.uses_model
            and self.encoder.model == "trained"
            and self.training is None
        ):
            raise ValueError("encoder.model is `trained`, but there is no `training`; give a path, or null")
        if self.evaluation is not None and self.training is None:
            raise ValueError("`evaluation` needs `training`: there is no model to evaluate")
        if self.screening and self.screening.leakage and not self.compared:
            raise ValueError("screening.leakage has nothing to compare with; name screening.benchmarks or `evaluation`")
        generated = any(source.kind == "scenes" for source in self.sources)
        missing = [item.name for item in self.benchmarks if not item.path]
        names = [item.name for item in self.benchmarks]
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"two benchmarks are called {twice[0]!r}; their names tell them apart in the report")
        if missing and not generated:
            raise ValueError(f"benchmark {missing[0]!r} has no `path`, and no source of kind `scenes` generates it")
        return self

    @model_validator(mode="after")
    def _encodes_what_is_used(self) -> "PipelineConfig":
        encoder, training = self.encoder, self.training
        if encoder is None:
            return self
        encoded, model = encoder.settings.modality, encoder.model
        heads = training is not None and training.heads is not None
        if heads and encoder.settings.encoder == "pixels":
            raise ValueError("training.heads need images and captions encoded by a model, not encoder: pixels")
        if heads and encoded != "both":
            raise ValueError(
                f"training.heads need images and captions; set encoder.settings.modality from {encoded} to both"
            )
        if self.geometry is not None and encoded not in ("both", self.geometry.modality):
            raise ValueError(
                f"geometry.modality is {self.geometry.modality}, but the encoder encodes {encoded} only; "
                "set encoder.settings.modality to both"
            )
        given = encoder.settings.architecture
        if (
            encoder.uses_model
            and model == "trained"
            and training is not None
            and given not in (None, training.settings.architecture)
        ):
            raise ValueError(
                "encoder.settings.architecture is not that of the trained model; leave it out, or set encoder.model"
            )
        return self

    @model_validator(mode="after")
    def _sources_bring_what_is_used(self) -> "PipelineConfig":
        encoder = self.encoder
        wanted = pictures_for_screening(self.screening) | {
            "training": self.training is not None,
            "encoder": encoder is not None and encoder.settings.modality != "text",
        }
        require_pictures(self.sources, wanted)
        if self.matching.kind != "concepts":
            require_captions(self.sources)
        return self

    @model_validator(mode="after")
    def _scores_are_carried(self) -> "PipelineConfig":
        carried = {name for source in self.sources for name in getattr(source, "scores", ())}
        for rule in self.screening.filter if self.screening else ():
            if rule.score not in carried:
                known = f"; those carried are {', '.join(sorted(carried))}" if carried else ""
                raise ValueError(
                    f"screening.filter names the score {rule.score!r}, which no source carries{known}; name its column "
                    "in a source's `scores`"
                )
        return self

    @model_validator(mode="after")
    def _concepts_are_carried(self) -> "PipelineConfig":
        wanted = {"matching.kind: concepts": self.matching.kind == "concepts"}
        wanted["a metadata source of kind concepts"] = self.metadata.reads_concepts
        without = [source.name for source in self.sources if getattr(source, "concepts", None) is None]
        for what, is_set in wanted.items():
            if is_set and without:
                raise ValueError(
                    f"{what} reads concepts, which the source {without[0]!r} does not carry; name their column in its "
                    "`concepts`"
                )
        return self

    @model_validator(mode="after")
    def _batches_over_ranks(self) -> "PipelineConfig":
        for name, settings in (self.training.trainings if self.training else {}).items():
            try:
                settings.check_parts(self.ranks)
            except ValueError as error:
                raise ValueError(f"training.{name}: {error}") from None
        return self

    @model_validator(mode="after")
    def _ranks_over_machines(self) -> "PipelineConfig":
        if self.ranks % self.machines:
            raise ValueError(
                f"`ranks` is {self.ranks}, which {self.machines} `machines` cannot share equally; give a multiple"
            )
        if self.machines > 1 and self.runner != "ray":
            raise ValueError(
                f"`machines` is {self.machines}, and `runner` is {self.runner}: several machines share a training by "
                "`runner: ray` alone"
            )
        return self

    def covers(self, verb: Verb) -> bool:
        """Whether a verb does all that there is to do."""
        if self.training is None:
            return True
        return verb in ("evaluate", "pipeline") or (verb == "train" and self.evaluation is None)

    @property
    def runtime(self) -> Runtime:
        """Where and with what stages run."""
        return super().runtime.model_copy(update={"ranks": self.ranks, "machines": self.machines})

    @property
    def compared(self) -> tuple[Benchmark, ...]:
        """The benchmarks whose leaks are looked for."""
        if self.screening is None or self.screening.leakage is None:
            return ()
        return self.screening.benchmarks or (self.evaluation.benchmarks if self.evaluation else ())

    def split_of(self, benchmark: Benchmark) -> str:
        """Which images of a benchmark count: those that are scored, or the test images where none are."""
        scored = self.evaluation is not None and benchmark in self.evaluation.benchmarks
        return self.evaluation.settings.split if self.evaluation and scored else "test"

    @property
    def benchmarks(self) -> tuple[Benchmark, ...]:
        """Every benchmark that models are evaluated on or that leaks are looked for of, each once."""
        return tuple(dict.fromkeys((*(self.evaluation.benchmarks if self.evaluation else ()), *self.compared)))


AnyKind = PipelineConfig | SelfSupervisedExperiment | StudyExperiment


def load_config(path: Path) -> PipelineConfig:
    """Read and check a pipeline's YAML file. Raises `InputError` as `load_experiment` does, and for another kind."""
    experiment = load_experiment(path)
    if not isinstance(experiment, PipelineConfig):
        raise InputError(
            f"{path} is {experiment.kind_in_words}, which curates nothing: `run`, `status`, `verify` and `gc` take it"
        )
    return experiment


def load_experiment(path: Path) -> AnyKind:
    """Read and check a YAML file: `selfsupervised` makes it a self-supervised experiment, `study` a study.

    Raises `InputError` that names every fault, its field and line, and the mend.

    Example:
        >>> from pathlib import Path
        >>> from equipoise import load_experiment
        >>> experiment = load_experiment(Path("configs/demo.yaml"))
        >>> experiment.name, experiment.balancing.method
        ('demo', 'rake')
    """
    document = read_yaml(path)
    values = document.values
    values.setdefault("name", path.stem)
    kind: type[AnyKind] = PipelineConfig
    if "study" in values:
        kind = StudyExperiment
    elif "selfsupervised" in values:
        kind = SelfSupervisedExperiment
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        found = [(document.line(place), fault) for place, fault in faults(error, kind)]
        raise InputError(told(path, found)) from None
