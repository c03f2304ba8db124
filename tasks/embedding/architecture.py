"""Which CLIP model: an open_clip built-in by name, or one of the small ones that a CPU can train in minutes."""

from typing import Any, Literal

from pydantic import Field

from storage.config import Config

TINY_MEAN = TINY_STD = (0.5, 0.5, 0.5)

_TINY_TEXT = {"context_length": 16, "vocab_size": 49408, "width": 64, "heads": 2, "layers": 1, "mlp_ratio": 2.0}

# `equipoise-tiny` learns small shapes fastest; it has batch normalisation, so its gradient depends on the batch as a
# whole. `equipoise-tiny-vit` has only layer normalisation: accumulation and several ranks give one process's gradient.
TINY: dict[str, dict[str, Any]] = {
    "equipoise-tiny": {
        "embed_dim": 64,
        "vision_cfg": {"image_size": 32, "layers": (1, 1, 1, 1), "width": 12, "head_width": 48, "patch_size": None},
        "text_cfg": _TINY_TEXT,
    },
    "equipoise-tiny-vit": {
        "embed_dim": 64,
        "vision_cfg": {
            "image_size": 32, "layers": 3, "width": 96, "head_width": 32, "patch_size": 8,
            "mlp_ratio": 2.0, "pool_type": "avg",
        },
        "text_cfg": _TINY_TEXT,
    },
}  # fmt: skip


class Architecture(Config):
    """A CLIP architecture with its evaluation transform. Unset fields take the model's own values."""

    name: str = Field(
        default="equipoise-tiny",
        min_length=1,
        description="an open_clip model name such as ViT-B-32, or equipoise-tiny, equipoise-tiny-vit",
    )
    image_size: int | None = Field(default=None, ge=8, le=2048, description="pixels a side; unset: the model's own")
    mean: tuple[float, float, float] | None = Field(default=None, description="channel means of the normalisation")
    std: tuple[float, float, float] | None = Field(default=None, description="channel deviations of the normalisation")
    interpolation: Literal["bicubic", "bilinear"] = Field(default="bicubic", description="how images are resized")
    resize: Literal["shortest", "longest", "squash"] = Field(
        default="shortest", description="which side meets the image size before the centre crop or padding"
    )
