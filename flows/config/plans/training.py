"""What is embedded, trained and fine-tuned, and how."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, model_validator

from storage.config import Config
from storage.errors import InputError
from storage.places.local import LocalPath
from tasks.embedding.config import EmbeddingConfig
from tasks.training.config import FinetuneConfig, HeadsConfig, LoopConfig, LossConfig, TrainingConfig


class EncoderPlan(Config):
    """Which encoder embeds the data, and with what settings."""

    settings: EmbeddingConfig = Field(default_factory=EmbeddingConfig, description="how to encode")
    model: Literal["trained"] | LocalPath | None = Field(
        default="trained",
        description="trained: the CLIP that this run trains on the original data with its first seed; a path: a folder "
        "or safetensors file; null: the architecture with random weights",
    )
    image_model: LocalPath | None = Field(
        default=None,
        description="folder of an image model of timm, transformers or open_clip, to encode images in `model`'s place; "
        "or its name, hf-hub:OWNER/NAME or open_clip:ARCHITECTURE/TAG, to be fetched once",
    )
    text_model: LocalPath | None = Field(
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
    initial: LocalPath | None = Field(
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
