"""Layers: every link runs down, one layer at a time."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from tasks.reporting.lineage.layers import lay_out


@given(st.integers(0, 12), st.sets(st.tuples(st.integers(0, 11), st.integers(0, 11)), max_size=25))
def test_every_place_has_one_layer_and_every_way_goes_down_one_at_a_time(boxes: int, pairs: set) -> None:
    links = sorted((a, b) for a, b in pairs if a < b < boxes)
    layout = lay_out(boxes, links)
    depth = {place: number for number, layer in enumerate(layout.layers) for place in layer}
    assert sum(map(len, layout.layers)) == len(depth) and set(range(boxes)) <= set(depth)
    assert [(way[0], way[-1]) for way in layout.ways] == links
    assert all(depth[end] == depth[start] + 1 for way in layout.ways for start, end in pairwise(way))
    assert all(place >= boxes for way in layout.ways for place in way[1:-1])


def test_a_crossing_that_can_be_avoided_is() -> None:
    # Drawn in the order of numbers, both links of two pairs would cross.
    layout = lay_out(4, [(0, 3), (1, 2)])
    upper, lower = layout.layers
    assert [upper.index(0) < upper.index(1), lower.index(3) < lower.index(2)] in ([True, True], [False, False])
