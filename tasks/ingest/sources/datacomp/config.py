"""DataComp's tables, which of their rows are taken, and where their images lie."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import NotInKey
from storage.places.place import Place
from tasks.ingest.rules import CarryingRules
from tasks.ingest.tables.columns import Columns, columns_of

TARS = "**/*.tar"
IMAGE_COLUMN = "image in the tars"


class DataCompConfig(CarryingRules):
    """DataComp: metadata in Parquet, a subset of uids in `.npy`, and img2dataset's tars with those uids in their JSON.

    A row's key is its uid. A uid that the subset holds k times makes k rows, `uid`, `uid#1`, …
    """

    kind: Literal["datacomp"] = "datacomp"
    name: str = Field(min_length=1, description="the source's name; part of every row's id")
    path: Annotated[Place, NotInKey()] = Field(
        description="the metadata: a Parquet file, a folder of them, or a pattern; a URL too"
    )
    pattern: str = Field(default="**/*.parquet", min_length=1, description="which files of the folder")
    subset: Annotated[Place | None, NotInKey()] = Field(
        default=None,
        description="the `.npy` of uids that are taken, as often as they stand in it; null: every row once",
    )
    tars: Annotated[Place | None, NotInKey()] = Field(
        default=None,
        description="img2dataset's tars with the images: a tar, a folder of them, or a pattern; samples are joined "
        "with rows on `uid` in their `.json`; null: captions alone",
    )
    caption_column: str | None = Field(
        default="text", description="text, or a list of texts (several captions an image); null: images alone"
    )
    uid_column: str = Field(default="uid", min_length=1, description="32 hexadecimal digits")
    image: tuple[str, ...] = Field(
        default=("jpg", "jpeg", "png", "webp"),
        min_length=1,
        description="extensions of images in the tars, the first that a sample has is taken",
    )

    @property
    def pictured(self) -> bool:
        """Whether its rows have images."""
        return self.tars is not None

    @property
    def captioned(self) -> bool:
        """Whether its rows have captions."""
        return self.caption_column is not None

    @property
    def columns_of_tables(self) -> Columns:
        """The columns that are read of the tables."""
        return columns_of(caption=self.caption_column, image=None, label=None, key=self.uid_column, carrying=self)

    @property
    def columns(self) -> Columns:
        """Those, and `IMAGE_COLUMN`, which is made while tables are joined with tars."""
        image = None if self.tars is None else IMAGE_COLUMN
        return columns_of(caption=self.caption_column, image=image, label=None, key=self.uid_column, carrying=self)
