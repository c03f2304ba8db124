"""CLIP models: built from scratch, saved as safetensors and JSON, loaded from either or from a checkpoint on disk.

Nothing here reaches a network and nothing is ever unpickled.
"""

import json
import threading
from collections.abc import Callable, Mapping
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, cast

import torch
from PIL import Image
from pydantic import JsonValue
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import LongTensor, Tensor, nn

from storage.errors import InputError
from tasks.embedding.models.architecture import TINY, TINY_MEAN, TINY_STD, Architecture, described_model
from tasks.embedding.models.checkpoint import DESCRIPTION, WEIGHTS, described_by, first_line, weights_file
from tasks.embedding.models.finite import require_finite
from tasks.embedding.models.own_draws import OwnDraws

__all__ = ["Architecture", "Clip", "build_clip", "load_clip", "save_clip"]

_CONSTRUCTION = threading.Lock()  # timm holds settings in globals while it constructs


@dataclass(frozen=True)
class ImageTextModel:
    """A model of images and texts with everything that its inputs need.

    `model.encode_image(x [n, 3, s, s], normalize=False) -> [n, d]`, `model.encode_text(tokens, normalize=False) ->
    [n, d]` of what `tokenizer` gives, and `model.logit_scale` (the logarithm of the scale).
    """

    model: nn.Module
    transform: Callable[[Image.Image], Tensor]
    tokenizer: Callable[[list[str]], Any]


@dataclass(frozen=True)
class Clip(ImageTextModel):
    """A CLIP model, which can be built again from its architecture; its tokens are int64 `[n, l]`."""

    tokenizer: Callable[[list[str]], LongTensor]
    architecture: Architecture


def build_clip(architecture: Architecture, *, seed: int) -> Clip:
    """A model with fresh weights that depend on the seed alone, whatever other threads draw meanwhile.

    Raises `InputError` for an unknown name, and for a model whose text tower or tokenizer would have to be downloaded.
    """
    with _CONSTRUCTION, OwnDraws(seed):
        model = _construct(architecture)
    return Clip(model, _evaluation_transform(architecture, model), _tokenizer(architecture), architecture)


def save_clip(directory: Path, clip: Clip, extra: Mapping[str, JsonValue] | None = None) -> None:
    """Write `model.safetensors` and `model.json` = {"kind": "clip", "architecture": {…}, **extra}."""
    directory.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in clip.model.state_dict().items()}
    save_file(state, directory / WEIGHTS)
    described = {"kind": "clip", "architecture": clip.architecture.model_dump(mode="json"), **(extra or {})}
    (directory / DESCRIPTION).write_text(json.dumps(described, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_clip(
    path: Path,
    device: str = "cpu",
    architecture: Architecture | None = None,
    tower: Literal["image", "text"] | None = None,
) -> Clip:
    """A model in evaluation mode, from a folder that `save_clip` wrote or from any CLIP checkpoint in safetensors.

    `path` is a folder with `model.json` or `open_clip_config.json`, which say what the model and its preprocessing are,
    or, when `architecture` says it, a `.safetensors` file or a folder with exactly one. Raises `InputError` for a
    pickled checkpoint, where an `architecture` is given that is not the folder's own, and where the weights are not
    that architecture's (a missing, unknown or differently shaped tensor is named), or hold NaN.

    tower: the one that is used; the file may hold it alone, and the other one is random then. None: both are used.
    """
    weights = weights_file(path)
    described = described_by(path, architecture)
    clip = build_clip(described, seed=0)
    _load_weights(clip.model, weights, described.name, tower)
    require_finite(clip.model, weights)
    clip.model.to(device).eval()
    return clip


def _construct(architecture: Architecture) -> nn.Module:
    import open_clip  # seconds of import: only where a model is really built

    if architecture.model_cfg is not None or architecture.name in TINY:
        config = deepcopy(described_model(architecture))
        if architecture.image_size is not None:
            config["vision_cfg"]["image_size"] = architecture.image_size
        if "timm_model_name" in config["vision_cfg"]:
            config["vision_cfg"]["timm_model_pretrained"] = False
        custom = config.pop("custom_text", False)
        try:
            return cast(nn.Module, (open_clip.CustomTextCLIP if custom else open_clip.CLIP)(**config))
        except (TypeError, ValueError, RuntimeError, KeyError, AssertionError) as error:
            raise InputError(f"the model_cfg of {architecture.name} cannot be built: {first_line(error)}") from error
    with torch.device("cpu"):
        return cast(
            nn.Module,
            open_clip.create_model(
                architecture.name,
                pretrained=None,
                pretrained_text=False,
                force_image_size=architecture.image_size,
            ),
        )


def _evaluation_transform(architecture: Architecture, model: nn.Module) -> Callable[[Image.Image], Tensor]:
    from open_clip.transform import PreprocessCfg, image_transform_v2

    tiny = architecture.name in TINY and architecture.model_cfg is None
    defaults = PreprocessCfg()
    visual = cast(Any, model).visual
    preprocess = PreprocessCfg(
        size=visual.image_size,
        mean=architecture.mean or (TINY_MEAN if tiny else defaults.mean),
        std=architecture.std or (TINY_STD if tiny else defaults.std),
        interpolation=architecture.interpolation or "bicubic",
        resize_mode=architecture.resize or "shortest",
    )
    return cast(Callable[[Image.Image], Tensor], image_transform_v2(preprocess, is_train=False))


def _tokenizer(architecture: Architecture) -> Callable[[list[str]], LongTensor]:
    import open_clip

    if architecture.model_cfg is not None or architecture.name in TINY:
        text = described_model(architecture)["text_cfg"]
        tokenizer = open_clip.SimpleTokenizer(
            context_length=text.get("context_length", 77), **(text.get("tokenizer_kwargs") or {})
        )
        return cast(Callable[[list[str]], LongTensor], tokenizer)
    return cast(Callable[[list[str]], LongTensor], open_clip.get_tokenizer(architecture.name))


def _load_weights(model: nn.Module, weights: Path, name: str, tower: str | None) -> None:
    from open_clip.factory import load_checkpoint  # also resizes position embeddings to the model's image size

    try:
        outcome = load_checkpoint(model, str(weights), strict=False)
    except (RuntimeError, KeyError, ValueError, StopIteration, SafetensorError) as error:
        raise InputError(f"{weights} does not hold {name} weights: {first_line(error)}") from error
    needed = [key for key in outcome.missing_keys if tower is None or _of_tower(key, tower)]
    for fault, keys in (("lacks", needed), ("has an unknown", outcome.unexpected_keys)):
        if keys:
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            raise InputError(f"{weights} does not hold {name} weights: it {fault} tensor {keys[0]!r}{more}")


def _of_tower(key: str, tower: str) -> bool:
    """Whether a tensor belongs to the image tower, or to the text tower; what joins the two belongs to neither."""
    return key not in ("logit_scale", "logit_bias") and key.startswith("visual.") == (tower == "image")
