"""Parts of the configuration that join several stages: what is screened, trained and evaluated, and how."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from flows.config.experiment import NAME
from storage.config import Config
from storage.errors import InputError
from tasks.embedding.benchmarks.named import expanded, likely_folder, named_folder
from tasks.embedding.config import EmbeddingConfig
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.probe.config import ProbeConfig
from tasks.geometry.config import GeometryConfig
from tasks.screening.config import DeduplicateConfig, LeakageConfig, ScoreFilter
from tasks.training.config import FinetuneConfig, HeadsConfig, LoopConfig, LossConfig, TrainingConfig


class EncoderPlan(Config):
    """Which encoder embeds the data, and with what settings."""

    settings: EmbeddingConfig = Field(default_factory=EmbeddingConfig, description="how to encode")
    model: Literal["trained"] | Path | None = Field(
        default="trained",
        description="trained: the CLIP that this run trains on the original data with its first seed; a path: a folder "
        "or safetensors file; null: the architecture with random weights",
    )
    image_model: Path | None = Field(
        default=None,
        description="folder of an image model of timm, transformers or open_clip, to encode images in `model`'s place; "
        "or its name, hf-hub:OWNER/NAME or open_clip:ARCHITECTURE/TAG, to be fetched once",
    )
    text_model: Path | None = Field(
        default=None,
        description="folder of a text model of transformers or open_clip, to encode captions in `model`'s place",
    )

    @property
    def uses_model(self) -> bool:
        """Whether something is encoded by `model`: whatever has no model of its own."""
        modality = self.settings.modality
        return (modality != "text" and self.image_model is None) or (modality != "image" and self.text_model is None)

    @model_validator(mode="after")
    def _encodes_what_is_asked(self) -> "EncoderPlan":
        if self.text_model is not None and self.settings.modality == "image":
            raise ValueError("`text_model` encodes captions, but settings.modality is image; set it to both or text")
        if self.image_model is not None and self.settings.modality == "text":
            raise ValueError("`image_model` encodes images, but settings.modality is text; set it to both or image")
        if self.settings.encoder == "pixels" and (self.image_model or self.text_model):
            raise ValueError("encoder `pixels` needs no model; drop `image_model` and `text_model`, or set it to model")
        if not self.uses_model and isinstance(self.model, Path):
            raise ValueError("`model` is not used, since images and captions have models of their own; leave it out")
        return self


class FinetunePlan(Config):
    """T-REGS fine-tuning of the trained models, each beside a control of equal budget without T-REG."""

    settings: FinetuneConfig = Field(default_factory=FinetuneConfig, description="the continuation")
    variants: tuple[Literal["original", "balanced", "random"], ...] = Field(
        default=("balanced",), min_length=1, description="which trained models are continued"
    )

    @model_validator(mode="after")
    def _differs_from_its_control(self) -> "FinetunePlan":
        if not self.settings.regulariser.active:
            raise ValueError("settings.regulariser has no weight, so that the fine-tuning would be its own control")
        return self


class HeadsPlan(Config):
    """The paper's MLP heads on the embeddings, for every k and every variant."""

    settings: HeadsConfig = Field(default_factory=HeadsConfig, description="heads and their training")
    half_steps: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(0, 1, 2), min_length=1, description="the k of the balanced loss, one run for each"
    )
    variants: tuple[Literal["original", "balanced", "random"], ...] = Field(
        default=("original", "balanced"), min_length=1, description="which selections the heads train on"
    )

    @model_validator(mode="after")
    def _losses_exist(self) -> "HeadsPlan":
        loss = self.settings.loss
        if loss.half_steps not in (LossConfig().half_steps, *self.half_steps):
            raise ValueError("settings.loss.half_steps is not read here; name the k of the heads in `half_steps`")
        for steps in self.half_steps:
            loss.check(steps)
        return self


