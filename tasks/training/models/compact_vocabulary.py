"""Training only the token embeddings that the captions use: the same result, and small steps for small models.

A vocabulary of 49,408 tokens is most of a small model's parameters, yet a data set of short captions uses a few
thousand. The others get no gradient, so Adam leaves them as they are; moving the used rows into a small table spares
the optimiser the rest. (Weight decay, too, then leaves unused rows alone.)
"""

from dataclasses import dataclass
from typing import cast

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class CompactVocabulary:
    """The tokens in use, ascending, int64 `[v]`, and the whole embedding table that was set aside."""

    used: Tensor
    whole: nn.Embedding

    def renumber(self, tokens: Tensor) -> Tensor:
        """Tokens `[b, context]` as rows of the small table."""
        return torch.searchsorted(self.used, tokens)

    def expand(self, model: nn.Module) -> None:
        """Put the trained rows back into the whole table, and the table back into the model."""
        trained = cast(nn.Embedding, model.token_embedding).weight.detach()
        whole = self.whole.to(trained.device)
        with torch.no_grad():
            whole.weight[self.used.to(trained.device)] = trained
        model.token_embedding = whole


def compact(model: nn.Module, used: Tensor) -> CompactVocabulary | None:
    """Replace an open_clip model's token embedding by the rows in use, int64 `[v]` ascending.

    Numbers keep their order, so the end-of-text token stays the largest, where open_clip's pooling looks for it.
    None, and nothing changed, for models that find their tokens otherwise.
    """
    whole = getattr(model, "token_embedding", None)
    if not isinstance(whole, nn.Embedding) or getattr(model, "text_pool_type", "") not in ("argmax", "first", "last"):
        return None
    small = nn.Embedding(len(used), whole.embedding_dim, _weight=whole.weight.detach()[used].clone())
    small.weight.requires_grad_(whole.weight.requires_grad)
    model.token_embedding = small
    return CompactVocabulary(used, whole)
