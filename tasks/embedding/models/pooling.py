"""How a text model's states become one vector: a mean, unless its folder or its kind says otherwise."""

from pathlib import Path
from typing import Literal

import torch
from torch import Tensor

from storage.errors import InputError
from tasks.embedding.models.folders import read_json

Pooling = Literal["mean", "first", "last", "largest"]

_MODES: dict[str, Pooling] = {
    "mean_tokens": "mean",
    "mean": "mean",
    "mean_sqrt_len_tokens": "mean",  # of the same direction
    "mean_sqrt_len": "mean",
    "cls_token": "first",
    "cls": "first",
    "max_tokens": "largest",
    "max": "largest",
    "lasttoken": "last",
}
"""By sentence-transformers' names, older and newer."""


def pooling_of(folder: Path) -> Pooling:
    """How a model's folder says that its states are pooled, as sentence-transformers writes it; else by their mean.

    Raises `InputError` for a way that is not known here, and for layers after the pooling, which are not read.
    """
    if not (folder / "modules.json").is_file():
        return "mean"
    without = f"remove {folder / 'modules.json'} to take the mean of the states instead"
    found: Pooling = "mean"
    for kind, part in _modules(folder / "modules.json"):
        if kind == "Pooling":
            asked = read_json(folder / part / "config.json")
            old = [key.removeprefix("pooling_mode_") for key, on in asked.items() if on is True and "_mode_" in key]
            modes = old or [str(asked.get("pooling_mode", "mean"))]
            if len(modes) != 1 or modes[0] not in _MODES:
                raise InputError(f"{folder} pools states by {' and '.join(modes)[:80]}, which is not known; {without}")
            found = _MODES[modes[0]]
        elif kind not in ("Transformer", "Normalize"):
            raise InputError(f"{folder} has a layer {kind[:40]!r} after its states, which is not read; {without}")
    return found


def _modules(file: Path) -> list[tuple[str, str]]:
    """The kind and the sub-folder of every module of a sentence-transformers model."""
    import json

    try:
        listed = [(str(each["type"]).rpartition(".")[2], str(each["path"])) for each in json.loads(file.read_bytes())]
    except (ValueError, TypeError, KeyError, RecursionError) as error:
        raise InputError(f"{file} lists no modules ({type(error).__name__}); restore it") from None
    for _, part in listed:
        if Path(part).is_absolute() or ".." in Path(part).parts:
            raise InputError(f"{file} names the folder {part[:60]!r} outside its own; restore it")
    return listed


def pooled(hidden: Tensor, mask: Tensor, how: Pooling = "mean") -> Tensor:
    """`[n, d]` of states `[n, l, d]` padded on the right under a mask `[n, l]`; 0 for an empty mask."""
    if how == "mean":
        return mean_over_tokens(hidden, mask)
    real = mask.to(torch.bool)
    none = ~real.any(dim=1, keepdim=True)
    if how == "largest":
        found = hidden.masked_fill(~real.unsqueeze(-1), -torch.inf).amax(dim=1)
    else:
        place = torch.zeros_like(mask[:, 0]) if how == "first" else (mask.sum(dim=1) - 1).clamp(min=0)
        found = hidden[torch.arange(len(hidden), device=hidden.device), place]
    return found.masked_fill(none, 0)


def mean_over_tokens(hidden: Tensor, mask: Tensor) -> Tensor:
    """`Σ_t mask_t h_t / Σ_t mask_t`, `[n, d]`, of states `[n, l, d]` under a mask `[n, l]`; 0 for an empty mask."""
    weight = mask.to(hidden.dtype).unsqueeze(-1)
    return (hidden * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)
