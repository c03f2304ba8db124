"""How many scenes are generated, and how they are captioned."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import NotInKey
from tasks.ingest.rules import SourceRules


class ScenesConfig(SourceRules):
    """Generated captioned images of coloured shapes; needs no files."""

    kind: Literal["scenes"] = "scenes"
    name: str = Field(default="scenes", min_length=1, description="the source's name; part of every row's id")
    rows_per_group: Annotated[int, NotInKey()] = Field(
        default=1_000, ge=1, description="rows that one task run draws (several groups, as a real source has)"
    )
    rows: int = Field(default=4_000, ge=1, le=10_000_000, description="training pairs")
    test_images: int = Field(default=1_024, ge=64, le=100_000, description="images of the uniform test set")
    seed: int = Field(default=0, ge=0, description="row i depends on the seed and on i alone")
    image_size: int = Field(default=32, ge=16, le=256, description="side of the square images, in pixels")
    exponent: float = Field(
        default=1.3,
        ge=0.0,
        le=4.0,
        description="Zipf exponent of the concepts: p of the r-th ∝ r^(−exponent)",
    )
    wrong_captions: float = Field(default=0.05, ge=0.0, le=1.0, description="share that names another concept")
    nameless_captions: float = Field(
        default=0.08,
        ge=0.0,
        le=1.0,
        description="share that names no concept (camera file names and the like)",
    )
    partial_captions: float = Field(
        default=0.25,
        ge=0.0,
        le=1.0,
        description="share of the others that names only the shape or only the colour",
    )
    two_objects: float = Field(default=0.12, ge=0.0, le=1.0, description="share of images with a second object")
    repeats: float = Field(
        default=0.0,
        ge=0.0,
        le=0.5,
        description="share of rows with an earlier row's image: the same pair, or saved again with its own caption",
    )
    leaks: float = Field(default=0.0, ge=0.0, le=0.5, description="share of rows that show an image of the test set")
