"""What the README says to write for a source is a source."""

import re
from typing import get_args

import yaml
from pydantic import TypeAdapter

from tasks.ingest.config import SourceConfig
from tests.paths import ROOT


def test_every_source_that_the_readme_shows_is_one() -> None:
    shown = re.findall(r"`(\{kind: [^`]*\})`", (ROOT / "README.md").read_text(encoding="utf-8"))
    adapter: TypeAdapter[SourceConfig] = TypeAdapter(SourceConfig)
    sources = [yaml.safe_load(text) for text in shown]
    read = [adapter.validate_python(source).kind for source in sources if source["kind"] != "auto"]
    assert len(read) == len(sources) - 1 and set(read) == {
        "table", "jsonl", "huggingface_parquet", "webdataset", "imagefolder", "sidecar",
    }  # fmt: skip
    assert set(read) < {config.model_fields["kind"].default for config in get_args(get_args(SourceConfig)[0])}
