"""What each scene shows: drawn per row by hashing, so that row i depends on the seed and on i alone."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from storage.draws import uniform
from storage.tables.ids import row_ids
from tasks.arrays import Bools, Floats, Int64s
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.scenes.vocabulary import COLOUR_NAMES, SHAPES

BACKGROUNDS: tuple[Literal["plain", "gradient", "noise", "stripes"], ...] = (
    "plain",
    "gradient",
    "noise",
    "stripes",
)
SMALL, LARGE = 0.26, 0.35
"""Radii, as shares of the picture's side, below and above which an object is called small or large."""


@dataclass(frozen=True)
class SceneObject:
    """One drawn thing. Lengths are shares of the picture's side, the angle is in radians."""

    shape: str
    colour: str
    x: float
    y: float
    radius: float
    angle: float
    brightness: float


@dataclass(frozen=True)
class Scene:
    """One picture's content; the first object is the main one, whose concept is the label."""

    key: str
    objects: tuple[SceneObject, ...]
    background: Literal["plain", "gradient", "noise", "stripes"]
    shades: tuple[float, float]
    direction: float
    texture_seed: int

    @property
    def label(self) -> int:
        """Shape · 8 + colour of the main object."""
        main = self.objects[0]
        return SHAPES.index(main.shape) * len(COLOUR_NAMES) + COLOUR_NAMES.index(main.colour)


class RowDraws:
    """Named independent draws for some rows: `draws("x")` is uniform `[n]` in [0, 1), hashed from (seed, name, row)."""

    def __init__(self, stream: str, seed: int, rows: Sequence[int]) -> None:
        self.keys = tuple(f"{stream}-{row:07d}" for row in rows)
        self._ids = row_ids(stream, self.keys)
        self._seed = seed

    def __call__(self, name: str) -> Floats:
        """The draw of that name, float64 `[n]` in [0, 1)."""
        return uniform(self._ids, seed=self._seed, purpose=f"scenes: {name}")

    def between(self, name: str, low: float, high: float) -> Floats:
        """Uniform in `[low, high)`, float64 `[n]`."""
        return low + (high - low) * self(name)

    def choice(self, name: str, probabilities: Floats) -> Int64s:
        """Indices drawn with the given probabilities, int64 `[n]`, by inverting the cumulative sum."""
        cumulative = np.cumsum(probabilities)
        return np.minimum(np.searchsorted(cumulative / cumulative[-1], self(name), side="right"), len(cumulative) - 1)

    def pick(self, name: str, options: Sequence[str]) -> list[str]:
        """One of the options for each row, each equally likely."""
        return [options[index] for index in (self(name) * len(options)).astype(int)]


def concept_probabilities(exponent: float) -> Floats:
    """Zipf's law over the 64 concepts, float64 `[shape, colour]`: `p_r ∝ r^(−exponent)` for rank r = 1, 2, ….

    Ranks go through the shapes one after another, so that a shape's total falls as steeply as the concepts' (with
    exponent 1.3 the first shape is 56 times as frequent as the last); each shape starts at another colour, three
    further on, so that colours are long-tailed less steeply and no colour is rare everywhere.
    """
    shapes, colours = len(SHAPES), len(COLOUR_NAMES)
    ranked = np.arange(1, shapes * colours + 1, dtype=np.float64).reshape(shapes, colours) ** -exponent
    by_colour = np.stack([np.roll(row, 3 * shape) for shape, row in enumerate(ranked)])
    return by_colour / by_colour.sum()


def training_scenes(config: ScenesConfig, rows: Sequence[int]) -> Iterator[Scene]:
    """Scenes with long-tailed concepts and, in some, a second object."""
    draws = RowDraws("scene", config.seed, rows)
    flat = concept_probabilities(config.exponent).ravel()
    concepts = np.stack([draws.choice("concept", flat), draws.choice("second concept", flat)], axis=1)
    yield from _scenes(draws, concepts, two=draws("two objects") < config.two_objects)


def uniform_scenes(config: ScenesConfig, rows: Sequence[int]) -> Iterator[Scene]:
    """Scenes with one object, whose concept goes through all 64 in turn: every shape and colour equally often."""
    draws = RowDraws("test", config.seed, rows)
    numbers = np.array(rows, dtype=np.int64)
    concepts = np.repeat(numbers[:, None] % (len(SHAPES) * len(COLOUR_NAMES)), 2, axis=1)
    yield from _scenes(draws, concepts, two=np.zeros(len(rows), dtype=bool))


def _scenes(draws: RowDraws, concepts: Int64s, two: Bools) -> Iterator[Scene]:
    """Scenes `[n]` whose main and second objects show the given concepts `[n, 2]`."""
    radius = draws.between("radius", 0.2, 0.42)
    room = np.maximum(0.0, 0.47 - radius)  # keeps the whole object in view
    x, y = 0.5 + room * draws.between("x", -1, 1), 0.5 + room * draws.between("y", -1, 1)
    second_radius = draws.between("second radius", 0.13, 0.17)
    side = draws.between("second direction", 0.0, 2 * np.pi)
    angle = [draws.between(f"{which} angle", -0.3, 0.3) for which in ("main", "second")]
    brightness = [draws.between(f"{which} brightness", 0.88, 1.08) for which in ("main", "second")]
    background = draws.choice("background", np.array([0.4, 0.25, 0.2, 0.15]))
    shades = np.stack([draws.between("shade", 0.12, 0.95), draws.between("other shade", 0.12, 0.95)], axis=1)
    direction = draws.between("background direction", 0.0, np.pi)
    texture = (draws("texture") * 2**32).astype(np.int64)
    for row, key in enumerate(draws.keys):

        def thing(which: int, x: float, y: float, radius: float, row: int = row) -> SceneObject:
            shape, colour = divmod(int(concepts[row, which]), len(COLOUR_NAMES))
            turn, light = float(angle[which][row]), float(brightness[which][row])
            return SceneObject(SHAPES[shape], COLOUR_NAMES[colour], x, y, radius, turn, light)

        if two[row]:  # opposite each other across the middle, the main one larger and nearer to it
            across, down = float(np.cos(side[row])), float(np.sin(side[row]))
            objects: tuple[SceneObject, ...] = (
                thing(0, 0.5 - 0.2 * across, 0.5 - 0.2 * down, 0.28),
                thing(1, 0.5 + 0.32 * across, 0.5 + 0.32 * down, float(second_radius[row])),
            )
        else:
            objects = (thing(0, float(x[row]), float(y[row]), float(radius[row])),)
        yield Scene(
            key,
            objects,
            BACKGROUNDS[int(background[row])],
            (float(shades[row, 0]), float(shades[row, 1])),
            float(direction[row]),
            int(texture[row]),
        )
