"""A folder of images with a table of metadata in it."""

from typing import Literal

from pydantic import Field

from tasks.ingest.tables.config import TableRules


class ImageFolderConfig(TableRules):
    """Hugging Face's imagefolder: images, and `metadata.csv`, `.jsonl` or `.parquet` beside them with `file_name`.

    Each metadata file speaks of the images in its own folder; folders may be named for splits.
    """

    kind: Literal["imagefolder"] = "imagefolder"
    pattern: str = Field(default="**/metadata.*", min_length=1, description="which files hold metadata")
    caption_column: str | None = Field(
        default="text", description="text, or a list of texts (several captions an image); null: images alone"
    )
    image_column: Literal["file_name"] = Field(
        default="file_name", description="the image's path, from the folder of its metadata"
    )
