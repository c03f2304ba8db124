"""What to ingest and by which rules: one configuration per kind of source, told apart by `kind`."""

from typing import Annotated

from pydantic import Field

from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.imagenet_captions.config import ImageNetCaptionsConfig
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.webdataset.config import WebdatasetConfig

SourceConfig = Annotated[
    ScenesConfig | HuggingFaceParquetConfig | BalanceCsvConfig | ImageNetCaptionsConfig | WebdatasetConfig,
    Field(discriminator="kind"),
]
"""Any source, told apart by `kind`. A new kind also needs its line in `kinds.py`."""
