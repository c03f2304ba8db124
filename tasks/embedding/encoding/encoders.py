"""The two halves of encoding: what a processor prepares (pixels, tokens) and what the model makes of it (vectors)."""

import threading
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeVar

import numpy as np
import numpy.typing as npt
import torch
from torch import Tensor

from storage.errors import InputError
from tasks.arrays import Float32s
from tasks.embedding.models.folders import encoder_kind
from tasks.embedding.models.image_models import load_timm, load_vision
from tasks.embedding.models.text_models import load_text_model
from tasks.embedding.pictures.decoding import Undecodable, decode_image
from tasks.embedding.pictures.pixels import ENOUGH, pixel_vector
from tasks.embedding.pictures.resizing import resized_side

if TYPE_CHECKING:
    from tasks.embedding.config import EmbeddingConfig
    from tasks.embedding.models.clip import Clip
    from tasks.embedding.record import EncoderFiles

Inputs = TypeVar("Inputs")
"""What a model is given: pixels `[b, …]`, tokens `[b, l]`, or tokens with their mask."""


AnyEncoder = TypeVar("AnyEncoder", "ImageEncoder", "TextEncoder")


@dataclass(frozen=True)
class Prepared:
    """The decodable pictures of a batch as model input `[b, …]`, their places in the batch, and the faults by place."""

    inputs: Tensor | None
    places: list[int]
    faults: dict[int, Undecodable]

    def pinned(self) -> "Prepared":
        """The same in page-locked memory, from which a GPU copies several times as fast."""
        return self if self.inputs is None else replace(self, inputs=self.inputs.pin_memory())


@dataclass(frozen=True)
class ImageEncoder:
    """`transform` makes a picture a tensor; `encode` makes `[b, …]` of those `[b, dimension]`.

    enough: sides of a picture of which the transform loses nothing, in pixels; None: every pixel counts.
    """

    transform: Callable[[Any], Tensor]
    encode: Callable[[Tensor], Tensor]
    enough: int | None = None

    @cached_property
    def _resized(self) -> int | None:
        return resized_side(getattr(self.transform, "transforms", ()))

    def prepare(self, contents: Sequence[bytes | None]) -> Prepared:
        """Decode and transform a batch; rows that cannot be decoded are told apart, not raised."""
        tensors, places, faults = [], [], {}
        for place, content in enumerate(contents):
            picture = decode_image(content, at_least=self.enough, resized=self._resized)
            if isinstance(picture, Undecodable):
                faults[place] = picture
                continue
            try:
                tensors.append(self.transform(picture))
            except ValueError as error:  # the longest side resized, a strip has no width left
                width, height = picture.size
                faults[place] = Undecodable(
                    "unreadable image", f"{width} × {height} has no place in the model: {error}"
                )
            else:
                places.append(place)
        return Prepared(torch.stack(tensors) if tensors else None, places, faults)


@dataclass(frozen=True)
class TextEncoder:
    """`tokenise` makes captions model input; `encode` makes that `[b, dimension]`."""

    tokenise: Callable[[list[str]], Any]
    encode: Callable[[Any], Tensor]


class Pace:
    """How many pictures the model alone encoded, in how many seconds, summed over threads."""

    def __init__(self) -> None:
        self._calls: list[tuple[int, float]] = []

    def add(self, pictures: int, seconds: float) -> None:
        """One call of the model is over, in any thread."""
        self._calls.append((pictures, seconds))

    def rate(self, threads: int = 1) -> float | None:
        """Pictures a second of the model alone, on so many threads at a time; None where it was not called."""
        seconds = sum(each for _, each in self._calls)
        return threads * sum(count for count, _ in self._calls) / seconds if seconds else None


@dataclass(frozen=True)
class Encoders:
    """What a stage encodes with; None for a modality that it leaves out. `device` is where models run."""

    image: ImageEncoder | None
    text: TextEncoder | None
    device: str
    precision: str
    pace: Pace = field(default_factory=Pace)

    def images(self, pixels: Tensor) -> Float32s:
        """The vectors of pictures, and how long the model took, into `pace`."""
        assert self.image is not None
        began = time.perf_counter()
        found = self.vectors(self.image.encode, pixels)
        self.pace.add(len(pixels), time.perf_counter() - began)
        return found

    def vectors(self, encode: Callable[[Inputs], Tensor], inputs: Inputs) -> Float32s:
        """Run `encode` in the chosen precision and normalise: float32 `[b, d]`, rows of length 1.

        A row that is zero or not finite has no direction and becomes NaN.
        """
        kind = torch.device(self.device).type
        low = self.precision != "float32"
        with torch.inference_mode(), torch.autocast(kind, getattr(torch, self.precision), enabled=low):
            raw = encode(inputs)
        return unit_rows(raw.float().cpu().numpy())


