"""What ignoring case would win back, counted by hand."""

from pathlib import Path

import pyarrow as pa

from tasks.reporting.sections.balancing.unmatched import FoldedCase, folded_case, read_folded_case
from tests.tasks.reporting.conftest import Inputs


def test_captions_that_fail_by_case_alone_are_counted() -> None:
    captions = pa.chunked_array([["A RED DISC", "Red disc!"], ["IMG_2206.jpg", "reddish discs"]], pa.large_string())
    assert folded_case(captions, ["red", "disc"]) == FoldedCase(looked=4, won=2)
    assert folded_case(captions, ["rED"]) == FoldedCase(looked=4, won=2)
    assert folded_case(captions.slice(0, 0), ["red"]) is None and folded_case(captions, []) is None


def test_the_captions_of_a_run_without_keyword_are_looked_at(inputs: Inputs, tmp_path: Path) -> None:
    """Four of forty captions match nothing; case is not why."""
    work = inputs.workspace(tmp_path)
    assert read_folded_case(inputs.entries, inputs.pairs, inputs.matches, work) == FoldedCase(looked=4, won=0)
