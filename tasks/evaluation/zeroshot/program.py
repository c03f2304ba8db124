"""clip-benchmark's own program, with the models of the training stages among those that it evaluates.

    equipoise clip-benchmark eval --pretrained STORE/train/KEY --dataset wds/cifar10 --dataset_root FOLDER

`--pretrained` is a folder that a training stage wrote; for heads, `--model` is the folder of the encoder below them.
Every other option is clip-benchmark's. It reads data sets as it does, without the checks of the evaluation stage, but
pictures of the `wds/` layout are rendered as everywhere here.
"""

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from clip_benchmark import cli
from clip_benchmark.models import MODEL_TYPES, TYPE2FUNC
from PIL import Image
from torch import nn
from webdataset import autodecode

from storage.errors import InputError
from tasks.ingest.pictures.render import render
from tasks.training.models.saved import load_trained

MODEL_TYPE = "equipoise"

DEFAULTS = {
    "--model_type": [MODEL_TYPE],
    "--model": [MODEL_TYPE],
    "--num_workers": ["0"],  # more workers than shards fail
    "--no_amp": [],  # bf16 changes results on a processor
    "--output": ["{dataset}_{model}_{task}_{language}.json"],  # its own names a file by the folder's path
}
"""What `eval` is called with where the caller does not say otherwise."""


class RenderedImages(autodecode.ImageHandler):
    """webdataset's decoder of pictures, with this project's rendering in place of Pillow's `convert`."""

    def __call__(self, key: str, data: bytes) -> Image.Image | None:
        """The picture of a member, None for one of another kind. key: its extension."""
        return render(data) if key.rpartition(".")[2].lower() in self.extensions else None


def register() -> None:
    """Make `--model_type equipoise` known to clip-benchmark, once."""
    TYPE2FUNC[MODEL_TYPE] = load
    if MODEL_TYPE not in MODEL_TYPES:
        MODEL_TYPES.append(MODEL_TYPE)


def load(model_name: str, pretrained: str, cache_dir: str | None, device: object) -> tuple[nn.Module, Any, Any]:
    """Model, transform and tokenizer of a folder, as clip-benchmark asks for them.

    Args:
        model_name: for heads, the folder of the encoder below them.
        pretrained: a folder that a training stage wrote.
        cache_dir: clip-benchmark's; nothing is fetched.
        device: where the model goes.

    Raises:
        InputError: the folder holds no model.
    """
    folder = Path(pretrained)
    if not folder.is_dir():
        raise InputError(f"{folder} is no folder; give --pretrained a folder that a training stage wrote")
    base = Path(model_name) if model_name != MODEL_TYPE else None
    clip = load_trained(folder, base, str(device))
    return clip.model, clip.transform, clip.tokenizer


def main(arguments: Sequence[str]) -> None:
    """Run clip-benchmark's program with these arguments; `eval` is given `DEFAULTS`."""
    register()
    given = list(arguments)
    if given[:1] == ["eval"]:
        named = {argument.partition("=")[0] for argument in given}
        given += [word for option, values in DEFAULTS.items() if option not in named for word in (option, *values)]
    before, sys.argv = sys.argv, ["clip_benchmark", *given]
    handler, autodecode.ImageHandler = autodecode.ImageHandler, RenderedImages
    try:
        cli.main()
    finally:
        sys.argv, autodecode.ImageHandler = before, handler