class TrainingPlan(Config):
    """CLIP from scratch on `original`, `balanced` and `random`, on equal budgets, over seeds."""

    settings: TrainingConfig = Field(default_factory=TrainingConfig, description="model, loss and budget")
    initial: Path | None = Field(
        default=None, description="a safetensors checkpoint of the architecture to start from; null: fresh weights"
    )
    seeds: tuple[Annotated[int, Field(ge=0)], ...] = Field(
        default=(0, 1, 2), min_length=1, description="one training per seed and variant; more seeds, narrower intervals"
    )
    finetune: FinetunePlan | None = Field(default=None, description="T-REGS fine-tuning")
    heads: HeadsPlan | None = Field(default=None, description="heads on frozen embeddings")

    @model_validator(mode="after")
    def _one_start(self) -> "TrainingPlan":
        tag = self.settings.pretrained
        if tag is None:
            return self
        if self.initial is not None:
            raise ValueError(
                f"two models to start from are given, {self.initial} and the tag {tag!r}; drop `initial` or "
                "settings.pretrained"
            )
        from tasks.training.models.pretrained import published  # loads open_clip, which takes seconds

        try:
            published(self.settings.architecture, tag)
        except InputError as error:
            raise ValueError(f"settings.pretrained: {error}") from None
        return self

    @property
    def trainings(self) -> dict[str, LoopConfig]:
        """The settings of every training that is configured, by the names of their fields."""
        parts = {"finetune": self.finetune, "heads": self.heads}
        return {"settings": self.settings} | {f"{name}.settings": part.settings for name, part in parts.items() if part}


class Benchmark(Config):
    """One zero-shot task in clip-benchmark's local `wds/` layout."""

    name: str = Field(pattern=NAME, description="its name in tables and figures")
    path: Path | None = Field(
        default=None, description="its folder; null: the task of this name that the scenes source generates"
    )


class BenchmarkProbePlan(Config):
    """A linear probe and the nearest neighbours, on the image features of every model and every pair of heads."""

    settings: ProbeConfig = Field(default_factory=ProbeConfig, description="how features are evaluated")
    train: str = Field(
        default="train", pattern=r"^[A-Za-z0-9_-]+$", description="sub-folder of a benchmark that is learnt from"
    )
    benchmarks: tuple[str, ...] = Field(
        default=(), description="names of the benchmarks that are probed; empty: all that have the sub-folder"
    )


class EvaluationPlan(Config):
    """Every trained model on every benchmark."""

    settings: EvaluationConfig = Field(default_factory=EvaluationConfig, description="intervals and splits")
    root: Path | None = Field(
        default=None, description="folder of data sets in `wds/` layout, such as wds_cifar10, for `names`"
    )
    names: tuple[Annotated[str, Field(pattern=r"^\w[\w.-]*(/[\w.-]+)?$")], ...] = Field(
        default=(),
        description="data sets of `root` by clip-benchmark's names, such as cifar10 or vtab/cifar100, or lists: "
        "datacomp, paper, retrieval",
    )
    benchmarks: tuple[Benchmark, ...] = Field(
        default=(), min_length=1, validate_default=True, description="what to evaluate on, beside those of `names`"
    )
    probe: BenchmarkProbePlan | None = Field(default=None, description="linear probe and nearest neighbours")

    @model_validator(mode="before")
    @classmethod
    def _found_by_name(cls, values: object) -> object:
        """The benchmarks that `names` stands for, put beside the others."""
        if not isinstance(values, Mapping) or not isinstance(names := values.get("names"), list | tuple):
            return values
        if not names or not all(isinstance(name, str) for name in names):
            return values
        if not values.get("root"):
            raise ValueError("`names` are looked for in `root`, which is not given; name the folder of the data sets")
        given = list(values.get("benchmarks") or ())
        held = {str(each["name"] if isinstance(each, Mapping) else each.name) for each in given}
        try:
            wanted = [each for each in expanded(tuple(names)) if each.replace("/", "-") not in held]
            found = [
                {"name": each.replace("/", "-"), "path": likely_folder(Path(values["root"]), each)} for each in wanted
            ]
        except InputError as error:
            raise ValueError(str(error)) from None
        return {**values, "benchmarks": [*given, *found]}

    @property
    def named(self) -> tuple[Path, ...]:
        """The root, and the folders that `names` stands for: those that `faults` speaks of."""
        if self.root is None:
            return ()
        return (self.root, *(likely_folder(self.root, each) for each in expanded(self.names)))

    def faults(self) -> Iterator[str]:
        """What is not where it is looked for, a sentence each."""
        for each in expanded(self.names):
            try:
                named_folder(self.root or Path(), each)
            except InputError as error:
                yield str(error)
                if not (self.root or Path()).is_dir():
                    return
        if self.probe is not None and not self.probed:
            yield f"`evaluation.probe` has nothing to learn from: no benchmark has a sub-folder {self.probe.train!r}"

    @property
    def probed(self) -> tuple[Benchmark, ...]:
        """The benchmarks on whose training images the features are probed."""
        if self.probe is None:
            return ()
        wanted = self.probe.benchmarks
        split = self.probe.train
        return tuple(
            item
            for item in self.benchmarks
            if (item.name in wanted if wanted else item.path is not None and (item.path / split).is_dir())
        )

    @model_validator(mode="after")
    def _probes_what_is_there(self) -> "EvaluationPlan":
        if self.probe is None:
            return self
        known = [item.name for item in self.benchmarks]
        if unknown := [name for name in self.probe.benchmarks if name not in known]:
            raise ValueError(f"probe.benchmarks names {unknown[0]!r}, which is none of {', '.join(known)}")
        return self


