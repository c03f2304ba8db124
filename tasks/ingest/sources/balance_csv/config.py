"""Which table of titles is read, and where its images lie."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import NotInKey
from storage.places.place import Place
from tasks.ingest.rules import FileRules


class BalanceCsvConfig(FileRules):
    """The Benefits-of-Balance table of Flickr titles, `title`, a tab, `filepath`, with its images."""

    kind: Literal["balance_csv"] = "balance_csv"
    name: str = Field(min_length=1, description="the source's name; part of every row's id")
    path: Annotated[Place, NotInKey()] = Field(description="the table")
    images: Literal["flickr", "class", "none"] = Field(
        default="flickr",
        description="flickr: FOLDER/WNID/FLICKR_ID.jpg, the title's own photo; class: any image of "
        "FOLDER/WNID/ stands in for it; none: titles alone",
    )
    image_folder: Annotated[Place | None, NotInKey()] = Field(
        default=None, description="the folder that holds WNID/; needed unless `images` is none"
    )
    quotes: Literal["raw", "csv"] = Field(
        default="raw",
        description="raw: quotes stay as in the file; csv: quoted fields are unquoted (RFC 4180)",
    )

    @property
    def pictured(self) -> bool:
        """Whether its rows have images."""
        return self.images != "none"
