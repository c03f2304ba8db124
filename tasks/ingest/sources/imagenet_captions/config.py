"""Which list of captions is read, and where its images lie."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import NotInKey
from storage.places.place import Place
from tasks.ingest.rules import FileRules


class ImageNetCaptionsConfig(FileRules):
    """ImageNet-Captions: a JSON list of `{filename, wnid, title, description, tags}` beside an ImageNet tree."""

    kind: Literal["imagenet_captions"] = "imagenet_captions"
    name: str = Field(min_length=1, description="the source's name; part of every row's id")
    path: Annotated[Place, NotInKey()] = Field(description="the JSON file")
    image_folder: Annotated[Place | None, NotInKey()] = Field(
        default=None,
        description="the folder that holds WNID/FILENAME (ImageNet's train/); null: captions alone",
    )
    captions: tuple[Literal["title", "description", "tags"], ...] = Field(
        default=("title", "description", "tags"),
        min_length=1,
        description="the fields that make the caption, in order, joined by one space; empty ones are left out",
    )

    @property
    def pictured(self) -> bool:
        """Whether its rows have images."""
        return self.image_folder is not None
