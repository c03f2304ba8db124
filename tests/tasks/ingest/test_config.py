"""Every kind of source is on the page that says what to write for it."""

import re
from typing import get_args

import pytest
import yaml
from pydantic import TypeAdapter, ValidationError

from tasks.ingest.config import SourceConfig, Sources
from tests.paths import ROOT


def test_every_source_has_its_line_on_the_page_about_data() -> None:
    page = (ROOT / "docs" / "how-to" / "data.md").read_text(encoding="utf-8").partition("## The keyword list")[0]
    shown = [yaml.safe_load(text) for text in re.findall(r"`(\{kind: [^`]*\})`", page)]
    adapter: TypeAdapter[SourceConfig] = TypeAdapter(SourceConfig)
    read = [adapter.validate_python(source).kind for source in shown if source["kind"] != "auto"]
    assert len(read) == len(shown) - 1
    assert set(read) == {config.model_fields["kind"].default for config in get_args(get_args(SourceConfig)[0])}


TABLE = {"kind": "table", "name": "a", "path": "x/rows.csv"}
SUBSET = {"kind": "datacomp", "name": "a", "path": "x", "subset": "one.npy"}


@pytest.mark.parametrize(
    ("first", "second", "one"),
    [
        (TABLE, TABLE, True),
        (TABLE, TABLE | {"path": "./x/rows.csv", "caption_column": "text"}, True),
        (TABLE, TABLE | {"name": "b"}, False),
        (TABLE, TABLE | {"path": "x/more.csv"}, False),
        (TABLE, TABLE | {"split": "validation"}, False),
        (TABLE | {"path": "x"}, TABLE | {"path": "x", "pattern": "*.tsv"}, False),
        (TABLE | {"path": "memory://x/a"}, TABLE | {"path": "memory://x/a"}, True),
        (SUBSET, SUBSET, True),
        (SUBSET, SUBSET | {"subset": "two.npy"}, False),
        ({"kind": "scenes"}, {"kind": "scenes", "seed": 1}, True),
        ({"kind": "scenes"}, {"kind": "scenes", "name": "more"}, False),
    ],
)
def test_one_source_is_not_read_twice(first: dict[str, object], second: dict[str, object], one: bool) -> None:
    adapter: TypeAdapter[Sources] = TypeAdapter(Sources)
    other = {"kind": "scenes", "name": "other"}
    if not one:
        assert len(adapter.validate_python([first, other, second])) == 3
        return
    with pytest.raises(ValidationError, match=r"\[0\] and \[2\] read the same rows under one name"):
        adapter.validate_python([first, other, second])
