"""Which source answers for which configuration: the one table of all kinds."""

from types import MappingProxyType
from typing import Any

from tasks.ingest.config import SourceConfig
from tasks.ingest.sources.balance_csv.source import BALANCE_CSV
from tasks.ingest.sources.datacomp.source import DATACOMP
from tasks.ingest.sources.huggingface.source import HUGGINGFACE_PARQUET
from tasks.ingest.sources.imagefolder.source import IMAGE_FOLDER
from tasks.ingest.sources.imagenet_captions.read import IMAGENET_CAPTIONS
from tasks.ingest.sources.jsonl.source import JSON_LINES
from tasks.ingest.sources.scenes.read import SCENES
from tasks.ingest.sources.sidecar.read import SIDECAR
from tasks.ingest.sources.source import Source
from tasks.ingest.sources.table.source import TABLE
from tasks.ingest.sources.webdataset.source import WEBDATASET

KINDS: MappingProxyType[str, Source[Any]] = MappingProxyType(
    {
        "scenes": SCENES,
        "huggingface_parquet": HUGGINGFACE_PARQUET,
        "table": TABLE,
        "jsonl": JSON_LINES,
        "imagefolder": IMAGE_FOLDER,
        "sidecar": SIDECAR,
        "balance_csv": BALANCE_CSV,
        "imagenet_captions": IMAGENET_CAPTIONS,
        "webdataset": WEBDATASET,
        "datacomp": DATACOMP,
    }
)
"""By the configuration's `kind`. `Any`: each source takes its own configuration, and `kind` says which."""


def source_of(config: SourceConfig) -> Source[Any]:
    """The source that reads a configuration."""
    return KINDS[config.kind]
