"""The models that are timed: CLIP's two towers at their sizes, from timm and torch, with random weights."""

import math

import timm
import torch
from torch import Tensor, nn

CONTEXT, WORDS = 77, 49_408  # CLIP's tokens of a caption, and its vocabulary


class TwoTowers(nn.Module):
    """A vision transformer of timm and a text transformer, with what the contrastive objective asks of a model."""

    def __init__(
        self, vision: str, width: int, layers: int, outputs: int, *, words: int = WORDS, **options: object
    ) -> None:
        super().__init__()
        self.vision = timm.create_model(vision, num_classes=outputs, **options)
        self.words = nn.Embedding(words, width)
        self.places = nn.Parameter(0.01 * torch.randn(CONTEXT, width))
        layer = nn.TransformerEncoderLayer(
            width, width // 64, 4 * width, dropout=0.0, activation="gelu", batch_first=True, norm_first=True
        )
        self.text = nn.TransformerEncoder(layer, layers, enable_nested_tensor=False)
        self.projection = nn.Linear(width, outputs, bias=False)
        self.logit_scale = nn.Parameter(torch.tensor(math.log(1 / 0.07)))

    def encode_image(self, images: Tensor, normalize: bool = False) -> Tensor:
        """`[b, outputs]`."""
        features = self.vision(images)
        return nn.functional.normalize(features, dim=-1) if normalize else features

    def encode_text(self, tokens: Tensor, normalize: bool = False) -> Tensor:
        """`[b, outputs]`, from the last token."""
        mask = nn.Transformer.generate_square_subsequent_mask(tokens.shape[1], device=tokens.device)
        features = self.text(self.words(tokens) + self.places[: tokens.shape[1]], mask=mask, is_causal=True)
        features = self.projection(features[:, -1])
        return nn.functional.normalize(features, dim=-1) if normalize else features


def clip_model(size: str) -> tuple[TwoTowers, int]:
    """A model and the side of its pictures: "B/32" is CLIP's, "small" ViT-S/16, "tiny" runs anywhere."""
    if size == "B/32":
        return TwoTowers("vit_base_patch32_224", 512, 12, 512), 224
    if size == "small":
        return TwoTowers("vit_small_patch16_224", 384, 12, 512), 224
    return TwoTowers("vit_tiny_patch16_224", 64, 1, 32, img_size=32, depth=1), 32


def longtail_model(words: int) -> TwoTowers:
    """The shape of `equipoise-tiny-vit`, for pictures of 32 pixels: 3 layers of width 96 on patches of 8, averaged."""
    shape = {"img_size": 32, "patch_size": 8, "embed_dim": 96, "depth": 3, "num_heads": 3, "mlp_ratio": 2.0}
    pooled = {"global_pool": "avg", "class_token": False}
    return TwoTowers("vit_tiny_patch16_224", 64, 1, 64, words=words, **shape, **pooled)


def image_model(name: str, *, tiny: bool) -> tuple[nn.Module, int]:
    """An image model of timm without its classes, and the side of its pictures."""
    if not tiny:
        return timm.create_model(name, num_classes=0).eval(), 224
    if name.startswith("vit"):
        return timm.create_model("vit_tiny_patch16_224", num_classes=0, img_size=32, depth=1).eval(), 32
    return timm.create_model("efficientnet_lite0", num_classes=0).eval(), 32


def clip_loss(image: Tensor, text: Tensor, scale: Tensor) -> Tensor:
    """open_clip's ClipLoss of one process, written out for machines without open_clip."""
    logits = scale * image @ text.T
    labels = torch.arange(len(image), device=image.device)
    return (nn.functional.cross_entropy(logits, labels) + nn.functional.cross_entropy(logits.T, labels)) / 2
