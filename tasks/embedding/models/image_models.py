"""Image encoders of timm and of transformers, from a local folder, each with its own preprocessing.

With a text encoder of its own kind and heads over both, these are the paper's setting of an image model and a
separately trained text model (*The Benefits of Balance*, arXiv 2408.15065, section 4).
"""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import torch
from PIL import Image
from safetensors import SafetensorError
from safetensors.torch import load_file
from torch import Tensor

from storage.errors import InputError
from tasks.embedding.models.finite import require_finite
from tasks.embedding.models.folders import one_safetensors, read_json

if TYPE_CHECKING:
    from transformers.modeling_outputs import BaseModelOutputWithPooling


@dataclass(frozen=True)
class ImageModel:
    """`transform` makes a picture `[3, h, w]`; `encode` makes `[n, 3, h, w]` features `[n, d]`, not normalised."""

    transform: Callable[[Image.Image], Tensor]
    encode: Callable[[Tensor], Tensor]


def load_timm(folder: Path, device: str = "cpu", *, side: int | None = None) -> ImageModel:
    """A timm model's pooled features, from a folder with `config.json` and safetensors, as timm saves it for a hub.

    The classifier is loaded, so that every tensor of the file is accounted for, and then left out. Preprocessing is
    that of `pretrained_cfg`. Raises `InputError` for an unknown architecture and for weights that are another's.

    side: of the pictures that the network is given, in pixels; None: the folder's own. For networks that pool.
    """
    import timm
    from timm.data import create_transform, resolve_data_config

    config = read_json(folder / "config.json")
    name, classes = config["architecture"], config.get("num_classes", 0)
    # Older files keep the preprocessing beside the rest.
    preprocessing = {**config, **(config.get("pretrained_cfg") or {})}
    if side is not None:
        preprocessing["input_size"] = (3, side, side)
    if not isinstance(name, str) or not timm.is_model(name):
        raise InputError(f"{folder / 'config.json'} names {str(name)[:60]!r}, which timm does not know")
    weights = one_safetensors(folder, "model.safetensors")
    try:
        network = timm.create_model(name, pretrained=False, num_classes=classes, **(config.get("model_args") or {}))
        network.load_state_dict(load_file(weights))
        transform = create_transform(**resolve_data_config(pretrained_cfg=preprocessing, model=network))
    except (RuntimeError, TypeError, ValueError, KeyError, SafetensorError) as error:
        raise InputError(f"{weights} does not hold {name} weights: {_summary(error)}") from error
    require_finite(network, weights)
    cast(Any, network).reset_classifier(0)
    network.to(device).eval()
    # Convolutions over channels-last pixels take half the time, on processors and on accelerators.
    return ImageModel(
        transform,
        lambda pixels: network(pixels.to(device, non_blocking=True, memory_format=torch.channels_last)),
    )


def load_vision(folder: Path, device: str = "cpu") -> ImageModel:
    """A transformers vision model with its image processor; the image tower, where the model has two.

    Features are `get_image_features` of a model with two towers, else the pooled output where the checkpoint holds one,
    else the mean over a feature map, else the first token. Raises `InputError` for a folder that holds no such model.
    """
    from transformers import AutoImageProcessor, AutoModel

    one_safetensors(folder, "model.safetensors", "model.safetensors.index.json")
    try:
        processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        network, loading = AutoModel.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32,
            output_loading_info=True,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        raise InputError(f"{folder} cannot be loaded as a transformers vision model: {_summary(error)}") from error
    lacking = sorted(loading["missing_keys"])
    if missing := [name for name in lacking if not name.startswith("pooler.")]:
        raise InputError(f"the weights in {folder} lack tensor {missing[0]!r} and {len(missing) - 1} more")
    require_finite(network, folder)
    network.to(device).eval()

    def transform(picture: Image.Image) -> Tensor:
        pixels: Tensor = processor(images=picture, return_tensors="pt")["pixel_values"][0]
        return pixels

    def encode(pixels: Tensor) -> Tensor:
        pixels = pixels.to(device, non_blocking=True)
        if hasattr(network, "get_image_features"):
            return bare(network.get_image_features(pixel_values=pixels))
        return _pooled(network(pixel_values=pixels), trusted=not lacking)

    return ImageModel(transform, encode)


def _pooled(output: "BaseModelOutputWithPooling", *, trusted: bool) -> Tensor:
    """`[n, d]`: the pooled output if its weights were in the checkpoint, else a mean or the first token."""
    hidden = cast(Tensor, output.last_hidden_state)
    pooled = getattr(output, "pooler_output", None)
    if trusted and pooled is not None:
        return pooled.flatten(1)
    return hidden.mean(dim=(2, 3)) if hidden.ndim == 4 else hidden[:, 0]


def bare(features: "Tensor | BaseModelOutputWithPooling") -> Tensor:
    """Features `[n, d]`, which transformers 5 wraps and version 4 returned bare."""
    found = features if isinstance(features, Tensor) else features.pooler_output
    return cast(Tensor, found)


def _summary(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
