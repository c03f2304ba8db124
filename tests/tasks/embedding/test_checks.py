"""Checks of embeddings."""

import pytest

from tasks.embedding.checks import JUDGES
from tasks.embedding.stats import EmbedStats
from tests.tasks.judged import output, verdict


@pytest.mark.parametrize(("rows", "rejected", "found"), [
    (90, 10, {"embedding.rejected": True}), (89, 11, {"embedding.rejected": False}), (0, 0, {}),
])  # fmt: skip
def test_rows_without_a_vector(rows: int, rejected: int, found: dict[str, bool]) -> None:
    stats = EmbedStats(rows=rows, rejected=rejected, reasons={}, dimension=2, dimensions={}, images_per_second=None,
                       rows_per_second=None, device="cpu")  # fmt: skip
    assert verdict(output("embed", stats)) == found and list(JUDGES) == ["embed"]
