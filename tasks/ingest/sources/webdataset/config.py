"""Which tars are read, and which members of a sample mean what."""

from typing import Annotated, Literal

from pydantic import Field, field_validator

from storage.config import NotInKey
from storage.places.place import Place
from tasks.ingest.rules import CarryingRules

FIELD = "json."
"""`json.<field>` names a field of a sample's `.json`; anything else is an extension."""


class WebdatasetConfig(CarryingRules):
    """WebDataset tars, img2dataset's among them: members that share a key, one after the other, are a sample.

    What rows carry (`scores`, `keep`, `concepts`) are columns of the table beside a tar, or fields of `.json`.
    """

    kind: Literal["webdataset"] = "webdataset"
    name: str = Field(min_length=1, description="the source's name; part of every row's id")
    path: Annotated[Place, NotInKey()] = Field(
        description="a tar, a folder of them, or several by pattern (`data/{00000..00041}.tar`, `data/*.tar`): "
        "paths or URLs"
    )
    pattern: str = Field(default="**/*.tar", min_length=1, description="which files of the folder")
    caption: str | None = Field(
        default="txt",
        min_length=1,
        description="where the caption stands: an extension, or `json.FIELD` (a list there: several captions an "
        "image); null: images alone, with empty captions",
    )
    lines: bool = Field(
        default=False, description="every line of the caption's member is a caption; blank ones are not"
    )
    image: tuple[str, ...] | None = Field(
        default=("jpg", "jpeg", "png", "webp", "gif", "bmp", "tif", "tiff"),
        min_length=1,
        description="extensions of images, the first that a sample has is taken; null: captions alone",
    )
    label: str | None = Field(
        default=None, min_length=1, description="integer class labels: an extension (`cls`), or `json.FIELD`"
    )
    key: str | None = Field(
        default=None,
        min_length=1,
        description="the source's own key: `json.FIELD` such as `json.uid`, or `sample` for the sample's key where "
        "those of all tars are different; null: the tar's name and the sample's key",
    )
    table: Literal["auto", "img2dataset", "none"] = Field(
        default="auto",
        description="the Parquet file beside a tar, with `key` and `status`: img2dataset: needed; auto: used where "
        "there is one; none: not looked at",
    )
    class_names: tuple[str, ...] = Field(default=(), description="names of the labels 0, 1, …")

    @field_validator("key")
    @classmethod
    def _is_key(cls, key: str | None) -> str | None:
        if key is not None and key != "sample" and not key.startswith(FIELD):
            raise ValueError(f"key must be `sample` or `json.<field>`, not {key!r}")
        return key

    @field_validator("concepts", "concept_scores")
    @classmethod
    def _names_a_field(cls, name: str | None) -> str | None:
        return None if name is None else name.removeprefix(FIELD)

    @field_validator("scores", "keep")
    @classmethod
    def _name_fields(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        return tuple(name.removeprefix(FIELD) for name in names)

    @field_validator("caption", "label")
    @classmethod
    def _names_a_member(cls, name: str | None) -> str | None:
        return None if name is None else name.removeprefix(".")

    @property
    def pictured(self) -> bool:
        """Whether its rows have images."""
        return self.image is not None

    @property
    def captioned(self) -> bool:
        """Whether its rows have captions."""
        return self.caption is not None

    @property
    def carried_fields(self) -> tuple[str, ...]:
        """The fields of `.json`, or columns beside, that rows carry."""
        concepts = (name for name in (self.concepts, self.concept_scores) if name is not None)
        return tuple(dict.fromkeys((*self.scores, *self.keep, *concepts)))

    @property
    def fields(self) -> tuple[str, ...]:
        """The fields of `.json` that are read."""
        named = (self.caption, self.label, self.key)
        return tuple(name.removeprefix(FIELD) for name in named if name is not None and name.startswith(FIELD))
