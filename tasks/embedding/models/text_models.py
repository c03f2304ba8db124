"""Text encoders of the transformers library, from a local folder: mean of the last hidden states over real tokens.

These are the separate text encoders of *The Benefits of Balance* (arXiv 2408.15065, section 4: BERT and GPT-2).
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import torch
from safetensors import SafetensorError
from torch import Tensor

from storage.errors import InputError
from tasks.embedding.models.finite import require_finite
from tasks.embedding.models.image_models import bare


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
    """A transformers encoder (or decoder-only model) with its tokenizer."""

    model: torch.nn.Module
    tokenizer: Any
    length: int

    def tokenise(self, captions: list[str]) -> TokenBatch:
        """Captions cut to `length` tokens and padded to it on the right: results do not depend on the neighbours."""
        encoded = self.tokenizer(
            captions, padding="max_length", truncation=True, max_length=self.length, return_tensors="pt"
        )
        return TokenBatch(encoded["input_ids"], encoded["attention_mask"])

    def encode(self, batch: TokenBatch) -> Tensor:
        """Means over real tokens of the last hidden state, `[n, d]`, not normalised; 0 for a caption of no token.

        A model with two towers, such as transformers' own CLIP, gives its text tower's features.
        """
        if hasattr(self.model, "get_text_features"):
            return bare(cast(Any, self.model).get_text_features(input_ids=batch.tokens, attention_mask=batch.mask))
        hidden = self.model(input_ids=batch.tokens, attention_mask=batch.mask).last_hidden_state
        return mean_over_tokens(hidden, batch.mask)


def mean_over_tokens(hidden: Tensor, mask: Tensor) -> Tensor:
    """`Σ_t mask_t h_t / Σ_t mask_t`, `[n, d]`, of states `[n, l, d]` under a mask `[n, l]`; 0 for an empty mask."""
    weight = mask.to(hidden.dtype).unsqueeze(-1)
    return (hidden * weight).sum(dim=1) / weight.sum(dim=1).clamp(min=1)


def load_text_model(folder: Path, *, length: int, device: str = "cpu") -> TextModel:
    """A model and tokenizer that `save_pretrained` wrote to `folder`; safetensors only, no code from the folder is run.

    A tokenizer without a padding token (GPT-2) pads with its end-of-text token. Raises `InputError` for a folder
    that holds no such model.
    """
    from transformers import AutoModel, AutoTokenizer

    if not (folder / "config.json").is_file():
        raise InputError(f"{folder} holds no transformers model (no config.json); save one there with save_pretrained")
    if not list(folder.glob("*.safetensors")):
        raise InputError(f"{folder} holds no *.safetensors; save the model again with save_pretrained")
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True, trust_remote_code=False)
        model, loading = AutoModel.from_pretrained(
            folder,
            local_files_only=True,
            trust_remote_code=False,
            use_safetensors=True,
            dtype=torch.float32,
            output_loading_info=True,
        )
    except (OSError, ValueError, KeyError, RuntimeError, ImportError, SafetensorError) as error:
        summary = " ".join(str(error).split())[:300]
        raise InputError(f"{folder} cannot be loaded as a transformers text model: {summary}") from error
    # transformers fills what a checkpoint lacks with random numbers; only the pooler is never used here
    if missing := sorted(name for name in loading["missing_keys"] if not name.startswith("pooler.")):
        raise InputError(f"the weights in {folder} lack tensor {missing[0]!r} and {len(missing) - 1} more")
    require_finite(model, folder)
    if getattr(model.config, "is_encoder_decoder", False):
        raise InputError(f"{folder} is an encoder-decoder model; give an encoder (BERT) or a decoder (GPT-2)")
    if tokenizer.pad_token is None:
        if tokenizer.eos_token is None:
            raise InputError(f"the tokenizer in {folder} has neither a padding nor an end token; add a pad_token to it")
        tokenizer.pad_token = tokenizer.eos_token
    tokenizer.padding_side = "right"
    described = getattr(model.config, "text_config", model.config)  # of two towers, the text's
    longest = getattr(described, "max_position_embeddings", None) or length
    return TextModel(model.to(device).eval(), tokenizer, min(length, longest))
