"""Where the boxes of a drawn graph stand: layers by the longest way from a source, few crossings within a layer.

Sugiyama's method, small: links over several layers pass through places of their own, and the layers are ordered by the
mean place of their neighbours, down and up a few times.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

SWEEPS = 8


@dataclass(frozen=True)
class Layout:
    """Places in layers; the numbers from `boxes` on are only passed through.

    Attributes:
        layers: places from left to right, layer by layer from the top.
        ways: of every link, the places that it passes through, its ends included.
        boxes: how many places are boxes.
    """

    layers: tuple[tuple[int, ...], ...]
    ways: tuple[tuple[int, ...], ...]
    boxes: int


def lay_out(boxes: int, links: Sequence[tuple[int, int]]) -> Layout:
    """Layers of a graph without cycles whose links run from a smaller number to a larger one."""
    depth = [0] * boxes
    for start, end in sorted(links, key=lambda link: link[1]):
        depth[end] = max(depth[end], depth[start] + 1)
    layers: list[list[int]] = [[] for _ in range(max(depth, default=-1) + 1)]
    for box in range(boxes):
        layers[depth[box]].append(box)
    ways, count = [], boxes
    for start, end in links:
        passed = range(count, count + depth[end] - depth[start] - 1)
        for layer, place in enumerate(passed, depth[start] + 1):
            layers[layer].append(place)
        count += len(passed)
        ways.append((start, *passed, end))
    return Layout(tuple(map(tuple, _ordered(layers, ways))), tuple(ways), boxes)


def _ordered(layers: list[list[int]], ways: Sequence[tuple[int, ...]]) -> list[list[int]]:
    above: dict[int, list[int]] = {}
    below: dict[int, list[int]] = {}
    for way in ways:
        for start, end in pairwise(way):
            below.setdefault(start, []).append(end)
            above.setdefault(end, []).append(start)
    best, fewest = [list(layer) for layer in layers], _crossings(layers, below)
    for sweep in range(SWEEPS):
        order, neighbours = (layers, above) if sweep % 2 == 0 else (layers[::-1], below)
        for fixed, layer in pairwise(order):
            where = {place: number / max(len(fixed) - 1, 1) for number, place in enumerate(fixed)}
            own = {place: number / max(len(layer) - 1, 1) for number, place in enumerate(layer)}
            layer.sort(key=lambda place, where=where, own=own, neighbours=neighbours: _mean(  # type: ignore[misc]
                [where[each] for each in neighbours.get(place, [])], own[place]
            ))  # fmt: skip
        crossings = _crossings(layers, below)
        if crossings < fewest:
            best, fewest = [list(layer) for layer in layers], crossings
    return best


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _crossings(layers: Sequence[Sequence[int]], below: dict[int, list[int]]) -> int:
    count = 0
    for upper, lower in pairwise(layers):
        where = {place: number for number, place in enumerate(lower)}
        ends = [sorted(where[each] for each in below.get(place, [])) for place in upper]
        flat = [(number, end) for number, several in enumerate(ends) for end in several]
        count += sum(a < c and b > d for a, b in flat for c, d in flat)
    return count
