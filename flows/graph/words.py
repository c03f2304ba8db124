"""What a stage's settings are, as readers of the report are told."""

from pathlib import Path

from tasks.embedding.config import EmbeddingConfig


def encoder_in_words(settings: EmbeddingConfig, model: str | Path | None) -> str:
    """What an encoder is; of a path only the last name."""
    if settings.encoder == "pixels":
        return f"thumbnails of {settings.pixel_side} × {settings.pixel_side} pixels"
    if model == "trained":
        return "the CLIP that this run trained on the original data"
    return f"the model {Path(model).name}" if model else "a CLIP with random weights"
