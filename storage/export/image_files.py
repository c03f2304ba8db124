"""Images as files, for forms that name them by path."""

from pathlib import Path, PurePosixPath

from storage.export.samples import Sample
from storage.tables.ids import spelled_id


def image_name(sample: Sample) -> str:
    """`images/<xx>/<id>.jpg|png|webp`, from the row's id and never from its source."""
    name = spelled_id(sample.id)
    return str(PurePosixPath("images", name[:2], f"{name}.{sample.extension}"))


def write_image(directory: Path, sample: Sample) -> str:
    """Write the bytes as they are below `directory`, and return their name there."""
    name = image_name(sample)
    (directory / name).parent.mkdir(parents=True, exist_ok=True)
    (directory / name).write_bytes(sample.image)
    return name
