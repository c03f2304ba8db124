"""Every kind of source that a configuration may name has somebody who reads it, and its own configuration."""

from typing import get_args

from tasks.ingest.config import SourceConfig
from tasks.ingest.kinds import KINDS, source_of
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.scenes.read import SCENES


def test_the_table_has_each_kind_once() -> None:
    union, *_ = get_args(SourceConfig)
    kinds = [config.model_fields["kind"].default for config in get_args(union)]
    assert sorted(kinds) == sorted(KINDS) and len(set(kinds)) == len(kinds)
    assert source_of(ScenesConfig()) is SCENES
