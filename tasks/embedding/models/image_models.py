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
from tasks.embedding.models.transformers_models import load_transformers

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
        arguments = {"num_classes": classes, **(config.get("model_args") or {})}
        network = timm.create_model(name, pretrained=False, **arguments)
        network.load_state_dict(load_file(weights))
        transform = create_transform(**resolve_data_config(pretrained_cfg=preprocessing, model=network))
    except (RuntimeError, TypeError, ValueError, KeyError, SafetensorError) as error:
        raise InputError(f"{weights} does not hold {name} weights: {_summary(error)}") from error
    require_finite(network, weights)
    cast(Any, network).reset_classifier(0)
    network.to(device).eval()

    def encode(pixels: Tensor) -> Tensor:
        # Convolutions over channels-last pixels take half the time, on processors and on accelerators.
        features = cast(Tensor, network(pixels.to(device, non_blocking=True, memory_format=torch.channels_last)))
        if features.ndim != 2:
            raise InputError(
                f"{folder} gives {features.ndim - 1} dimensions of features a picture, not a vector; set global_pool "
                "in its config.json, such as avg"
            )
        return features

    return ImageModel(transform, encode)


def load_vision(folder: Path, device: str = "cpu") -> ImageModel:
    """A transformers vision model with its image processor; the image tower, where the model has two.

    Features are `get_image_features` of a model with two towers, the projection of a tower that was saved with its own,
    else the pooled output where the checkpoint holds one,
    else the mean over a feature map, else the first token. Raises `InputError` for a folder that holds no such model.
    """
    from transformers import AutoImageProcessor

    one_safetensors(folder, "model.safetensors", "model.safetensors.index.json")
    try:
        processor = AutoImageProcessor.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        raise InputError(f"{folder} cannot be loaded as a transformers vision model: {_summary(error)}") from error
    network, lacking = load_transformers(folder, "vision")
    network.to(device)

    def transform(picture: Image.Image) -> Tensor:
        pixels: Tensor = processor(images=picture, return_tensors="pt")["pixel_values"][0]
        return pixels

    def encode(pixels: Tensor) -> Tensor:
        pixels = pixels.to(device, non_blocking=True)
        if hasattr(network, "get_image_features"):
            return bare(network.get_image_features(pixel_values=pixels))
        return _pooled(network(pixel_values=pixels, **_every_patch(network, len(pixels))), trusted=not lacking)

    return ImageModel(transform, encode)


def _every_patch(network: Any, pictures: int) -> dict[str, Tensor]:  # noqa: ANN401  any network of transformers
    """What keeps a masked autoencoder from masking: it would leave out patches at random, other ones at each call."""
    if network.config.model_type != "vit_mae":
        return {}
    network.config.mask_ratio = 0.0
    patches = network.embeddings.patch_embeddings.num_patches
    return {"noise": torch.arange(patches, dtype=torch.float32, device=network.device).expand(pictures, -1)}


def _pooled(output: "BaseModelOutputWithPooling", *, trusted: bool) -> Tensor:
    """`[n, d]`: a projection; the pooled output if its weights were in the checkpoint; a mean or the first token."""
    projected = getattr(output, "image_embeds", None)
    if projected is not None:
        return cast(Tensor, projected)
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
