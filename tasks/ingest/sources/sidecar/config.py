"""A folder of images, each with its captions in a text file beside it."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import NotInKey
from storage.places.place import Place
from tasks.ingest.rules import FileRules


class SidecarConfig(FileRules):
    """Images in a folder and the folders below, each with a text file of the same name: `a.jpg` and `a.txt`."""

    kind: Literal["sidecar"] = "sidecar"
    name: str = Field(min_length=1, description="the source's name; part of every row's id")
    path: Annotated[Place, NotInKey()] = Field(description="the folder")
    split: Literal["train", "validation", "test", "all"] | None = Field(
        default=None,
        description="which images are taken where folders are named for splits; null: train where there is more "
        "than one",
    )
    suffix: str = Field(default=".txt", pattern=r"^\.[\w.-]+$", description="what the text files' names end with")
    captions: Literal["file", "lines"] = Field(
        default="file", description="file: the whole text is one caption; lines: each line is a caption of its own"
    )
