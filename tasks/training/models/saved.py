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
from tasks.embedding.models.clip import Clip, load_clip
from tasks.training.models.heads import Heads, heads_from_state
from tasks.training.models.protocol import Encoders


class HeadedModel(nn.Module):
    """Base encoders with heads on them, seen as one CLIP model."""

    def __init__(self, image_base: nn.Module, text_base: nn.Module, heads: Heads) -> None:
        super().__init__()
        self.image_base, self.text_base, self.heads = image_base, text_base, heads
        self.logit_scale: Tensor
        self.register_buffer("logit_scale", heads.logit_scale, persistent=False)

    def encode_image(self, image: Tensor, normalize: bool = False) -> Tensor:
        """Pictures → the heads' space, `[n, outputs]`."""
        return self.heads.encode_image(cast(Encoders, self.image_base).encode_image(image), normalize)

    def encode_text(self, text: Tensor, normalize: bool = False) -> Tensor:
        """Tokens → the heads' space, `[n, outputs]`."""
        return self.heads.encode_text(cast(Encoders, self.text_base).encode_text(text), normalize)

    def forward(self, image: Tensor, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Normalised features of both and the scale, as open_clip's models return them."""
        return self.encode_image(image, True), self.encode_text(text, True), self.logit_scale.exp()


def save_heads(directory: Path, heads: Heads) -> None:
    """Write `model.safetensors`, under the released heads' tensor names, and `model.json`."""
    state = {name: tensor.detach().cpu().contiguous() for name, tensor in heads.state_dict().items()}
    save_file(state, directory / "model.safetensors")
    facts = {"kind": "heads", "logit_scale": round(float(heads.logit_scale.exp()), 4)}
    (directory / "model.json").write_text(json.dumps(facts, indent=2, sort_keys=True) + "\n", encoding="utf-8")


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


def load_trained(directory: Path, base: Path | None, device: str = "cpu", *, text_base: Path | None = None) -> Clip:
    """A trained model, ready to encode pictures and texts.

    Args:
        directory: a stage's output with `model.json` of kind "clip" or "heads".
        base: for heads, the directory of the CLIP model whose embeddings they were trained on.
        device: where the model goes.
        text_base: for heads whose text embeddings came from another model, that one; None: `base`'s.

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
    if base is None:
        raise InputError(
            f"the model in {directory} is heads on frozen embeddings; give the base encoder they belong to"
        )
    image_side = load_clip(base, device)
    text_side = load_clip(text_base, device) if text_base is not None else image_side
    model = HeadedModel(image_side.model, text_side.model, load_heads(directory, device)).eval()
    return Clip(model, image_side.transform, text_side.tokenizer, image_side.architecture)


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
