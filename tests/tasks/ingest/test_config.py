"""Every kind of source is on the page that says what to write for it."""

import re
from typing import get_args

import yaml
from pydantic import TypeAdapter

from tasks.ingest.config import SourceConfig
from tests.paths import ROOT


def test_every_source_has_its_line_on_the_page_about_data() -> None:
    page = (ROOT / "docs" / "how-to" / "data.md").read_text(encoding="utf-8").partition("## The keyword list")[0]
    shown = [yaml.safe_load(text) for text in re.findall(r"`(\{kind: [^`]*\})`", page)]
    adapter: TypeAdapter[SourceConfig] = TypeAdapter(SourceConfig)
    read = [adapter.validate_python(source).kind for source in shown if source["kind"] != "auto"]
    assert len(read) == len(shown) - 1
    assert set(read) == {config.model_fields["kind"].default for config in get_args(get_args(SourceConfig)[0])}
