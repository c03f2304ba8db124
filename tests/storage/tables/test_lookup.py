"""Looking up agrees with a dictionary."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from storage.tables.lookup import places_in

ids = st.lists(st.integers(0, 2**64 - 1) | st.integers(0, 8), max_size=12)


@given(ids, ids)
def test_places_are_those_of_a_dictionary(held: list[int], wanted: list[int]) -> None:
    known = np.array(sorted(set(held)), dtype=np.uint64)
    place_of = {int(id_): place for place, id_ in enumerate(known)}
    places, found = places_in(known, np.array(wanted, dtype=np.uint64))
    assert found.tolist() == [id_ in place_of for id_ in wanted]
    assert [int(place) for place in places[found]] == [place_of[id_] for id_ in wanted if id_ in place_of]
    assert not len(known) or known[places].shape == (len(wanted),)
