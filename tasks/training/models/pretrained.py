"""CLIP models with the weights that open_clip publishes under a tag: for machines with a network or a filled cache."""

from typing import Any

from storage.errors import InputError
from tasks.embedding.models.clip import Architecture, Clip, build_clip


def pretrained_clip(architecture: Architecture, tag: str) -> Clip:
    """The architecture with the published weights of `tag`, such as ViT-B-32's `laion2b_s34b_b79k`.

    What the tag says about the pictures' mean, deviation and resizing holds where the architecture leaves it open.
    Checkpoints are read as safetensors or by `torch.load(weights_only=True)`, never as free pickles. Raises
    `InputError` for an unknown tag (naming the known ones), weights that need another activation, and where they can
    be had neither from the network nor from the cache.
    """
    from open_clip.factory import load_checkpoint
    from open_clip.pretrained import download_pretrained

    settings = published(architecture, tag)
    found = {
        "mean": settings.get("mean"),
        "std": settings.get("std"),
        "interpolation": settings.get("interpolation"),
        "resize": settings.get("resize_mode"),
    }
    given = architecture.model_dump(exclude_none=True)
    described = Architecture.model_validate({name: value for name, value in found.items() if value} | given)
    clip = build_clip(described, seed=0)
    try:
        file = download_pretrained(settings)
    except Exception as error:
        raise InputError(
            f"the weights {tag!r} of {architecture.name} cannot be fetched ({type(error).__name__}: {error}); "
            "on a machine without a network give a local checkpoint as `initial`"
        ) from None
    load_checkpoint(clip.model, file, strict=True, weights_only=True)
    clip.model.eval()
    return clip


def published(architecture: Architecture, tag: str) -> dict[str, Any]:
    """What open_clip says of the weights that it publishes of an architecture under a tag; nothing is fetched.

    Raises `InputError` for an unknown tag, naming the known ones, and for weights that need another activation.
    """
    import open_clip

    settings: dict[str, Any] = open_clip.get_pretrained_cfg(architecture.name, tag)
    if not settings:
        known = ", ".join(open_clip.list_pretrained_tags_by_model(architecture.name)) or "none"
        raise InputError(f"open_clip has no weights {tag!r} of {architecture.name}; the tags it has: {known}")
    quick = bool((open_clip.get_model_config(architecture.name) or {}).get("quick_gelu"))
    if bool(settings.get("quick_gelu")) != quick:
        other = architecture.name.removesuffix("-quickgelu") if quick else f"{architecture.name}-quickgelu"
        raise InputError(f"the weights {tag!r} need the other activation; name the architecture {other}")
    return settings
