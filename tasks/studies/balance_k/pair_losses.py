"""The test functions h of the theorem: every pair's own contrastive loss, and its gradient along random directions."""

import torch
from torch import Tensor
from torch.nn import functional

from tasks.arrays import Floats
from tasks.training.models.heads import Heads, Mlp

BLOCK = 512


def hidden(mlp: Mlp, features: Tensor) -> Tensor:
    """What the last layer of a head takes, `[n, hidden]`."""
    features = functional.relu(mlp.proj(functional.normalize(features, dim=-1)))
    for layer in mlp.layers:
        features = functional.relu(layer(features))
    return features


def pair_losses(heads: Heads, image: Tensor, text: Tensor, *, directions: int, seed: int) -> Floats:
    """`h_i` of every pair, `[n, 1 + directions]`: first the loss, then the gradient's components.

    A pair's loss is CLIP's against all pairs, `-½ (log p(text i | image i) + log p(image i | text i))`, with the other
    side of each softmax held fixed: so it is a function of the pair alone, as the theorem asks. Its gradient is that by
    the last layers' weights, `δ_i ⊗ a_i` on either side; component r is `(u_r · δ_i)(v_r · a_i) + (u'_r · δ'_i)(v'_r ·
    a'_i)` with standard normal u, v. The mean square of the components is that of the gradient's norm.

    Args:
        heads: at the point where variances are looked at.
        image: features `[n, d]`.
        text: features `[n, e]`.
        directions: how many components.
        seed: of the directions.
    """
    generator = torch.Generator().manual_seed(seed)
    scale = heads.logit_scale.exp()
    with torch.no_grad():
        sides = [
            (mlp.out, hidden(mlp, each)) for mlp, each in ((heads.image_encoder, image), (heads.text_encoder, text))
        ]
        points = [functional.normalize(out(inner), dim=-1) for out, inner in sides]
    draws = [
        (
            torch.randn(out.out_features, directions, generator=generator),
            torch.randn(out.in_features, directions, generator=generator),
        )
        for out, _ in sides
    ]
    values = torch.empty(len(image), 1 + directions, dtype=torch.float64)
    for start in range(0, len(image), BLOCK):
        rows = slice(start, start + BLOCK)
        loss = torch.zeros(len(image[rows]))
        components = torch.zeros(len(image[rows]), directions)
        for side, (out, inner) in enumerate(sides):
            raw = out(inner[rows]).detach().requires_grad_()
            own = functional.normalize(raw, dim=-1)
            logits = scale * own @ points[1 - side].T
            right = scale * (own * points[1 - side][rows]).sum(dim=1)
            # The other side's softmax has this pair's term only as a constant: its own gradient is counted there.
            losses = 0.5 * (torch.logsumexp(logits, dim=1) - right)
            (slope,) = torch.autograd.grad(losses.sum(), raw)
            left, along = draws[side]
            components += (slope @ left) * (inner[rows] @ along)
            loss += losses.detach()
        values[rows, 0], values[rows, 1:] = loss.double(), components.double()
    return values.numpy()
