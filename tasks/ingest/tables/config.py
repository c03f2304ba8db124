"""What every source that is a table of files says: where it lies, which split, and which columns."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import NotInKey
from storage.places.place import Place
from tasks.ingest.rules import CarryingRules
from tasks.ingest.tables.columns import Columns, columns_of


class TableRules(CarryingRules):
    """A table in one file or several: captions, and perhaps images, labels, keys and scores, by columns."""

    name: str = Field(min_length=1, description="the source's name; part of every row's id")
    path: Annotated[Place, NotInKey()] = Field(
        description="a file, a folder of files, or a pattern of files such as data/part-*.parquet; a URL too"
    )
    pattern: str = Field(default="**/*", min_length=1, description="which files of the folder")
    split: Literal["train", "validation", "test", "all"] | None = Field(
        default=None,
        description="which files are taken where their names say a split; null: train where there is more than one",
    )
    caption_column: str | None = Field(
        default="caption",
        description="text, or a list of texts (several captions an image); null: images alone, with empty captions",
    )
    image_column: str | None = Field(default="image", description="null: captions alone")
    label_column: str | None = Field(default=None, description="integer class labels")
    key_column: str | None = Field(
        default=None, description="the source's own key; null: the file's name and the row's number in it"
    )
    class_names: tuple[str, ...] = Field(
        default=(),
        description="names of the labels 0, 1, …; empty: as the file's metadata names them, if it does",
    )

    @property
    def pictured(self) -> bool:
        """Whether its rows have images."""
        return self.image_column is not None

    @property
    def captioned(self) -> bool:
        """Whether its rows have captions."""
        return self.caption_column is not None

    @property
    def columns(self) -> Columns:
        """The columns that are read."""
        return columns_of(
            caption=self.caption_column,
            image=self.image_column,
            label=self.label_column,
            key=self.key_column,
            carrying=self,
        )


class TextTableRules(TableRules):
    """A table whose images are files beside it."""

    image_folder: Annotated[Place | None, NotInKey()] = Field(
        default=None, description="the folder that image paths start from; null: the folder of the table"
    )
