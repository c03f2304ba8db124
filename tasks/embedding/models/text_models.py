"""Text encoders of the transformers library, from a local folder: mean of the last hidden states over real tokens.

These are the separate text encoders of *The Benefits of Balance* (arXiv 2408.15065, section 4: BERT and GPT-2).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from storage.errors import InputError
from tasks.embedding.models.image_models import bare
from tasks.embedding.models.pooling import Pooling, pooled, pooling_of
from tasks.embedding.models.transformers_models import load_transformers


@dataclass(frozen=True)
class TokenBatch:
    """Captions as numbers: `tokens` int64 `[n, l]` and `mask` int64 `[n, l]`, 1 where a token is real."""

    tokens: Tensor
    mask: Tensor

    def to(self, device: str | torch.device) -> "TokenBatch":
        """The same on another device."""
        return TokenBatch(self.tokens.to(device, non_blocking=True), self.mask.to(device, non_blocking=True))


@dataclass(frozen=True)
class TextModel:
    """A transformers encoder, decoder-only model, or text tower, with its tokenizer.

    Attributes:
        model: the network.
        tokenizer: its own.
        length: tokens of every caption, padding included.
        pooling: how states become a vector, where the model has no feature of its own.
        masked: whether the network is told which tokens are padding; SigLIP's was trained to read it.
    """

    model: Any
    tokenizer: Any
    length: int
    pooling: Pooling = "mean"
    masked: bool = True

    def tokenise(self, captions: list[str]) -> TokenBatch:
        """Captions cut to `length` tokens and padded to it on the right: results do not depend on the neighbours."""
        encoded = self.tokenizer(
            captions,
            padding="max_length",
            truncation=True,
            max_length=self.length,
            return_tensors="pt",
            return_attention_mask=True,
        )
        return TokenBatch(encoded["input_ids"], encoded["attention_mask"])

    def encode(self, batch: TokenBatch) -> Tensor:
        """Features `[n, d]`, not normalised; 0 for a caption of no token.

        Pooled last hidden states over real tokens. A model with two towers, such as transformers' own CLIP, gives its
        text tower's features, and so does such a tower alone: its projection, or without one what it pools itself.
        """
        given = {"input_ids": batch.tokens, "attention_mask": batch.mask if self.masked else None}
        if hasattr(self.model, "get_text_features"):
            return bare(self.model.get_text_features(**given))
        output = self.model(**given)
        if (projected := getattr(output, "text_embeds", None)) is not None:
            return torch.as_tensor(projected)
        if self.model.config.model_type.endswith("_text_model"):
            return torch.as_tensor(output.pooler_output)
        return pooled(output.last_hidden_state, batch.mask, self.pooling)


def load_text_model(folder: Path, *, length: int, device: str = "cpu") -> TextModel:
    """A model and tokenizer that `save_pretrained` wrote to `folder`; safetensors only, no code from the folder is run.

    Of an encoder-decoder model (T5) it is the encoder. A tokenizer without a padding token (GPT-2) pads with its
    end-of-text token. Captions have at most `length` tokens, or what the model has places for; SigLIP's always have
    that. Raises `InputError` for a folder that holds no such model.
    """
    from transformers import AutoTokenizer

    if not (folder / "config.json").is_file():
        raise InputError(f"{folder} holds no transformers model (no config.json); save one there with save_pretrained")
    if not list(folder.glob("*.safetensors")):
        raise InputError(f"{folder} holds no *.safetensors; save the model again with save_pretrained")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
    except (OSError, ValueError, KeyError, RuntimeError, ImportError) as error:
        summary = " ".join(str(error).split())[:300]
        raise InputError(f"{folder} cannot be loaded as a transformers text model: {summary}") from error
    model, _ = load_transformers(folder, "text")
    if getattr(model.config, "is_encoder_decoder", False):
        model = model.get_encoder()
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise InputError(f"the tokenizer in {folder} has neither a padding nor an end token; add a pad_token to it")
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    places = _places(model)
    siglip = "siglip" in model.config.model_type
    longest = places if siglip and places else min(length, places or length)
    return TextModel(model.to(device), tokenizer, longest, pooling_of(folder), masked=not siglip)


def _places(model: Any) -> int | None:  # noqa: ANN401  any network of transformers
    """How many tokens a network has positions for, None where it has no such bound."""
    described = getattr(model.config, "text_config", model.config)  # of two towers, the text's
    found: int | None = getattr(described, "max_position_embeddings", None)
    for name, part in model.named_modules():
        if name.endswith("position_embeddings") and isinstance(part, nn.Embedding) and part.padding_idx is not None:
            return part.num_embeddings - part.padding_idx - 1  # RoBERTa and its kin count from after the padding
    return found
