"""What is looked for among the pairs before they are balanced."""

from pathlib import Path

from pydantic import Field, field_validator, model_validator

from flows.config.plans.evaluation import Benchmark
from storage.config import Config
from storage.places.local import LocalPath
from tasks.embedding.config import EmbeddingConfig
from tasks.geometry.config import GeometryConfig
from tasks.screening.config import DeduplicateConfig, LeakageConfig, ScoreFilter


class ScreeningEncoder(Config):
    """The encoder by which pictures are compared before anything is trained."""

    settings: EmbeddingConfig = Field(
        default_factory=lambda: EmbeddingConfig(encoder="pixels", modality="image"), description="how to encode"
    )
    model: LocalPath | None = Field(
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
