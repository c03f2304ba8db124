"""Networks of the transformers library from a local folder: no network, no pickles, no code of the folder's."""

from pathlib import Path
from typing import Any

import torch

from storage.errors import InputError
from tasks.embedding.models.finite import require_finite
from tasks.embedding.models.folders import read_json

_WHOLE = ("WithProjection", "TextModel", "EncoderModel")
"""Ends of the names of classes that are a part of a model; transformers' automatic choice would take another part."""


def load_transformers(folder: Path, what: str) -> tuple[Any, list[str]]:
    """The network that `save_pretrained` wrote, in evaluation mode and float32, and which tensors the file lacks.

    Its class is the automatic choice, the model without a task's layers; a tower with its projection, and an encoder of
    an encoder-decoder model, are taken as they were saved.

    Args:
        folder: holds `config.json` and safetensors.
        what: it is, for messages: text or vision.

    Raises:
        InputError: the folder holds no such model, or lacks tensors other than a pooler's, which are not used then.
    """
    import transformers
    from safetensors import SafetensorError

    names = read_json(folder / "config.json").get("architectures")
    name = str(names[0]) if isinstance(names, list) and names else ""
    try:
        kind: Any = getattr(transformers, name, None) if name.endswith(_WHOLE) else None
        if not (isinstance(kind, type) and issubclass(kind, transformers.PreTrainedModel)):
            kind = transformers.AutoModel
        network, loading = kind.from_pretrained(
            folder, local_files_only=True, trust_remote_code=False, use_safetensors=True, dtype=torch.float32,
            output_loading_info=True,
        )  # fmt: skip
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        summary = " ".join(str(error).split())[:300]
        raise InputError(f"{folder} cannot be loaded as a transformers {what} model: {summary}") from error
    # transformers fills what a checkpoint lacks with random numbers; only a pooler can be done without
    lacking = sorted(loading["missing_keys"])
    if missing := [each for each in lacking if not each.startswith("pooler.")]:
        raise InputError(f"the weights in {folder} lack tensor {missing[0]!r} and {len(missing) - 1} more")
    require_finite(network, folder)
    return network.eval(), lacking
