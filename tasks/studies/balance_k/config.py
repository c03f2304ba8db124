"""What the study `balance-k` measures."""

from pydantic import Field

from tasks.studies.config import StudyConfig


class BalanceKConfig(StudyConfig):
    """How variances are measured, for every number of half steps."""

    half_steps: int = Field(default=8, ge=1, le=64, description="the largest k")
    image_clusters: int = Field(default=12, ge=2, description="values of X: k-means clusters of the image features")
    text_clusters: int = Field(default=12, ge=2, description="values of Y: k-means clusters of the caption features")
    batches: tuple[int, ...] = Field(default=(128, 512), min_length=1, description="pairs n of a minibatch")
    repetitions: int = Field(default=2000, ge=20, description="minibatches that are drawn of each size")
    corpus: int = Field(default=4096, ge=32, description="pairs of a corpus that is weighted once, offline")
    corpora: int = Field(default=500, ge=20, description="such corpora")
    directions: int = Field(default=256, ge=1, description="random directions that the gradient is seen along")
    contrast_batch: int = Field(default=128, ge=4, description="pairs of a contrast matrix")
    contrasts: int = Field(default=200, ge=4, description="contrast matrices whose loss and gradient are measured")
    resamples: int = Field(default=1000, ge=100, description="bootstrap resamples of the minibatches, for intervals")
    seed: int = Field(default=0, ge=0, description="of heads, clusters, minibatches and directions")
