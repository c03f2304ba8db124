"""Checks of the keyword list."""

import pytest

from tasks.matching.checks import JUDGES
from tasks.matching.stats import MetadataStats
from tests.tasks.judged import output, verdict


@pytest.mark.parametrize(("entries", "dead", "passed"), [(10, 2, True), (10, 3, False)])
def test_dead_keywords(entries: int, dead: int, passed: bool) -> None:
    stats = MetadataStats(entries=entries, dead=dead, duplicates=0, shadowed=0, sources={}, index_bytes=0)
    assert verdict(output("metadata", stats)) == {"matching.keywords": True, "matching.dead": passed}


def test_an_empty_list() -> None:
    stats = MetadataStats(entries=0, dead=0, duplicates=0, shadowed=0, sources={}, index_bytes=0)
    assert list(JUDGES) == ["metadata"] and verdict(output("metadata", stats)) == {"matching.keywords": False}
