"""What to ingest and by which rules: one configuration per kind of source, told apart by `kind`."""

from typing import Annotated

from pydantic import BeforeValidator, Field

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
