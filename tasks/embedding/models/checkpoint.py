"""A CLIP checkpoint on disk: what it says that it is, and where its weights lie. Nothing is unpickled."""

from pathlib import Path

from pydantic import ValidationError

from storage.errors import InputError
from tasks.embedding.models.architecture import Architecture, described_model
from tasks.embedding.models.folders import OPEN_CLIP_CONFIG, read_json, refuse_towers

WEIGHTS = "model.safetensors"
DESCRIPTION = "model.json"
PICKLES = frozenset({".pt", ".pth", ".bin", ".pkl", ".ckpt"})


def described_by(path: Path, asked: Architecture | None) -> Architecture:
    """The architecture of a checkpoint: what its folder says, or, where it says nothing, what was asked for.

    Raises `InputError` where neither is there, and where `asked` is another model than `open_clip_config.json` says.
    """
    if (path / OPEN_CLIP_CONFIG).is_file():
        return _as_asked(path, asked)
    return asked or _described(path)


def _as_asked(folder: Path, asked: Architecture | None) -> Architecture:
    """The architecture that a folder's `open_clip_config.json` describes, with the preprocessing that was asked for."""
    file = folder / OPEN_CLIP_CONFIG
    content = read_json(file)
    model, preprocessing = content.get("model_cfg"), content.get("preprocess_cfg") or {}
    if not isinstance(model, dict) or not isinstance(preprocessing, dict):
        raise InputError(f"{file} has no model_cfg; save the model again with open_clip's push_to_hf_hub or by hand")
    named = {"mean": "mean", "std": "std", "interpolation": "interpolation", "resize_mode": "resize"}
    settings = {ours: preprocessing[theirs] for theirs, ours in named.items() if preprocessing.get(theirs) is not None}
    try:
        own = Architecture.model_validate({"name": folder.name, "model_cfg": model, **settings})
    except ValidationError as error:
        raise InputError(f"{file} does not describe a model ({error.errors()[0]['msg']})") from error
    if asked is None:
        return own
    if asked.model_cfg not in (None, model) or (asked.model_cfg is None and described_model(asked) != model):
        raise InputError(
            f"{file} describes another model than the architecture {asked.name!r} that the configuration names; leave "
            "the architecture out, for the folder says what it holds"
        )
    changed = {name: getattr(asked, name) for name in ("image_size", *named.values()) if getattr(asked, name)}
    return own.model_copy(update=changed)


def _described(path: Path) -> Architecture:
    file = path / DESCRIPTION
    if not file.is_file():
        raise InputError(f"{path} has no {DESCRIPTION}; name the checkpoint's architecture, for instance ViT-B-32")
    content = read_json(file)
    try:
        if content.get("kind") != "clip":
            raise InputError(f"{file} describes a model of kind {content.get('kind')!r}, not a whole CLIP model")
        return Architecture.model_validate(content["architecture"])
    except (ValueError, KeyError, AttributeError, ValidationError) as error:
        raise InputError(f"{file} does not describe a model ({first_line(error)}); save the model again") from error


def weights_file(path: Path) -> Path:
    """The safetensors file of a checkpoint: `path` itself, or the one in it.

    Raises `InputError` where there is none, more than one, a pickle in its place, or a model in another's form.
    """
    refuse_towers(path)
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


def first_line(error: Exception) -> str:
    """The first line of a message that says something."""
    lines = [line.strip() for line in str(error).splitlines() if line.strip()]
    return (lines[1] if len(lines) > 1 and lines[0].endswith(":") else lines[0]) if lines else type(error).__name__
