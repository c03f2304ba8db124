"""CLIP models: built from scratch, saved as safetensors and JSON, loaded from either or from a checkpoint on disk.

Nothing here reaches a network and nothing is ever unpickled.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from PIL import Image
from pydantic import JsonValue, ValidationError
from safetensors import SafetensorError
from safetensors.torch import save_file
from torch import LongTensor, Tensor, nn

from storage.errors import InputError
from tasks.embedding.models.architecture import TINY, TINY_MEAN, TINY_STD, Architecture

__all__ = ["Architecture", "Clip", "build_clip", "load_clip", "save_clip"]

WEIGHTS = "model.safetensors"
DESCRIPTION = "model.json"
PICKLES = frozenset({".pt", ".pth", ".bin", ".pkl", ".ckpt"})
_CONSTRUCTION = threading.Lock()  # initialisation draws from torch's one global generator


@dataclass(frozen=True)
class Clip:
    """A CLIP model with everything that its inputs need.

    `model.encode_image(x [n, 3, s, s], normalize=False) -> [n, d]`, `model.encode_text(tokens [n, l],
    normalize=False) -> [n, d]`, `model.logit_scale` (the logarithm of the scale).
    """

    model: nn.Module
    transform: Callable[[Image.Image], Tensor]
    tokenizer: Callable[[list[str]], LongTensor]
    architecture: Architecture


def build_clip(architecture: Architecture, *, seed: int) -> Clip:
    """A model with fresh weights that depend on the seed alone; torch's global generator is left as it was.

    Raises `InputError` for an unknown name, and for a model whose text tower or tokenizer would have to be downloaded.
    """
    with _CONSTRUCTION, torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = _construct(architecture)
    return Clip(model, _evaluation_transform(architecture, model), _tokenizer(architecture.name), architecture)


def save_clip(directory: Path, clip: Clip, extra: Mapping[str, JsonValue] | None = None) -> None:
    """Write `model.safetensors` and `model.json` = {"kind": "clip", "architecture": {…}, **extra}."""
    directory.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in clip.model.state_dict().items()}
    save_file(state, directory / WEIGHTS)
    described = {"kind": "clip", "architecture": clip.architecture.model_dump(mode="json"), **(extra or {})}
    (directory / DESCRIPTION).write_text(json.dumps(described, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def load_clip(path: Path, device: str = "cpu", architecture: Architecture | None = None) -> Clip:
    """A model in evaluation mode, from a folder that `save_clip` wrote or from any CLIP checkpoint in safetensors.

    `path` is a folder with `model.json`, or, when `architecture` says what it holds, a `.safetensors` file or a folder
    with exactly one. Raises `InputError` for a pickled checkpoint, and where the weights are not that architecture's
    (a missing, unknown or differently shaped tensor is named).
    """
    weights = _weights_file(path)
    described = architecture or _described(path)
    clip = build_clip(described, seed=0)
    _load_weights(clip.model, weights, described.name)
    clip.model.to(device).eval()
    return clip


def _construct(architecture: Architecture) -> nn.Module:
    import open_clip  # seconds of import: only where a model is really built

    if architecture.name in TINY:
        config = {
            key: dict(value) if isinstance(value, dict) else value for key, value in TINY[architecture.name].items()
        }
        if architecture.image_size is not None:
            config["vision_cfg"]["image_size"] = architecture.image_size
        return cast(nn.Module, open_clip.CLIP(**config))
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

    tiny = architecture.name in TINY
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


def _tokenizer(name: str) -> Callable[[list[str]], LongTensor]:
    import open_clip

    if name in TINY:
        return cast(
            Callable[[list[str]], LongTensor],
            open_clip.SimpleTokenizer(context_length=TINY[name]["text_cfg"]["context_length"]),
        )
    return cast(Callable[[list[str]], LongTensor], open_clip.get_tokenizer(name))


def _described(path: Path) -> Architecture:
    file = path / DESCRIPTION
    if not file.is_file():
        raise InputError(f"{path} has no {DESCRIPTION}; name the checkpoint's architecture, for instance ViT-B-32")
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
        if content.get("kind") != "clip":
            raise InputError(f"{file} describes a model of kind {content.get('kind')!r}, not a whole CLIP model")
        return Architecture.model_validate(content["architecture"])
    except (ValueError, KeyError, AttributeError, ValidationError) as error:
        raise InputError(f"{file} does not describe a model ({_first_line(error)}); save the model again") from error


def _weights_file(path: Path) -> Path:
    if path.is_file():
        found = [path]
    elif path.is_dir():
        named = path / WEIGHTS
        found = [named] if named.is_file() else sorted(path.glob("*.safetensors"))
        found = found or sorted(file for file in path.iterdir() if file.suffix in PICKLES)
    else:
        raise InputError(f"{path} does not exist; give a .safetensors file or a folder with one")
    if len(found) != 1:
        raise InputError(f"{path} holds {len(found)} checkpoints where one is expected; name the .safetensors file")
    if found[0].suffix != ".safetensors":
        raise InputError(
            f"{found[0]} is a pickle, which can run code when opened; convert it where you trust it: "
            "safetensors.torch.save_file(torch.load(file, weights_only=True), 'model.safetensors')"
        )
    return found[0]


def _load_weights(model: nn.Module, weights: Path, name: str) -> None:
    from open_clip.factory import load_checkpoint  # also resizes position embeddings to the model's image size

    try:
        outcome = load_checkpoint(model, str(weights), strict=False)
    except (RuntimeError, KeyError, ValueError, StopIteration, SafetensorError) as error:
        raise InputError(f"{weights} does not hold {name} weights: {_first_line(error)}") from error
    for fault, keys in (("lacks", outcome.missing_keys), ("has an unknown", outcome.unexpected_keys)):
        if keys:
            more = f" and {len(keys) - 1} more" if len(keys) > 1 else ""
            raise InputError(f"{weights} does not hold {name} weights: it {fault} tensor {keys[0]!r}{more}")


def _first_line(error: Exception) -> str:
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[1] if len(lines) > 1 and lines[0].endswith(":") else lines[0]) if lines else type(error).__name__
