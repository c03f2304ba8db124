"""What a model's folder holds, told by its description before anything of it is loaded."""

import json
from pathlib import Path
from typing import Any, Literal

from storage.errors import InputError

Kind = Literal["equipoise", "open_clip", "timm", "transformers"]

OPEN_CLIP_CONFIG = "open_clip_config.json"

_BESIDE = {
    "image": ("preprocessor_config.json", "processor_config.json"),
    "text": ("tokenizer.json", "tokenizer_config.json", "vocab.txt", "vocab.json", "spiece.model",
             "sentencepiece.bpe.model"),
}  # fmt: skip
"""What transformers writes beside a model, one of which it needs to prepare images or texts."""


def kind_of(folder: Path) -> Kind:
    """Whose form a model folder has.

    `model.json`: what a training stage wrote; `open_clip_config.json`: open_clip's; `config.json` with a `model_type`:
    transformers'; with an `architecture`: timm's. Raises `InputError` for a folder that is none of these.
    """
    if (folder / "model.json").is_file():
        return "equipoise"
    if (folder / OPEN_CLIP_CONFIG).is_file():
        return "open_clip"
    if (folder / "config.json").is_file():
        config = read_json(folder / "config.json")
        if "model_type" in config:
            return "transformers"
        if "architecture" in config:
            return "timm"
    raise InputError(
        f"{folder} holds no model; give a folder with open_clip_config.json, with config.json as timm or transformers "
        "write it, or a model that a training stage wrote, each with its *.safetensors beside it"
    )


def refuse_towers(folder: Path) -> None:
    """Raise `InputError` for a folder in timm's or transformers' form, where a whole CLIP model is wanted."""
    if (folder / "config.json").is_file() and (kind := kind_of(folder)) in ("timm", "transformers"):
        raise InputError(
            f"{folder} is in {kind}'s form, which is not read as a whole CLIP model; name it as image_model, "
            "text_model, or, where it holds both, as each"
        )


def encoder_kind(folder: Path, what: Literal["image", "text"]) -> Kind:
    """`kind_of` a folder that is to encode images, or texts; nothing of it is loaded.

    Raises `InputError` where it holds no model, one of the other modality, or one without weights in safetensors,
    without its image processor, or without its tokenizer.
    """
    kind = kind_of(folder)
    if kind == "timm" and what == "text":
        raise InputError(f"{folder} is a timm image model; `text_model` is a transformers or open_clip folder")
    if kind in ("timm", "transformers"):
        one_safetensors(folder, "model.safetensors", "model.safetensors.index.json")
    if kind == "transformers" and not any((folder / name).is_file() for name in _BESIDE[what]):
        part, other = ("tokenizer", "text") if what == "text" else ("image processor", "vision")
        raise InputError(
            f"{folder} holds no {part} ({_BESIDE[what][0]}): it is no {other} model, or was saved without; save it "
            "beside the model with save_pretrained"
        )
    return kind


def read_json(file: Path) -> dict[str, Any]:
    """The object in a JSON file. Raises `InputError` naming the file where it holds none."""
    try:
        content = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{file} cannot be read as JSON ({type(error).__name__}); restore it") from None
    if not isinstance(content, dict):
        raise InputError(f"{file} holds a {type(content).__name__}, not an object; restore it")
    return content


def one_safetensors(folder: Path, *names: str) -> Path:
    """The weights of a folder: the first of `names` that it holds, or its only `*.safetensors`.

    Raises `InputError` where there is none or no telling which; pickled checkpoints are never opened.
    """
    for name in names:
        if (folder / name).is_file():
            return folder / name
    found = sorted(folder.glob("*.safetensors"))
    if len(found) == 1:
        return found[0]
    if found:
        raise InputError(f"{folder} holds {len(found)} *.safetensors; name the one that is meant model.safetensors")
    raise InputError(
        f"{folder} holds no *.safetensors; pickled checkpoints can run code when opened, so convert them where you "
        "trust them: safetensors.torch.save_file(torch.load(file, weights_only=True), 'model.safetensors')"
    )
