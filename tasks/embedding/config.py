"""What is encoded, and by which encoder."""

from typing import Literal, Self

from pydantic import Field, model_validator

from storage.config import Config
from tasks.embedding.models.architecture import Architecture


class EmbeddingConfig(Config):
    """How images and captions become vectors. Which weights are used is told by the stage's inputs, not here."""

    encoder: Literal["model", "pixels"] = Field(
        default="model",
        description="model: a CLIP (and perhaps a text model); pixels: shrunken images, for finding near-duplicates",
    )
    modality: Literal["both", "image", "text"] = Field(default="both", description="what to encode")
    architecture: Architecture | None = Field(
        default=None,
        description="needed for a bare checkpoint; unset: as the model's own model.json says, or equipoise-tiny",
    )
    seed: int = Field(default=0, ge=0, description="seed of the weights when no model is given (random features)")
    batch_size: int = Field(default=256, ge=1, le=65_536, description="rows in one pass through the model")
    precision: Literal["float32", "bfloat16", "float16"] = Field(
        default="float32", description="arithmetic of the model; the lower ones pay on accelerators"
    )
    channels_last: bool = Field(
        default=False,
        description="pictures and weights in channels-last layout: convolutions on accelerators",
    )
    compile: bool = Field(
        default=False, description="compile the encoders with torch.compile, which takes a minute and pays on long runs"
    )
    stored: Literal["float32", "float16"] = Field(default="float32", description="number type in the shards")
    text_length: int = Field(
        default=32, ge=2, le=512, description="most tokens of a caption that a transformers text model reads"
    )
    image_side: int | None = Field(
        default=None,
        ge=16,
        le=4096,
        description="side in pixels of the pictures that a timm image model is given, in place of its own: a smaller "
        "one costs less by its square; null: as its folder says",
    )
    pixel_side: int = Field(
        default=8, ge=4, le=64, description="side of the shrunken image, for encoder: pixels; 8 tells copies best"
    )

    @model_validator(mode="after")
    def _pixels_have_no_text(self) -> Self:
        if self.encoder == "pixels" and self.modality != "image":
            raise ValueError("encoder 'pixels' encodes images only; set modality: image")
        return self
