"""Which CLIP model: an open_clip built-in by name, one that describes itself, or a small one that a CPU can train."""

import json
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, Self

from pydantic import Field, JsonValue, model_validator

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
    model_cfg: dict[str, JsonValue] | None = Field(
        default=None,
        description="the model as the `model_cfg` of an open_clip_config.json has it, in place of a known name; taken "
        "from the checkpoint's folder",
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

    @model_validator(mode="after")
    def _is_known(self) -> Self:
        if self.name in TINY and self.model_cfg is None:
            return self
        described = self.model_cfg or _description(self.name)
        if described is None:
            known = ", ".join([*TINY, "ViT-B-32", "ViT-B-16", "ViT-L-14", "RN50"])
            raise ValueError(f"architecture {self.name!r} is unknown; name an open_clip model such as {known}")
        text, vision = described.get("text_cfg"), described.get("vision_cfg")
        if not isinstance(text, dict) or not isinstance(vision, dict) or "embed_dim" not in described:
            raise ValueError("model_cfg needs embed_dim, vision_cfg and text_cfg, as an open_clip_config.json has them")
        if "multimodal_cfg" in described:
            raise ValueError(f"architecture {self.name!r} is a CoCa, which is not supported; choose a CLIP")
        if text.get("hf_model_name") or text.get("hf_tokenizer_name") or "siglip" in self.name.lower():
            raise ValueError(
                f"architecture {self.name!r} needs a text tower or tokenizer from a network; choose one with "
                "open_clip's own"
            )
        return self

    @model_validator(mode="after")
    def _has_a_grid(self) -> Self:
        vision = described_model(self).get("vision_cfg", {})
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


def described_model(architecture: Architecture) -> dict[str, Any]:
    """The `model_cfg` of an architecture: its own, or that of its name."""
    return dict(architecture.model_cfg or TINY.get(architecture.name) or _description(architecture.name) or {})


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
