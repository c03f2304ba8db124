"""Which parts of a configuration are paths that must be there."""

from pathlib import Path

from flows.config.pipeline import load_config
from flows.preflight.named_files import paths


def test_patterns_results_and_urls_are_no_paths_that_must_be_there(small: Path) -> None:
    assert dict(paths(load_config(small))) == {}
