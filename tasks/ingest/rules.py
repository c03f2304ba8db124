"""What every source shares: its groups of rows, and which rows from files are refused."""

from collections.abc import Sequence
from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from storage.config import Config, NotInKey
from storage.tables.schemas import Carried

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


def slices(rows: int, rows_per_group: int) -> tuple[Group, ...]:
    """Equal slices of the rows of a source, each of about `rows_per_group`, and at most `MAX_GROUPS`."""
    of = min(MAX_GROUPS, max(1, -(-rows // rows_per_group)))
    return tuple(Group(index=index, of=of) for index in range(of))


def blocks(names: Sequence[str]) -> tuple[Group, ...]:
    """One group a file, so that a new file costs only itself.

    Beyond `MAX_GROUPS` files: blocks of 2, 4, 8, … consecutive files, so that a file added at the end still touches
    only the last block until the blocks double.
    """
    block = 1
    while -(-len(names) // block) > MAX_GROUPS:
        block *= 2
    return tuple(Group(files=tuple(names[start : start + block])) for start in range(0, len(names), block))


IMAGES_PER_GROUP = 4_096
TEXTS_PER_GROUP = 1 << 18


class SourceRules(Config):
    """What every source can say of its rows."""

    @property
    def pictured(self) -> bool:
        """Whether its rows have images."""
        return True

    @property
    def captioned(self) -> bool:
        """Whether its rows have captions."""
        return True


class FileRules(SourceRules):
    """Rules for rows read from files: what is refused, and so ends in the rejected table with its reason."""

    rows_per_group: Annotated[int | None, NotInKey()] = Field(
        default=None,
        ge=1,
        description=f"rows that one task run aims to read, never more than {MAX_GROUPS} runs; null: "
        f"{IMAGES_PER_GROUP:,}, or {TEXTS_PER_GROUP:,} of captions without images",
    )
    missing_images: Literal["reject", "keep"] = Field(
        default="reject", description="a row whose image is absent: rejected, or kept with a null image"
    )
    verify: Literal["none", "header", "decode"] = Field(
        default="decode",
        description="decode: every image is decoded, so that broken ones are rejected here; header: kind and size are "
        "read; none: bytes are taken as they are",
    )
    image_content: Literal["embed", "keep"] = Field(
        default="embed",
        description="embed: the image files' bytes are copied into the pairs, as they are; keep: pairs name each file "
        "and its content's hash, and it is read where it lies whenever it is needed",
    )
    max_pixels: int = Field(
        default=50_000_000,
        ge=1,
        le=178_956_970,
        description="larger images are rejected before they are decoded (decompression bombs)",
    )
    max_aspect_ratio: float = Field(
        default=100.0,
        ge=1,
        le=10_000,
        description="images longer than this many times their width are rejected, and wider ones: where the shorter "
        "side is resized to a model's, a strip of 1 × 10,000 takes gigabytes",
    )
    max_image_bytes: int = Field(
        default=64 << 20, ge=1, le=1 << 30, description="larger image files are rejected before they are read"
    )
    max_caption_characters: int = Field(default=10_000, ge=1, description="longer captions are rejected")
    links_to: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(),
        description="folders outside the source's own that symbolic links in it may lead into, such as another disk; "
        "links to anywhere else are not followed",
    )

    @model_validator(mode="before")
    @classmethod
    def _former_name(cls, values: Any) -> Any:  # noqa: ANN401  whatever was given
        """`verify_images: true | false`, as configurations before `verify` have it."""
        if not isinstance(values, dict) or "verify_images" not in values:
            return values
        if "verify" in values or not isinstance(values["verify_images"], bool):
            raise ValueError("verify_images is now `verify: none | header | decode`; give that alone")
        rest = {name: value for name, value in values.items() if name != "verify_images"}
        return rest | {"verify": "decode" if values["verify_images"] else "header"}

    def rows_a_run(self, *, images: bool) -> int:
        """How many rows a task run aims to read."""
        return self.rows_per_group or (IMAGES_PER_GROUP if images else TEXTS_PER_GROUP)


class CarryingRules(FileRules):
    """Rules for rows that may carry more than a pair has."""

    scores: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(),
        description="columns of numbers that are carried along with every row, such as a similarity or an aesthetic "
        "score; screening can filter by them",
    )
    keep: tuple[Annotated[str, Field(min_length=1)], ...] = Field(
        default=(),
        description="further columns that are carried along with every row and go out again with exports, as texts: "
        "url, licence, sha256, …",
    )
    concepts: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="the column of what was detected in each picture, carried along for `matching: {kind: concepts}`: "
        "lists of labels, lists of structs with label and score, or JSON texts of such",
    )
    concept_scores: Annotated[str, Field(min_length=1)] | None = Field(
        default=None,
        description="the column of the labels' scores, where those stand in lists of their own beside the labels",
    )

    @field_validator("scores", "keep")
    @classmethod
    def _each_once(cls, names: tuple[str, ...]) -> tuple[str, ...]:
        if twice := [name for name in names if names.count(name) > 1]:
            raise ValueError(f"{twice[0]!r} is named twice")
        return names

    @model_validator(mode="after")
    def _scores_of_something(self) -> Self:
        if self.concept_scores is not None and self.concepts is None:
            raise ValueError("concept_scores are the scores of `concepts`: name their column too")
        return self

    @property
    def carried(self) -> Carried:
        """What rows carry."""
        return Carried(frozenset(self.scores), frozenset(self.keep), self.concepts is not None)
