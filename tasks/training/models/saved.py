"""Loading what the training stages wrote: whole models, and heads on their base encoders."""

import json
import pickle
from pathlib import Path
from typing import Any, Literal, cast

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file
from torch import Tensor, nn

from storage.errors import InputError
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.encoding.encoders import Encoders, open_encoders
from tasks.embedding.models.clip import ImageTextModel, load_clip
from tasks.embedding.record import EncoderFiles
from tasks.training.models.heads import Heads, heads_from_state


class HeadedModel(nn.Module):
    """Frozen encoders with heads on them, seen as one CLIP model. Its parameters are those of the heads."""

    def __init__(self, encoders: Encoders, heads: Heads) -> None:
        super().__init__()
        self.encoders, self.heads = encoders, heads
        self.logit_scale: Tensor
        self.register_buffer("logit_scale", heads.logit_scale, persistent=False)

    def encode_image(self, image: Tensor, normalize: bool = False) -> Tensor:
        """Pictures → the heads' space, `[n, outputs]`."""
        assert self.encoders.image is not None
        return self.heads.encode_image(self.encoders.image.encode(image), normalize)

    def encode_text(self, text: Any, normalize: bool = False) -> Tensor:  # noqa: ANN401  tokens as the tokenizer gives them
        """Tokens → the heads' space, `[n, outputs]`."""
        assert self.encoders.text is not None
        return self.heads.encode_text(self.encoders.text.encode(text), normalize)

    def forward(self, image: Tensor, text: Any) -> tuple[Tensor, Tensor, Tensor]:  # noqa: ANN401
        """Normalised features of both and the scale, as open_clip's models return them."""
        return self.encode_image(image, True), self.encode_text(text, True), self.logit_scale.exp()


def save_heads(directory: Path, heads: Heads) -> None:
    """Write `model.safetensors`, under the released heads' tensor names, and `model.json`."""
    directory.mkdir(parents=True, exist_ok=True)
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in heads.state_dict().items()}
    save_file(state, directory / "model.safetensors")
    facts = {"kind": "heads", "logit_scale": round(float(heads.logit_scale.exp()), 4)}
    (directory / "model.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")


def kept_heads(directory: Path) -> dict[int, Path]:
    """The folders of the heads that a training kept along its way, by the number of steps that they had seen."""
    return {int(folder.name.removeprefix("step-")): folder for folder in sorted(directory.glob("step-*"))}


def load_heads(path: Path, device: str = "cpu") -> Heads:
    """Heads from a directory that `save_heads` wrote, or from a state-dict file such as the authors released.

    A file is `.safetensors`, or a torch file that `torch.load(weights_only=True)` accepts; its logit scale is 100, the
    paper's. Raises `InputError` for files that hold no heads.
    """
    scale = 100.0 if path.is_file() else float(model_facts(path).get("logit_scale", 100.0))
    weights = path if path.is_file() else path / "model.safetensors"
    try:
        if weights.suffix == ".safetensors":
            state = load_file(weights)
        else:
            state = torch.load(weights, map_location="cpu", weights_only=True)
    except (OSError, SafetensorError, pickle.UnpicklingError, RuntimeError, EOFError) as error:
        raise InputError(f"{weights} cannot be read as weights: {' '.join(str(error).split())[:300]}") from None
    if not isinstance(state, dict):
        raise InputError(f"{weights} holds a {type(state).__name__}, not a state dict of heads")
    return heads_from_state(state, logit_scale=scale).to(device).eval()


def lock_tower(model: nn.Module, tower: Literal["none", "image", "text"]) -> None:
    """Leave a tower of an open_clip model as it is, its normalisation statistics too; `image` is LiT."""
    if tower == "image":
        cast(Any, model).lock_image_tower(unlocked_groups=0, freeze_bn_stats=True)
    elif tower == "text":
        cast(Any, model).lock_text_tower(unlocked_layers=0, freeze_layer_norm=True)


def load_trained(
    directory: Path,
    base: Path | None,
    device: str = "cpu",
    *,
    image_base: Path | None = None,
    text_base: Path | None = None,
    settings: EmbeddingConfig | None = None,
) -> ImageTextModel:
    """A trained model, ready to encode pictures and texts.

    Args:
        directory: a stage's output with `model.json` of kind "clip" or "heads".
        base: for heads, the CLIP model whose embeddings they were trained on.
        device: where the model goes.
        image_base: for heads whose image embeddings came from another model, that one.
        text_base: for heads whose text embeddings came from another model, that one.
        settings: for heads, how their embeddings were made; None: as the encoders' folders say.

    Raises:
        InputError: a file is missing or does not fit, or heads come without their base.

    Example:
        >>> import tempfile, torch
        >>> from pathlib import Path
        >>> from equipoise import load_trained
        >>> from tasks.embedding.models.architecture import Architecture
        >>> from tasks.embedding.models.clip import build_clip, save_clip
        >>> folder = Path(tempfile.mkdtemp())
        >>> save_clip(folder, build_clip(Architecture(), seed=0))
        >>> clip = load_trained(folder, base=None)
        >>> clip.model.encode_text(clip.tokenizer(["a red star"])).shape[0]
        1
    """
    facts = model_facts(directory)
    if facts.get("kind") == "clip":
        return load_clip(directory, device)
    if facts.get("kind") != "heads":
        raise InputError(f"{directory / 'model.json'} has kind {facts.get('kind')!r}; expected 'clip' or 'heads'")
    if base is None and (image_base is None or text_base is None):
        raise InputError(
            f"the model in {directory} is heads on frozen embeddings; give the base encoder they belong to"
        )
    config = (settings or EmbeddingConfig()).model_copy(update={"modality": "both"})
    encoders = open_encoders(config, EncoderFiles(base, image_base, text_base), device)
    assert encoders.image is not None and encoders.text is not None
    model = HeadedModel(encoders, load_heads(directory, device)).eval()
    return ImageTextModel(model, encoders.image.transform, encoders.text.tokenise)


def model_facts(directory: Path) -> dict[str, Any]:
    """What `model.json` says of a model, its `kind` above all. Raises `InputError` for a folder that holds none."""
    path = directory / "model.json"
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise InputError(f"{path} cannot be read ({error}); give a directory that a training stage wrote") from None
    if not isinstance(facts, dict):
        raise InputError(f"{path} must hold a JSON object; give a directory that a training stage wrote")
    return facts
