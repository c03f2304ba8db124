"""Folding: what is alike becomes one, and links follow."""

from hypothesis import given
from hypothesis import strategies as st

from tasks.reporting.lineage.folding import folded, links
from tasks.reporting.lineage.nodes import LineageNode


def node(label: str, stage: str, *parents: str, state: str = "ran", rows: int | None = None) -> LineageNode:
    return LineageNode(label, stage, label, "d", parents, state, 0.5, rows=rows, why=("never run",))  # type: ignore[arg-type]


def test_runs_of_one_stage_are_one_unless_they_ended_otherwise_or_read_otherwise() -> None:
    nodes = [node("a", "ingest", rows=3), node("m0", "match", "a", rows=1), node("m1", "match", "a", rows=2),
             node("m2", "match", "a", state="failed"), node("m3", "match")]  # fmt: skip
    folds = folded(nodes)
    assert [fold.name for fold in folds] == ["a", "match × 2", "m2", "m3"]
    assert folds[1].rows == 3 and folds[1].seconds == 1.0 and folds[1].why == ("never run",)
    assert folds[2].rows is None


def test_links_that_a_longer_way_implies_are_left_out() -> None:
    nodes = [node("a", "a"), node("b", "b", "a"), node("c", "c", "a", "b", "elsewhere")]
    assert links(folded(nodes)) == [(0, 1), (1, 2)]


@given(st.lists(st.sets(st.integers(0, 11)), min_size=1, max_size=12))
def test_what_was_reachable_stays_reachable(reads: list[set[int]]) -> None:
    nodes = [
        node(f"n{i}", f"s{i}", *(f"n{parent}" for parent in parents if parent < i)) for i, parents in enumerate(reads)
    ]
    kept = links(folded(nodes))

    def reachable(pairs: list[tuple[int, int]]) -> set[tuple[int, int]]:
        found = set(pairs)
        while more := {(a, d) for a, b in found for c, d in pairs if b == c} - found:
            found |= more
        return found

    everything = [(parent, i) for i, parents in enumerate(reads) for parent in parents if parent < i]
    assert reachable(kept) == reachable(everything)
    assert all((a, b) not in reachable([each for each in kept if each != (a, b)]) for a, b in kept)