def unit_rows(raw: npt.ArrayLike) -> Float32s:
    """`z / ‖z‖`, float32 `[n, d]`, norms taken in float64; NaN rows where the norm is 0 or not finite."""
    raw = np.asarray(raw)
    norms = np.sqrt(np.einsum("ij,ij->i", raw, raw, dtype=np.float64))
    norms = np.where(np.isfinite(norms) & (norms > 0), norms, np.nan)
    with np.errstate(invalid="ignore"):
        return (raw / norms[:, None]).astype(np.float32)


_OPENING = threading.Lock()
"""One thread at a time opens models: transformers cannot be imported by two at once, as stages in threads would."""


def open_encoders(config: "EmbeddingConfig", files: "EncoderFiles", device: str) -> Encoders:
    """The encoders that the configuration asks for.

    Args:
        config: which encoder, which modalities, in which precision.
        files: whose weights.
        device: torch device.

    Raises:
        InputError: files that cannot be used.
    """
    if config.encoder == "pixels":
        side = config.pixel_side
        pixels = ImageEncoder(lambda p: torch.from_numpy(pixel_vector(p, side)), lambda x: x, ENOUGH)
        return Encoders(pixels, None, "cpu", "float32")
    with _OPENING:
        return _open_models(config, files, device)


def _open_models(config: "EmbeddingConfig", files: "EncoderFiles", device: str) -> Encoders:
    from tasks.embedding.models.architecture import Architecture
    from tasks.embedding.models.clip import build_clip, load_clip

    images, texts = config.modality != "text", config.modality != "image"
    shared: Clip | None = None
    if (images and files.image_model is None) or (texts and files.text_model is None):
        if files.model is not None:
            shared = load_clip(files.model, device, config.architecture)
        else:
            shared = build_clip(config.architecture or Architecture(), seed=config.seed)
            shared.model.to(device).eval()
        if config.channels_last:
            shared.model.to(memory_format=torch.channels_last)
    return Encoders(
        _laid_out(_open_image(files.image_model, shared, device, config.image_side), config) if images else None,
        _compiled(_open_text(files.text_model, shared, config.text_length, device), config) if texts else None,
        device,
        config.precision,
    )


def _open_image(folder: Path | None, shared: "Clip | None", device: str, side: int | None) -> ImageEncoder:
    kind = encoder_kind(folder, "image") if folder is not None else None
    if side is not None and kind != "timm":
        raise InputError(f"settings.image_side is {side}, which timm's image models alone can be given; leave it out")
    if folder is not None and kind in ("timm", "transformers"):
        found = load_timm(folder, device, side=side) if kind == "timm" else load_vision(folder, device)
        return ImageEncoder(found.transform, found.encode)
    clip = shared if folder is None else _load(folder, device, "image")
    assert clip is not None  # loaded above wherever a modality has no model of its own
    network: Any = clip.model
    return ImageEncoder(clip.transform, lambda pixels: network.encode_image(_to(pixels, device)))


def _open_text(folder: Path | None, shared: "Clip | None", length: int, device: str) -> TextEncoder:
    kind = encoder_kind(folder, "text") if folder is not None else None
    if folder is not None and kind == "transformers":
        found = load_text_model(folder, length=length, device=device)
        return TextEncoder(found.tokenise, lambda batch: found.encode(batch.to(device)))
    clip = shared if folder is None else _load(folder, device, "text")
    assert clip is not None
    network: Any = clip.model
    return TextEncoder(clip.tokenizer, lambda tokens: network.encode_text(_to(tokens, device)))


def _load(folder: Path, device: str, tower: Literal["image", "text"]) -> "Clip":
    from tasks.embedding.models.clip import load_clip

    return load_clip(folder, device, tower=tower)


def _laid_out(encoder: ImageEncoder, config: "EmbeddingConfig") -> ImageEncoder:
    """The encoder on pictures in channels-last layout, and compiled, as the configuration says."""
    encode = encoder.encode
    if config.channels_last:
        return _compiled(
            replace(encoder, encode=lambda pixels: encode(pixels.contiguous(memory_format=torch.channels_last))), config
        )
    return _compiled(encoder, config)


def _compiled(encoder: AnyEncoder, config: "EmbeddingConfig") -> AnyEncoder:
    return replace(encoder, encode=torch.compile(encoder.encode)) if config.compile else encoder


def _to(tensor: Tensor, device: str) -> Tensor:
    return tensor.to(device, non_blocking=True)