class ScreeningEncoder(Config):
    """The encoder by which pictures are compared before anything is trained."""

    settings: EmbeddingConfig = Field(
        default_factory=lambda: EmbeddingConfig(encoder="pixels", modality="image"), description="how to encode"
    )
    model: Path | None = Field(
        default=None, description="a folder or safetensors file; null: pixels, or the architecture with random weights"
    )

    @field_validator("model")
    @classmethod
    def _no_cycle(cls, model: Path | None) -> Path | None:
        if model == Path("trained"):
            raise ValueError(
                "`trained` would be a cycle, because screening decides what that model is trained on; give the path of "
                "a model, or leave it out and set settings.encoder to pixels"
            )
        return model


class ScreeningPlan(Config):
    """What is looked for among the pairs before they are balanced: repetitions, and leaks of the evaluation sets."""

    encoder: ScreeningEncoder = Field(default_factory=ScreeningEncoder, description="which encoder compares")
    geometry: GeometryConfig = Field(
        default_factory=GeometryConfig, description="the spanning tree of all pairs that near-duplicates are cut from"
    )
    deduplicate: DeduplicateConfig | None = Field(default=None, description="drop rows that repeat another")
    leakage: LeakageConfig | None = Field(default=None, description="compare with every benchmark, and drop the leaks")
    filter: tuple[ScoreFilter, ...] = Field(
        default=(), description="rules on the scores that sources carry; rows that one drops go before all else"
    )
    benchmarks: tuple[Benchmark, ...] = Field(
        default=(), description="what to compare with; empty: the benchmarks of `evaluation`"
    )

    @property
    def near(self) -> bool:
        """Whether near-duplicates are looked for, for which the pairs are encoded."""
        return self.deduplicate is not None and self.deduplicate.near is not None

    @property
    def drops(self) -> bool:
        """Whether some rows may go for what is found, beside those that are filtered."""
        return self.deduplicate is not None or (self.leakage is not None and self.leakage.drop != "none")

    @model_validator(mode="after")
    def _of_use(self) -> "ScreeningPlan":
        if self.deduplicate is None and self.leakage is None and not self.filter:
            raise ValueError(
                "there is nothing to look for; set `deduplicate`, `leakage` or `filter`, or leave `screening` out"
            )
        same = self.deduplicate
        if same is not None and same.content == "none" and same.perceptual is None and not self.near:
            raise ValueError(
                "deduplicate.content is none, near is null and perceptual is null: no row would repeat another"
            )
        for name, wanted in (
            ("geometry", self.geometry.modality if self.near else None),
            ("leakage", self.leakage.modality if self.leakage else None),
        ):
            if wanted and self.encoder.settings.modality not in ("both", wanted):
                raise ValueError(
                    f"{name}.modality is {wanted}, but the encoder encodes {self.encoder.settings.modality} only; "
                    "set encoder.settings.modality to both"
                )
        return self
