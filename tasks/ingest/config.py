"""What to ingest and by which rules: one configuration per kind of source, told apart by `kind`."""

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from storage.config import Config, NotInKey

MAX_GROUPS = 32
"""Most task runs of a wide stage: more make an unreadable graph (see the design, section 2)."""


class Group(Config):
    """Which part of a source one task run reads.

    First the named files (none: the whole source), then slice `index` of `of` equal slices of their rows. Files are
    named, not counted, so that a new file leaves the groups of the others, and their cache keys, as they were.
    """

    files: tuple[str, ...] = Field(default=(), description="the group's files, relative to the source's path")
    index: int = Field(default=0, ge=0, description="which slice of the rows, from 0")
    of: int = Field(default=1, ge=1, le=MAX_GROUPS, description="into how many slices the rows are cut")

    @property
    def label(self) -> str:
        """A short name for task runs and logs, such as `train-0003.parquet` or `2/8`."""
        part = f"{self.index + 1}/{self.of}"
        if not self.files:
            return part
        name = self.files[0] if len(self.files) == 1 else f"{self.files[0]}…{self.files[-1]}"
        return name if self.of == 1 else f"{name} {part}"

    def rows(self, total: int) -> range:
        """The group's rows among `total`: `[⌊total·index/of⌋, ⌊total·(index+1)/of⌋)`."""
        return range(total * self.index // self.of, total * (self.index + 1) // self.of)


class SourceBase(Config):
    """What every source has: a name, and how many rows a task run reads."""

    rows_per_group: Annotated[int, NotInKey()] = Field(
        default=4_096,
        ge=1,
        description=f"rows that one task run aims to read; never more than {MAX_GROUPS} runs",
    )


class FileRules(SourceBase):
    """Rules for rows read from files: what is refused, and so ends in the rejected table with its reason."""

    missing_images: Literal["reject", "keep"] = Field(
        default="reject", description="a row whose image is absent: rejected, or kept with a null image"
    )
    verify_images: bool = Field(
        default=True, description="decode every image fully; false reads only the header (kind and size)"
    )
    max_pixels: int = Field(
        default=50_000_000,
        ge=1,
        le=178_956_970,
        description="larger images are rejected before they are decoded (decompression bombs)",
    )
    max_image_bytes: int = Field(
        default=64 << 20, ge=1, le=1 << 30, description="larger image files are rejected before they are read"
    )
    max_caption_characters: int = Field(default=10_000, ge=1, description="longer captions are rejected")


class ScenesConfig(SourceBase):
    """Generated captioned pictures of coloured shapes; needs no files."""

    kind: Literal["scenes"] = "scenes"
    name: str = Field(default="scenes", min_length=1, description="the source's name; part of every row's id")
    rows_per_group: Annotated[int, NotInKey()] = Field(
        default=1_000, ge=1, description="rows that one task run draws (several groups, as a real source has)"
    )
    rows: int = Field(default=4_000, ge=1, le=10_000_000, description="training pairs")
    test_images: int = Field(default=1_024, ge=64, le=100_000, description="images of the uniform test set")
    seed: int = Field(default=0, ge=0, description="row i depends on the seed and on i alone")
    image_size: int = Field(default=32, ge=16, le=256, description="side of the square pictures, in pixels")
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
    two_objects: float = Field(default=0.12, ge=0.0, le=1.0, description="share of pictures with a second object")
    repeats: float = Field(
        default=0.0,
        ge=0.0,
        le=0.5,
        description="share of rows with an earlier row's picture: the same pair, or saved again with its own caption",
    )
    leaks: float = Field(default=0.0, ge=0.0, le=0.5, description="share of rows that show a picture of the test set")


class HuggingFaceParquetConfig(FileRules):
    """Parquet in Hugging Face's convention: images as `struct<bytes, path>`, bare bytes, or paths."""

    kind: Literal["huggingface_parquet"] = "huggingface_parquet"
    name: str = Field(min_length=1, description="the source's name; part of every row's id")
    path: Annotated[Path, NotInKey()] = Field(description="a Parquet file, or a folder of them")
    pattern: str = Field(default="**/*.parquet", min_length=1, description="which files of the folder")
    caption_column: str | None = Field(
        default="caption",
        description="text, or a list of texts (several captions an image); null: pictures alone, with empty captions",
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
    images: Annotated[Path | None, NotInKey()] = Field(
        default=None, description="the folder that image paths start from, for rows that hold no bytes"
    )


class BalanceCsvConfig(FileRules):
    """The Benefits-of-Balance table of Flickr titles, `title<TAB>filepath`, with its images."""

    kind: Literal["balance_csv"] = "balance_csv"
    name: str = Field(min_length=1, description="the source's name; part of every row's id")
    path: Annotated[Path, NotInKey()] = Field(description="the table")
    images: Literal["flickr", "class", "none"] = Field(
        default="flickr",
        description="flickr: <folder>/<wnid>/<flickr id>.jpg, the title's own photo; class: any image of "
        "<folder>/<wnid>/ stands in for it; none: titles alone",
    )
    image_folder: Annotated[Path | None, NotInKey()] = Field(
        default=None, description="the folder that holds <wnid>/; needed unless `images` is none"
    )
    quotes: Literal["raw", "csv"] = Field(
        default="raw",
        description="raw: quotes stay as in the file; csv: quoted fields are unquoted (RFC 4180)",
    )


class ImageNetCaptionsConfig(FileRules):
    """ImageNet-Captions: a JSON list of `{filename, wnid, title, description, tags}` beside an ImageNet tree."""

    kind: Literal["imagenet_captions"] = "imagenet_captions"
    name: str = Field(min_length=1, description="the source's name; part of every row's id")
    path: Annotated[Path, NotInKey()] = Field(description="the JSON file")
    image_folder: Annotated[Path | None, NotInKey()] = Field(
        default=None,
        description="the folder that holds <wnid>/<filename> (ImageNet's train/); null: captions alone",
    )
    captions: tuple[Literal["title", "description", "tags"], ...] = Field(
        default=("title", "description", "tags"),
        min_length=1,
        description="the fields that make the caption, in order, joined by one space; empty ones are left out",
    )


SourceConfig = Annotated[
    ScenesConfig | HuggingFaceParquetConfig | BalanceCsvConfig | ImageNetCaptionsConfig,
    Field(discriminator="kind"),
]
"""Any source, told apart by `kind`."""
