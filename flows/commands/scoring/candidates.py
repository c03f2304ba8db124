"""What `equipoise evaluate` scores: models and heads, opened before anything is encoded; what does not fit is told."""

import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image

from storage.errors import InputError
from storage.record.external import external
from storage.record.manifest import External, Manifest
from storage.store.workspace import Runtime, present_device
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encoders import open_encoders
from tasks.embedding.models.checkpoint import weights_file
from tasks.embedding.models.folders import kind_of, refuse_towers
from tasks.embedding.record import EncoderFiles, EncoderRecord
from tasks.evaluation.task import import_heads
from tasks.evaluation.zeroshot.encoded import require_sizes
from tasks.training.models.saved import load_heads


@dataclass(frozen=True)
class Candidate:
    """A model to score.

    Attributes:
        name: of the model, in tables and files.
        weights: its own.
        encoder: what it stands on, or is.
        heads: whether it is heads.
    """

    name: str
    weights: Manifest | External
    encoder: EncoderRecord
    heads: bool

    @property
    def pretrained(self) -> str:
        """A name of its weights, by their content."""
        return (self.weights.fingerprint if isinstance(self.weights, External) else self.weights.digest)[:12]


def candidates(
    models: Sequence[Path],
    heads: Sequence[Path],
    below: tuple[Path | None, Path | None, Path | None],
    runtime: Runtime,
    to: Path,
) -> Iterator[Candidate]:
    """Everything that is to be scored.

    Args:
        models: CLIP models.
        heads: on the encoders below.
        below: the CLIP, image and text model under the heads.
        runtime: where and with what.
        to: the results' folder, which heads go to as safetensors.

    Raises:
        InputError: there is nothing to score, a path holds no model, or sizes differ.
    """
    towers = not heads and below[1] is not None and below[2] is not None
    if not models and not heads and not towers:
        raise InputError("there is nothing to score; name models, or --heads with the encoder below them")
    if heads and not (below[0] or (below[1] and below[2])):
        raise InputError("heads stand on an encoder: give --model, or --image-model and --text-model")
    for path in models:
        require_model(path)
        refuse_towers(path)
        given = external(path, runtime.store)
        yield Candidate(path.stem, given, EncoderRecord(EmbeddingConfig(), given), heads=False)
    if not heads and not towers:
        return
    for given_model in below:
        if given_model is not None:
            require_model(given_model)
    encoder = EncoderRecord(EmbeddingConfig(), *(external(path, runtime.store) if path else None for path in below))
    sizes = _sizes(encoder, runtime)
    if towers:
        assert encoder.image_model is not None and below[1] is not None and below[2] is not None
        require_sizes(None, *sizes)
        yield Candidate(f"{below[1].name}+{below[2].name}", encoder.image_model, encoder, heads=False)
    for path in heads:
        yield Candidate(path.stem, _imported(path, sizes, runtime, to), encoder, heads=True)


def require_model(path: Path) -> None:
    """Raise `InputError` where there is no model at a path, before it is loaded."""
    if not path.exists():
        raise InputError(f"{path} does not exist; give a model's folder")
    if path.is_dir():
        kind_of(path)
    else:
        weights_file(path)


def _sizes(encoder: EncoderRecord, runtime: Runtime) -> tuple[int, int]:
    """How many numbers the encoders give of a picture and of a text."""
    made = (encoder.model, encoder.image_model, encoder.text_model)
    files = EncoderFiles(*(each.local if isinstance(each, External) else None for each in made))
    opened = open_encoders(encoder.settings, files, present_device(runtime.device))
    assert opened.image is not None and opened.text is not None
    picture = opened.image.transform(Image.new("RGB", (64, 64)))[None]
    image = opened.vectors(opened.image.encode, picture).shape[1]
    return image, opened.vectors(opened.text.encode, opened.text.tokenise(["a"])).shape[1]


def _imported(path: Path, sizes: tuple[int, int], runtime: Runtime, to: Path) -> Manifest:
    """Heads as safetensors in the store, and in the results' folder. Raises `InputError` where they do not fit."""
    require_sizes(load_heads(path), *sizes)
    made = import_heads.run(heads=external(path, runtime.store), runtime=runtime)
    folder = to / "heads" / path.stem
    folder.mkdir(parents=True, exist_ok=True)
    for file in made.files:
        shutil.copyfile(runtime.store / made.name / file.path, folder / file.path)
    return made
