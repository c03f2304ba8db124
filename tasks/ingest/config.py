"""What to ingest and by which rules: one configuration per kind of source, told apart by `kind`."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field

from tasks.ingest.recognition.auto import of_a_kind
from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tasks.ingest.sources.datacomp.config import DataCompConfig
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.imagefolder.config import ImageFolderConfig
from tasks.ingest.sources.imagenet_captions.config import ImageNetCaptionsConfig
from tasks.ingest.sources.jsonl.config import JsonLinesConfig
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.sidecar.config import SidecarConfig
from tasks.ingest.sources.table.config import TableConfig
from tasks.ingest.sources.webdataset.config import WebdatasetConfig

SourceConfig = Annotated[
    ScenesConfig
    | HuggingFaceParquetConfig
    | TableConfig
    | JsonLinesConfig
    | ImageFolderConfig
    | SidecarConfig
    | BalanceCsvConfig
    | ImageNetCaptionsConfig
    | WebdatasetConfig
    | DataCompConfig,
    Field(discriminator="kind"),
    BeforeValidator(of_a_kind),
]
"""Any source, told apart by `kind`. A new kind also needs its line in `kinds.py`."""

_PLACE = ("path", "pattern", "split", "subset")
"""The fields that say which files a source reads, of the kinds that have them."""


def different(sources: tuple[SourceConfig, ...]) -> tuple[SourceConfig, ...]:
    """Sources that no row's id can come from twice by their configuration alone.

    Raises `ValueError` where two read the same files under one name, which is a part of ids.
    """
    seen: dict[tuple[str, ...], int] = {}
    for index, source in enumerate(sources):
        fields = [getattr(source, field, None) for field in _PLACE]
        read = [str(value.absolute() if isinstance(value, Path) else value) for value in fields]
        earlier = seen.setdefault((source.kind, source.name, *read), index)
        if earlier != index:
            raise ValueError(
                f"[{earlier}] and [{index}] read the same rows under one name, {source.name!r}, so that every id would "
                "be there twice; drop one, or give it another `name`"
            )
    return sources


Sources = Annotated[tuple[SourceConfig, ...], AfterValidator(different)]
"""Sources that are read together."""
