"""Which CLIP model: an open_clip built-in by name, or one of the small ones that a CPU can train in minutes."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, field_validator, model_validator

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
    interpolation: Literal["bicubic", "bilinear"] | None = Field(
        default=None, description="how images are resized; unset: as the weights say, or bicubic"
    )
    resize: Literal["shortest", "longest", "squash"] | None = Field(
        default=None,
        description="which side meets the image size before the centre crop or padding; unset: as the weights say, or "
        "shortest",
    )

    @field_validator("name")
    @classmethod
    def _is_known(cls, name: str) -> str:
        if name in TINY:
            return name
        description = _description(name)
        if description is None:
            known = ", ".join([*TINY, "ViT-B-32", "ViT-B-16", "ViT-L-14", "RN50"])
            raise ValueError(f"architecture {name!r} is unknown; name an open_clip model such as {known}")
        text = description.get("text_cfg", {})
        if text.get("hf_model_name") or text.get("hf_tokenizer_name") or "siglip" in name.lower():
            raise ValueError(
                f"architecture {name!r} needs a text tower or tokenizer from a network; choose one with open_clip's own"
            )
        return name

    @model_validator(mode="after")
    def _has_a_grid(self) -> Self:
        vision = (TINY.get(self.name) or _description(self.name) or {}).get("vision_cfg", {})
        size, patch = self.image_size, vision.get("patch_size")
        if size is None or "timm_model_name" in vision:
            return self
        if isinstance(vision.get("layers"), list | tuple) and size % 32:
            raise ValueError(
                f"{self.name} is a ResNet, whose images must be a multiple of 32 pixels a side, not {size}"
            )
        if isinstance(patch, int) and size < patch:
            raise ValueError(f"{self.name} cuts images into patches of {patch} pixels; an image of {size} has none")
        return self


def _description(name: str) -> dict[str, Any] | None:
    """What open_clip knows of a model: from the file in its package, for importing open_clip takes seconds.

    Where it is imported already it is asked itself, so that models added to it in this process are known.
    """
    if ask := getattr(sys.modules.get("open_clip"), "get_model_config", None):
        known: dict[str, Any] | None = ask(name) if ":" not in name else None
        return known
    package = find_spec("open_clip")
    if package is None or package.origin is None or name != Path(name).name:
        return None
    file = Path(package.origin).parent / "model_configs" / f"{name}.json"
    if not file.is_file():
        return None
    description: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
    return description
