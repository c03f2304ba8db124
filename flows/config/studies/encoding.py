"""Real data as frozen features, which several studies begin with."""

from pydantic import Field, model_validator

from flows.config.plans.training import EncoderPlan
from storage.config import Config
from tasks.ingest.config import Sources


class EncodedData(Config):
    """Pairs, and the encoders by whose features heads are trained on them."""

    sources: Sources = Field(min_length=1, description="image-caption pairs")
    encoder: EncoderPlan = Field(description="the encoders of images and captions")

    @model_validator(mode="after")
    def _encodes_both(self) -> "EncodedData":
        if self.encoder.settings.encoder == "pixels" or self.encoder.settings.modality != "both":
            raise ValueError("heads need images and captions encoded by a model; set encoder.settings.modality to both")
        if self.encoder.uses_model and self.encoder.model == "trained":
            raise ValueError("nothing is trained before the features; give encoder.image_model and encoder.text_model")
        return self
