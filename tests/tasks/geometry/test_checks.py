"""Checks of how embeddings lie."""

from tasks.geometry.checks import JUDGES
from tasks.geometry.stats import DimensionStats, DiversityStats, GeometryStats, SpreadStats
from tests.tasks.judged import output, verdict

SPREAD = SpreadStats(mean_edge=1, standard_error=0, uniformity=1, repeated=0, size=10, draws=1)
STATS = GeometryStats(
    points=100, dimension=8, modality="image", mst_length=9, mean_edge=1, certified_fraction=1, uniformity=1,
    median_edge=1, duplicate_distance=0.1, duplicate_groups=0, duplicate_rows=0, exact_repetitions=10, requeries=0,
    method="exact", neighbour_method="", exact=True, excess=None,
    intrinsic_dimension=DimensionStats(estimate=3, low=2, high=4, raw=3, points=100), renyi_entropy=None,
    diversity=DiversityStats(measured=SPREAD, all=SPREAD),
)  # fmt: skip


def test_collapse_is_a_low_dimension_or_points_in_one_place() -> None:
    assert verdict(output("geometry", STATS)) == {"geometry.dimension": True, "geometry.same_place": True}
    line = DimensionStats(estimate=0.9, low=0.8, high=1.1, raw=0.9, points=100)
    collapsed = STATS.model_copy(update={"intrinsic_dimension": line, "exact_repetitions": 91})
    assert verdict(output("geometry", collapsed)) == {"geometry.dimension": False, "geometry.same_place": False}
    few = STATS.model_copy(update={"intrinsic_dimension": None})
    assert verdict(output("geometry", few)) == {"geometry.same_place": True} and list(JUDGES) == ["geometry"]
