"""The balanced contrastive loss and T-REG in a plain torch loop, here on heads over made-up frozen embeddings."""

import torch
from torch.nn.functional import normalize

from equipoise import BalancedClipLoss, Heads, TregLoss


def main(steps: int = 60) -> list[float]:
    """Train heads to recognise which text belongs to which image; print and return the loss."""
    torch.manual_seed(0)
    meaning = torch.randn(256, 8)  # what an image and its text have in common
    images = meaning @ torch.randn(8, 32) + 0.1 * torch.randn(256, 32)
    texts = meaning @ torch.randn(8, 16) + 0.1 * torch.randn(256, 16)

    heads = Heads(image_inputs=32, text_inputs=16, hidden=64, outputs=16, logit_scale=10.0)
    contrastive = BalancedClipLoss(half_steps=2)  # 1 is CLIP's own loss
    spread = TregLoss(gamma=1e-3, lambda_=1e-2)  # on embeddings that are not normalised
    optimiser = torch.optim.AdamW(heads.parameters(), lr=1e-3)
    losses = []
    for step in range(steps):
        batch = torch.randperm(256)[:64]
        image, text = heads.encode_image(images[batch]), heads.encode_text(texts[batch])
        loss = contrastive(normalize(image), normalize(text), heads.logit_scale.exp()) + spread(image) + spread(text)
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
        losses.append(loss.item())
        if step % 20 == 0:
            print(f"step {step:3}: {loss.item():.3f}")
    return losses


if __name__ == "__main__":
    main()
