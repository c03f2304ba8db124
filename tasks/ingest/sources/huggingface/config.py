"""Which columns of which Parquet files are read."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import NotInKey
from storage.places.place import Place
from tasks.ingest.rules import ScoredRules


class HuggingFaceParquetConfig(ScoredRules):
    """Parquet in Hugging Face's convention: images as a struct of bytes and path, bare bytes, or paths."""

    kind: Literal["huggingface_parquet"] = "huggingface_parquet"
    name: str = Field(min_length=1, description="the source's name; part of every row's id")
    path: Annotated[Place, NotInKey()] = Field(description="a Parquet file, or a folder of them: a path or a URL")
    pattern: str = Field(default="**/*.parquet", min_length=1, description="which files of the folder")
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
    images: Annotated[Place | None, NotInKey()] = Field(
        default=None, description="the folder that image paths start from, for rows that hold no bytes"
    )
