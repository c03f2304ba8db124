"""Which columns of which Parquet files are read."""

from typing import Annotated, Literal

from pydantic import Field

from storage.config import NotInKey
from storage.places.place import Place
from tasks.ingest.tables.config import TableRules


class HuggingFaceParquetConfig(TableRules):
    """Parquet in Hugging Face's convention: images as a struct of bytes and path, bare bytes, or paths."""

    kind: Literal["huggingface_parquet"] = "huggingface_parquet"
    pattern: str = Field(default="**/*.parquet", min_length=1, description="which files of the folder")
    images: Annotated[Place | None, NotInKey()] = Field(
        default=None, description="the folder that image paths start from, for rows that hold no bytes"
    )
