"""One walk over lists, tuples, mappings and dataclasses."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from hypothesis import given
from hypothesis import strategies as st

from storage.tree import leaves, map_tree


@dataclass(frozen=True)
class Pair:
    """Two branches."""

    left: object
    right: Sequence[object] = ()
    named: Mapping[str, object] = field(default_factory=dict)


trees = st.recursive(
    st.integers() | st.text(max_size=3) | st.none(),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.tuples(inner, inner)
        | st.dictionaries(st.text(max_size=2), inner, max_size=3)
        | st.builds(Pair, inner, st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=2), inner, max_size=2))
    ),
    max_leaves=12,
)


@given(trees)
def test_the_identity_changes_nothing(tree: object) -> None:
    assert map_tree(tree, lambda leaf: leaf) == tree


@given(trees)
def test_leaves_are_what_the_map_sees_in_its_order(tree: object) -> None:
    seen: list[object] = []
    map_tree(tree, lambda leaf: seen.append(leaf))
    assert [leaf for _, leaf in leaves(tree)] == seen


def test_places_say_the_way() -> None:
    tree = Pair(1, [2, 3], {"four": (4,)})
    assert list(leaves(tree, "pair")) == [
        ("pair.left", 1),
        ("pair.right[0]", 2),
        ("pair.right[1]", 3),
        ("pair.named.four[0]", 4),
    ]
    assert map_tree(tree, str) == Pair("1", ["2", "3"], {"four": ("4",)})
