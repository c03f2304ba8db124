"""Trees, diversity and density in words and figures; groups and leaks chosen for the eye."""

from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import polars as pl
import pytest

from storage.tables.shards import write_table
from tasks.reporting.page.svg import drawing, to_svg
from tasks.reporting.sections.concept_density import density, density_figure
from tasks.reporting.sections.geometry import diversity_figure, edges_figure, geometry_row
from tasks.reporting.sections.screening import around, show_groups
from tests.tasks.reporting.conftest import KEYWORDS, pairs_table


def spread(mean: float, error: float) -> dict[str, float]:
    return {"mean_edge": mean, "standard_error": error, "repeated": 0.0, "size": 64, "draws": 8}


def test_the_gain_and_its_interval_have_their_closed_form() -> None:
    row = geometry_row("balanced", {"diversity": {"all": spread(0.5, 0.01), "measured": spread(0.6, 0.012)}})
    assert row.gain is not None
    value, low, high = row.gain
    assert value == pytest.approx(0.2)
    assert (high - low) / 2 == pytest.approx(1.96 * 1.2 * np.hypot(0.02, 0.02))
    same = {"all": spread(0.5, 0.01), "measured": spread(0.5, 0.01)}
    assert geometry_row("original", {"diversity": same}).gain is None  # nothing was selected
    assert geometry_row("bare", {}).gain is None and geometry_row("bare", {}).exact is None


def test_edges_are_drawn_with_their_cut() -> None:
    with drawing():
        figure = edges_figure({"all pairs": np.r_[np.zeros(50), np.linspace(0.1, 1, 50)]}, 0.05)
        assert figure is not None
        svg = to_svg(figure)
    ElementTree.fromstring(svg)
    assert "cut at 0.05" in svg
    assert edges_figure({"all pairs": np.zeros(4)}) is None and edges_figure({}) is None
    assert diversity_figure([geometry_row("original", {})]) is None


def test_densities_are_told_as_distances_over_the_median() -> None:
    """log density −d · log(r / median) with d = 2: 2 log 2 is half the median distance; 0 is a repeated picture."""
    table = pl.DataFrame(
        {
            "entry": [0, 1, 2, 3],
            "rows": [9, 8, 7, 6],
            "median_radius": [0.5, 0.25, 1.0, 0.0],
            "relative_log_density": [0.0, 2 * np.log(2), -2 * np.log(2), None],
        }
    )
    found = density({"original": table}, {"original": 2.0}, KEYWORDS, shown=1, neighbours=16)
    assert found is not None and found.measured == 4
    assert [each.text for each in found.densest] == [KEYWORDS[3]] and found.densest[0].relative["original"] == 0
    assert found.sparsest[0].relative["original"] == pytest.approx(2.0)
    whole = density({"original": table}, {"original": 2.0}, KEYWORDS, shown=5)
    assert whole is not None and not whole.sparsest
    assert whole.densest[1].relative["original"] == pytest.approx(0.5)
    with drawing():
        text = "".join(ElementTree.fromstring(to_svg(density_figure(whole))).itertext())
    assert KEYWORDS[3] in text  # hostile, and still text
    assert density({}, {}, KEYWORDS, shown=5) is None


def test_every_kind_of_group_is_shown_the_largest_first(tmp_path: Path) -> None:
    write_table(tmp_path / "pairs-00000.parquet", pairs_table())
    ids = pairs_table()["id"].to_pylist()
    rows = [(10, 9, "equal pair"), (11, 9, "equal pair"), (13, 12, "equal pair"), (15, 14, "near-duplicate")]
    dropped = pl.DataFrame(
        {"id": [ids[a] for a, _, _ in rows], "kept": [ids[b] for _, b, _ in rows], "reason": [r for _, _, r in rows]},
        schema={"id": pl.UInt64, "kept": pl.UInt64, "reason": pl.String},
    )
    shown = show_groups(dropped, [tmp_path / "pairs-00000.parquet"], shown=2, side=32)
    assert [(group.kept.identity, group.rows, group.reasons) for group in shown] == [
        (ids[9], 3, ("equal pair",)), (ids[14], 2, ("near-duplicate",))
    ]  # fmt: skip
    assert [each.identity for each in shown[0].others] == [ids[10], ids[11]]
    assert show_groups(dropped.clear(), [tmp_path / "pairs-00000.parquet"], shown=2, side=32) == ()


@pytest.mark.parametrize(
    ("leaks", "others", "shown", "expected"),
    [
        (9, 9, 6, [0, 1, 7, 8, 9, 10]),  # the nearest, the farthest leaks, the nearest that are none
        (1, 9, 6, [0, 1, 2, 3, 4, 5]),
        (0, 9, 3, [0, 1, 2]),
        (9, 0, 4, [0, 1, 2, 8]),
        (2, 1, 12, [0, 1, 2]),
        (9, 9, 0, []),
    ],
)
def test_leaks_are_shown_on_both_sides_of_the_limit(leaks: int, others: int, shown: int, expected: list[int]) -> None:
    table = pl.DataFrame({"row": range(leaks + others), "leak": [True] * leaks + [False] * others})
    assert around(table, shown)["row"].to_list() == expected
