"""Which points are moved and measured."""

from typing import Annotated

from pydantic import Field

from tasks.studies.config import StudyConfig

Share = Annotated[float, Field(ge=0, lt=1)]


class PointsConfig(StudyConfig):
    """Sizes and steps of every part."""

    steps: int = Field(default=1200, ge=1, description="of the descents of few points")
    sphere_points: int = Field(default=256, ge=8, description="points in three dimensions, and on the circle")
    sphere_steps: int = Field(default=1200, ge=1, description="of those descents")
    collapsed_points: int = Field(default=256, ge=8, description="points, and dimensions, all but collapsed to one")
    large_points: int = Field(default=1024, ge=8, description="points, and dimensions, of the large descent")
    large_steps: int = Field(default=400, ge=1, description="of that descent")
    peers_points: int = Field(
        default=128, ge=8, description="points, and dimensions, moved by each regulariser in turn"
    )
    peers_steps: int = Field(default=1500, ge=1, description="of those descents")
    gaussian_points: int = Field(
        default=10_000, ge=16, description="points with zeroed coordinates (the paper: 10,000)"
    )
    gaussian_dimension: int = Field(default=1024, ge=2, description="their dimension (the paper: 1,024)")
    zeroed: tuple[Share, ...] = Field(
        default=(0.0, 0.25, 0.5, 0.75, 0.9, 0.95, 0.99), min_length=1, description="shares of zeroed coordinates"
    )
    draws: int = Field(default=3, ge=1, description="Gaussian draws of those")
    seed: int = Field(default=0, ge=0, description="of all starts")
