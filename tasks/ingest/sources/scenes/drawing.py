"""Scenes as small pictures: drawn four times too large and averaged down, which makes the edges smooth."""

import io
import math

import numpy as np
from PIL import Image, ImageDraw

from tasks.arrays import Floats
from tasks.ingest.sources.scenes.sampling import Scene, SceneObject
from tasks.ingest.sources.scenes.vocabulary import COLOURS

SUPERSAMPLING = 4
SHADOW = 0.35
"""How much of the light an object's shadow takes."""

Points = list[tuple[float, float]]


def render_png(scene: Scene, size: int) -> bytes:
    """The scene as an RGB PNG of `size` × `size` pixels; equal scenes give equal bytes."""
    buffer = io.BytesIO()
    render(scene, size).save(buffer, format="PNG", compress_level=6)
    return buffer.getvalue()


def render_jpeg(scene: Scene, size: int) -> bytes:
    """The scene saved with losses (JPEG, quality 95): other bytes, nearly the same pixels."""
    buffer = io.BytesIO()
    render(scene, size).save(buffer, format="JPEG", quality=95, subsampling=0)
    return buffer.getvalue()


def render(scene: Scene, size: int) -> Image.Image:
    """The scene as an RGB image: the background, then each object with a soft shadow below it, the main one on top."""
    canvas = _background(scene, size)
    for thing in reversed(scene.objects):
        shadow = _coverage(thing, size, shift=0.03)
        canvas *= 1.0 - SHADOW * shadow[:, :, None]
        cover = _coverage(thing, size)[:, :, None]
        colour = np.minimum(255.0, np.array(COLOURS[thing.colour]) * thing.brightness)
        canvas = canvas * (1.0 - cover) + colour * cover
    return Image.fromarray(np.clip(np.rint(canvas), 0, 255).astype(np.uint8), "RGB")


def _background(scene: Scene, size: int) -> Floats:
    """Greys, float64 `[size, size, 3]` in 0…255: colours belong to the objects alone."""
    first, second = scene.shades
    if scene.background == "plain":
        grey = np.full((size, size), first)
    elif scene.background == "noise":
        noise = np.random.default_rng(scene.texture_seed).random((size, size))
        grey = np.clip(first + 0.25 * (noise - 0.5), 0.0, 1.0)
    else:
        steps = (np.arange(size) + 0.5) / size - 0.5
        along = np.cos(scene.direction) * steps[None, :] + np.sin(scene.direction) * steps[:, None]  # −0.71 … 0.71
        if scene.background == "gradient":
            grey = first + (second - first) * (along + 0.71) / 1.42
        else:
            stripes = 0.5 + 0.5 * np.tanh(4.0 * np.sin(2 * np.pi * 5.0 * along))
            grey = first + 0.5 * (second - first) * stripes
    return np.repeat(255.0 * grey[:, :, None], 3, axis=2)


def _coverage(thing: SceneObject, size: int, shift: float = 0.0) -> Floats:
    """The share of each pixel that the object covers, float64 `[size, size]`; `shift` moves it down and right."""
    side = size * SUPERSAMPLING
    mask = Image.new("L", (side, side), 0)
    draw = ImageDraw.Draw(mask)
    centre_x, centre_y, radius = (thing.x + shift) * side, (thing.y + shift) * side, thing.radius * side

    def disc(x: float, y: float, share: float, fill: int) -> None:
        """A disc of `share` times the object's radius, its centre given in the object's own turned coordinates."""
        ((px, py),) = _place([(x, y)], thing.angle, centre_x, centre_y, radius)
        reach = share * radius
        draw.ellipse((px - reach, py - reach, px + reach, py + reach), fill=fill)

    if thing.shape == "circle":
        disc(0, 0, 0.92, 255)
    elif thing.shape == "ring":
        disc(0, 0, 1.0, 255)
        disc(0, 0, 0.55, 0)
    elif thing.shape == "crescent":
        disc(0, 0, 1.0, 255)
        disc(0.5, -0.12, 0.82, 0)
    else:
        draw.polygon(_place(OUTLINES[thing.shape], thing.angle, centre_x, centre_y, radius), fill=255)
    return np.asarray(mask.reduce(SUPERSAMPLING), dtype=np.float64) / 255.0


def _place(points: Points, angle: float, x: float, y: float, radius: float) -> Points:
    """Points of the unit circle's coordinates, turned, scaled and moved onto the canvas."""
    cosine, sine = math.cos(angle), math.sin(angle)
    return [(x + radius * (cosine * u - sine * v), y + radius * (sine * u + cosine * v)) for u, v in points]


def _star(points: int, inner: float) -> Points:
    corners: Points = []
    for corner in range(2 * points):
        reach = 1.0 if corner % 2 == 0 else inner
        turn = math.pi * corner / points - math.pi / 2
        corners.append((reach * math.cos(turn), reach * math.sin(turn)))
    return corners


def _cross(arm: float) -> Points:
    a = arm
    return [
        (-a, -1),
        (a, -1),
        (a, -a),
        (1, -a),
        (1, a),
        (a, a),
        (a, 1),
        (-a, 1),
        (-a, a),
        (-1, a),
        (-1, -a),
        (-a, -a),
    ]


def _heart() -> Points:
    """X = 16 sin³t, y = 13 cos t − 5 cos 2t − 2 cos 3t − cos 4t, scaled into the unit circle."""
    turns = [2 * math.pi * step / 60 for step in range(60)]
    return [
        (
            math.sin(t) ** 3,
            -(13 * math.cos(t) - 5 * math.cos(2 * t) - 2 * math.cos(3 * t) - math.cos(4 * t)) / 16 - 0.12,
        )
        for t in turns
    ]


OUTLINES: dict[str, Points] = {
    "square": [(-0.8, -0.8), (0.8, -0.8), (0.8, 0.8), (-0.8, 0.8)],
    "triangle": [(0.0, -1.0), (0.9, 0.65), (-0.9, 0.65)],
    "star": _star(5, 0.42),
    "cross": _cross(0.34),
    "heart": _heart(),
}
