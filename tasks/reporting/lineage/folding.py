"""Parallel runs of one stage as one: ninety runs are twenty lines to a reader."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.reporting.lineage.nodes import LineageNode, State, rows_in


@dataclass(frozen=True)
class Fold:
    """Runs of one stage that ended alike, from inputs of the same stages."""

    nodes: tuple[LineageNode, ...]

    @property
    def stage(self) -> str:
        """The kind of run."""
        return self.nodes[0].stage

    @property
    def state(self) -> State:
        """How they ended."""
        return self.nodes[0].state

    @property
    def name(self) -> str:
        """The label of one run; of several the stage and how many."""
        return self.nodes[0].label if len(self.nodes) == 1 else f"{self.stage} × {len(self.nodes)}"

    @property
    def seconds(self) -> float | None:
        """Of all computations together; None where nothing was computed."""
        spent = [node.seconds for node in self.nodes if node.seconds is not None]
        return sum(spent) if spent else None

    @property
    def rows(self) -> int | None:
        """Rows of all outputs together; None where they have none."""
        known = [node.rows for node in self.nodes if node.rows is not None]
        return sum(known) if known else None

    @property
    def rows_in(self) -> Mapping[str, int]:
        """Rows of the inputs by the stage that made them; what several runs read counts once."""
        return rows_in(self.nodes)

    @property
    def why(self) -> tuple[str, ...]:
        """Their reasons, each once."""
        return tuple(dict.fromkeys(phrase for node in self.nodes for phrase in node.why))


def folded(nodes: Sequence[LineageNode]) -> list[Fold]:
    """The runs by stage, state and the stages of their inputs, in the order of their first."""
    stage_of = {node.key: node.stage for node in nodes}
    groups: dict[tuple[str, State, frozenset[str]], list[LineageNode]] = {}
    for node in nodes:
        origins = frozenset(stage_of[parent] for parent in node.parents if parent in stage_of)
        groups.setdefault((node.stage, node.state, origins), []).append(node)
    return [Fold(tuple(group)) for group in groups.values()]


def links(folds: Sequence[Fold]) -> list[tuple[int, int]]:
    """Which fold reads which, as places (from, to); a link that a longer way implies is left out.

    Folds that read each other (which only happens where labels are alike) are linked in their order alone.
    """
    place = {node.key: number for number, fold in enumerate(folds) for node in fold.nodes}
    reads: dict[int, set[int]] = {number: set() for number in range(len(folds))}
    for number, fold in enumerate(folds):
        for node in fold.nodes:
            reads[number] |= {place[parent] for parent in node.parents if place.get(parent, number) < number}
    above: dict[int, set[int]] = {}
    kept: list[tuple[int, int]] = []
    for number in range(len(folds)):
        implied = set().union(*(above[parent] for parent in reads[number]))
        kept += [(parent, number) for parent in sorted(reads[number] - implied)]
        above[number] = implied | reads[number]
    return kept
