"""The configuration of one experiment: a YAML file, checked whole before any work starts."""

import difflib
from pathlib import Path
from typing import ClassVar

import yaml
from pydantic import Field, ValidationError, model_validator

from flows.config.experiment import Experiment
from flows.config.plans import Benchmark, EncoderPlan, EvaluationPlan, ScreeningPlan, TrainingPlan
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.verbs import Verb
from storage.errors import InputError
from storage.store.workspace import Runtime
from tasks.balancing.config import BalancingConfig, RakeConfig
from tasks.geometry.config import GeometryConfig
from tasks.ingest.config import SourceConfig
from tasks.matching.config import MatchingConfig, MetadataConfig
from tasks.reporting.config import CardConfig, ReportConfig
from tasks.resampling.config import CurateConfig, ResamplingConfig


class PipelineConfig(Experiment):
    """One experiment. `training: null` stops after curation."""

    whole: ClassVar[Verb] = "pipeline"

    ranks: int = Field(default=1, ge=1, description="processes that one training is spread over, one for each GPU")
    sources: tuple[SourceConfig, ...] = Field(min_length=1, description="what to ingest")
    screening: ScreeningPlan | None = Field(default=None, description="repetitions and leaks, before balancing")
    metadata: MetadataConfig = Field(description="the keyword list")
    matching: MatchingConfig = Field(default_factory=MatchingConfig, description="substring matching")
    balancing: BalancingConfig = Field(default_factory=RakeConfig, description="how to balance")
    resampling: ResamplingConfig = Field(default_factory=ResamplingConfig, description="weights to a selection")
    curated: CurateConfig = Field(default_factory=CurateConfig, description="the curated shards")
    encoder: EncoderPlan | None = Field(default=None, description="embedding; needed by geometry and heads")
    geometry: GeometryConfig | None = Field(default=None, description="neighbours and spanning trees per variant")
    training: TrainingPlan | None = Field(default=None, description="training")
    evaluation: EvaluationPlan | None = Field(default=None, description="zero-shot evaluation")
    card: CardConfig = Field(default_factory=CardConfig, description="the data set's card, on export")
    report: ReportConfig = Field(default_factory=ReportConfig, description="the report")

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
    def _batches_over_ranks(self) -> "PipelineConfig":
        for name, settings in (self.training.trainings if self.training else {}).items():
            try:
                settings.check_parts(self.ranks)
            except ValueError as error:
                raise ValueError(f"training.{name}: {error}") from None
        return self

    @property
    def runtime(self) -> Runtime:
        """Where and with what stages run."""
        return super().runtime.model_copy(update={"ranks": self.ranks})

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


def load_config(path: Path) -> PipelineConfig:
    """Read and check a pipeline's YAML file. Raises `InputError` as `load_experiment` does, and for another kind."""
    experiment = load_experiment(path)
    if not isinstance(experiment, PipelineConfig):
        raise InputError(
            f"{path} is a self-supervised experiment, which curates nothing: `run`, `status`, `verify` and `gc` take it"
        )
    return experiment


def load_experiment(path: Path) -> PipelineConfig | SelfSupervisedExperiment:
    """Read and check a YAML file; one with `selfsupervised` is a self-supervised experiment, any other a pipeline.

    Raises `InputError` with one sentence that names the field and the mend.

    Example:
        >>> from pathlib import Path
        >>> from equipoise import load_experiment
        >>> experiment = load_experiment(Path("configs/demo.yaml"))
        >>> experiment.name, experiment.balancing.method
        ('demo', 'rake')
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise InputError(f"{path} does not exist; the examples lie in configs/") from None
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise InputError(f"{path} is not YAML: {' '.join(str(error).split())}") from None
    if not isinstance(values, dict):
        raise InputError(f"{path} holds no settings; the examples in configs/ show the fields")
    values.setdefault("name", path.stem)
    kind = SelfSupervisedExperiment if "selfsupervised" in values else PipelineConfig
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        raise InputError(f"{path}: {explain(error, kind)}") from None


def explain(error: ValidationError, kind: type[Experiment] = PipelineConfig) -> str:
    """The first fault of a configuration, with the nearest field's name when one was misspelt."""
    faults = error.errors()
    first = faults[0]
    where = ".".join(str(part) for part in first["loc"]) or "the configuration"
    more = f" ({len(faults) - 1} more like it)" if len(faults) > 1 else ""
    if first["type"] == "extra_forbidden":
        name = str(first["loc"][-1])
        near = difflib.get_close_matches(name, _all_fields(kind), n=1)
        return f"unknown field `{where}`{f'; did you mean `{near[0]}`?' if near else ''}{more}"
    given = first.get("input")
    shown = f", not {given!r}" if isinstance(given, str | int | float | bool) else ""
    message = first["msg"].removeprefix("Value error, ")
    return f"`{where}`: {message[:1].lower()}{message[1:]}{shown}{more}"


def _all_fields(model: object, seen: set[object] | None = None) -> list[str]:
    """Names of the fields of a model and of the models inside it, in order of appearance."""
    seen = set() if seen is None else seen
    if model in seen:
        return []
    seen.add(model)
    names = list(getattr(model, "model_fields", {}))
    inner = [field.annotation for field in getattr(model, "model_fields", {}).values()]
    inner += list(getattr(model, "__args__", ()))
    for annotation in inner:
        if hasattr(annotation, "model_fields") or hasattr(annotation, "__args__"):
            names += _all_fields(annotation, seen)
    return names
