"""How frozen features are evaluated."""

from typing import Annotated

from pydantic import Field

from storage.config import Config, NotInKey


class ProbeConfig(Config):
    """A linear classifier with an L2 penalty, chosen on a part of the training set, and k nearest neighbours."""

    penalties: tuple[Annotated[float, Field(gt=0)], ...] = Field(
        default=(1e-1, 1e-2, 1e-3, 1e-4, 1e-5),
        min_length=1,
        description="α of `mean cross-entropy + α/2 ‖W‖²` on standardised features; the best on the held-out part is "
        "taken. scikit-learn's C is 1 / (α n)",
    )
    held_out: float = Field(
        default=0.2, gt=0, lt=1, description="share of the training rows, drawn by hash, that chooses the penalty"
    )
    tolerance: float = Field(
        default=1e-4, gt=0, description="largest component of the gradient at which a fit has converged"
    )
    iterations: int = Field(default=1_000, ge=1, description="most iterations of L-BFGS in one fit")
    neighbours: int = Field(default=20, ge=1, description="k of the nearest neighbours that vote, by cosine")
    temperature: float = Field(default=0.07, gt=0, description="a neighbour of cosine s has the vote exp(s / this)")
    resamples: int = Field(default=2000, ge=100, description="bootstrap resamples of the test images")
    confidence: float = Field(default=0.95, gt=0.0, lt=1.0, description="coverage that the intervals aim at")
    seed: int = Field(default=0, ge=0, description="of the held-out part and of the bootstrap")
    threads: int = Field(default=1, ge=1, description="processor threads; in the key, because sums round differently")
    batch_size: Annotated[int, NotInKey()] = Field(default=512, ge=1, description="images encoded at a time")
