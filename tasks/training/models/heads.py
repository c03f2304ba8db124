"""The paper's heads: two small MLPs on frozen image and text embeddings (*The Benefits of Balance*, section 4)."""

from collections.abc import Mapping

import torch
from torch import Tensor, nn
from torch.nn import functional

from storage.errors import InputError
from tasks.arguments import positive, whole


class Mlp(nn.Module):
    """`inputs → hidden → … → hidden → outputs` with ReLU between: `proj`, `layers`, `out`, as in the released heads."""

    def __init__(self, inputs: int, hidden: int, layers: int, outputs: int) -> None:
        super().__init__()
        self.proj = nn.Linear(inputs, hidden)
        self.layers = nn.ModuleList(nn.Linear(hidden, hidden) for _ in range(layers - 1))
        self.out = nn.Linear(hidden, outputs)

    def forward(self, features: Tensor) -> Tensor:
        """Features `[n, inputs]` → `[n, outputs]`, not normalised."""
        features = functional.relu(self.proj(features))
        for layer in self.layers:
            features = functional.relu(layer(features))
        return self.out(features)


class Heads(nn.Module):
    """An image and a text MLP with a fixed logit scale; state-dict names are those of the authors' released heads.

    `encode_image` and `encode_text` take frozen embeddings `[n, d]`, L2-normalise them and return `[n, outputs]`.

    Example:
        >>> import torch
        >>> from equipoise import Heads
        >>> heads = Heads(image_inputs=16, text_inputs=8, outputs=4)
        >>> image, text, scale = heads(torch.rand(5, 16), torch.rand(5, 8))
        >>> tuple(image.shape), tuple(text.shape), round(scale.item())
        ((5, 4), (5, 4), 100)
    """

    def __init__(
        self,
        image_inputs: int = 512,
        text_inputs: int = 512,
        *,
        hidden: int = 256,
        layers: int = 2,
        outputs: int = 128,
        logit_scale: float = 100.0,
    ) -> None:
        super().__init__()
        sizes = {"image_inputs": image_inputs, "text_inputs": text_inputs, "outputs": outputs, "layers": layers}
        for name, size in (sizes | {"hidden": hidden}).items():
            whole(size, name, least=1)
        positive(logit_scale, "logit_scale")
        self.image_encoder = Mlp(image_inputs, hidden, layers, outputs)
        self.text_encoder = Mlp(text_inputs, hidden, layers, outputs)
        self.logit_scale: Tensor
        self.register_buffer("logit_scale", torch.tensor(logit_scale).log(), persistent=False)

    def encode_image(self, features: Tensor, normalize: bool = False) -> Tensor:
        """Image embeddings `[n, image_inputs]` → the joint space `[n, outputs]`."""
        encoded = self.image_encoder(functional.normalize(features, dim=-1))
        return functional.normalize(encoded, dim=-1) if normalize else encoded

    def encode_text(self, features: Tensor, normalize: bool = False) -> Tensor:
        """Text embeddings `[n, text_inputs]` → the joint space `[n, outputs]`."""
        encoded = self.text_encoder(functional.normalize(features, dim=-1))
        return functional.normalize(encoded, dim=-1) if normalize else encoded

    def forward(self, image: Tensor, text: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Normalised image and text features and the logit scale, as open_clip's models return them."""
        return self.encode_image(image, True), self.encode_text(text, True), self.logit_scale.exp()


def heads_from_state(state: Mapping[str, Tensor], *, logit_scale: float = 100.0) -> Heads:
    """Heads of whatever sizes a state dict has: ours, or the authors' released ones (512 or 768 → 256 → 256 → 128).

    Raises `InputError` naming the missing or unexpected tensors.
    """
    try:
        hidden, image_inputs = state["image_encoder.proj.weight"].shape
        text_inputs = state["text_encoder.proj.weight"].shape[1]
        outputs = state["image_encoder.out.weight"].shape[0]
    except KeyError as error:
        raise InputError(
            f"the file holds no heads: tensor {error} is missing; expected image_encoder.proj.weight"
        ) from None
    layers = 1 + sum(name.startswith("image_encoder.layers.") and name.endswith(".weight") for name in state)
    heads = Heads(image_inputs, text_inputs, hidden=hidden, layers=layers, outputs=outputs, logit_scale=logit_scale)
    try:
        heads.load_state_dict(dict(state))
    except RuntimeError as error:
        raise InputError(f"the heads do not load: {' '.join(str(error).split())}") from None
    return heads
