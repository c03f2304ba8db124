"""Models by name, for users with a network: fetched once into Hugging Face's cache, and from then on read from there.

    hf-hub:timm/vit_base_patch16_224.augreg_in21k     a repository of the hub, @REVISION after it if wanted
    open_clip:ViT-B-32/laion2b_s34b_b79k              weights that open_clip publishes under a tag

Only descriptions and safetensors are fetched, never a pickle.
"""

from pathlib import Path
from typing import Any

from storage.errors import InputError

HUB, TAG = "hf-hub:", "open_clip:"
FILES = ("*.json", "*.safetensors", "*.txt", "*.model")
"""What is fetched of a repository: descriptions, weights, vocabularies."""


def is_name(model: Path | str) -> bool:
    """Whether a model is named rather than given by its path."""
    return str(model).startswith((HUB, TAG))


def located(model: Path, cache: Path | None = None) -> Path:
    """Where a model lies: a path as it is, a named one in Hugging Face's cache, fetched first if it is not there.

    cache: of Hugging Face; None: where its environment variables say.

    Raises `InputError` for an unknown tag, for weights that exist as a pickle only, and where the network is needed
    and does not answer.
    """
    name = str(model)
    if not is_name(model):
        return model
    repository = name.removeprefix(HUB) if name.startswith(HUB) else _of_tag(name.removeprefix(TAG))
    folder = _snapshot(repository, cache)
    if not any(folder.glob("*.safetensors")):
        raise InputError(f"{name} has no *.safetensors, and pickles are not fetched; convert it where you trust it")
    return folder


def _of_tag(name: str) -> str:
    """The repository of an architecture and a tag, such as `ViT-B-32/laion2b_s34b_b79k`."""
    import open_clip

    architecture, _, tag = name.rpartition("/")
    settings: dict[str, Any] = open_clip.get_pretrained_cfg(architecture, tag) or {}
    if not settings:
        known = ", ".join(open_clip.list_pretrained_tags_by_model(architecture)) or "none"
        raise InputError(f"open_clip has no weights {tag!r} of {architecture!r}; the tags it has: {known}")
    repository = str(settings.get("hf_hub") or "").rstrip("/")
    if repository.count("/") != 1:
        raise InputError(f"open_clip publishes {name} as a pickle only; name a repository of the hub: {HUB}OWNER/NAME")
    return repository


def _snapshot(repository: str, cache: Path | None) -> Path:
    from huggingface_hub import snapshot_download

    owner_and_name, _, revision = repository.partition("@")
    settings: dict[str, Any] = {"revision": revision or None, "cache_dir": cache, "allow_patterns": list(FILES)}
    try:
        return Path(snapshot_download(owner_and_name, local_files_only=True, **settings))
    except Exception:
        pass
    try:
        return Path(snapshot_download(owner_and_name, **settings))
    except Exception as error:
        why = next(iter(str(error).splitlines()), "").strip()[:120] or type(error).__name__
        raise InputError(
            f"the model {repository} is not in Hugging Face's cache and cannot be fetched ({why}); where there is no "
            "network, give a local folder"
        ) from None
