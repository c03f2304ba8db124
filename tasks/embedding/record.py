"""What embeddings were made with: enough for a later stage to encode anything else in the same way."""

from dataclasses import dataclass
from pathlib import Path

from storage.record.manifest import External, Manifest
from storage.store.workspace import Workspace
from tasks.embedding.config import EmbeddingConfig


@dataclass(frozen=True)
class EncoderFiles:
    """Where the weights of an encoder lie.

    Attributes:
        model: a CLIP model, a folder or a safetensors file; None: random weights from the configuration's seed.
        image_model: an image model of timm, transformers or open_clip that stands in the place of CLIP's image tower.
        text_model: a text model of transformers or open_clip in the place of CLIP's text tower.
    """

    model: Path | None = None
    image_model: Path | None = None
    text_model: Path | None = None


@dataclass(frozen=True)
class EncoderRecord:
    """An encoder as stages are given it: its settings, and its weights by content.

    Attributes:
        settings: which encoder, and how it is used.
        model: a CLIP model; None where there is none, or where it has random weights.
        image_model: in the place of CLIP's image tower.
        text_model: in the place of CLIP's text tower.
    """

    settings: EmbeddingConfig
    model: Manifest | External | None = None
    image_model: External | None = None
    text_model: External | None = None

    def files(self, work: Workspace) -> EncoderFiles:
        """Where the weights lie."""
        made = (self.model, self.image_model, self.text_model)
        return EncoderFiles(*(None if each is None else work.directory(each) for each in made))
