"""The words of the scenes: what can be drawn, what it is called, and which keywords curation may look for."""

from types import MappingProxyType

SHAPES = ("circle", "square", "triangle", "star", "cross", "heart", "ring", "crescent")
"""From the most to the least frequent."""

COLOURS = MappingProxyType(
    {
        "red": (222, 42, 42),
        "blue": (45, 90, 225),
        "green": (40, 165, 65),
        "yellow": (250, 218, 40),
        "orange": (250, 130, 20),
        "purple": (135, 50, 180),
        "pink": (255, 135, 190),
        "cyan": (40, 205, 215),
    }
)
"""Name to sRGB, from the most to the least frequent within the first shape."""

COLOUR_NAMES = tuple(COLOURS)

SYNONYMS = MappingProxyType(
    {
        "circle": "disc",
        "square": "box",
        "cross": "plus",
        "ring": "hoop",
        "crescent": "moon",
        "red": "scarlet",
        "purple": "violet",
        "cyan": "turquoise",
    }
)
"""Another word that captions use now and then."""

GENERAL_WORDS = ("small", "tiny", "large", "big", "two", "photo", "picture", "striped", "my", "untitled")
"""Words that captions share whatever they show: heavy keywords that say little, as every real list has."""

CONCEPT_NAMES = tuple(f"{colour} {shape}" for shape in SHAPES for colour in COLOUR_NAMES)
"""Name of each label: label = shape · 8 + colour."""

SHAPE_TEMPLATES = ("a photo of a {c}.", "a picture of a {c}.", "a {c}.")
COLOUR_TEMPLATES = ("a photo of a {c} shape.", "a picture of something {c}.", "something {c}.")
"""Prompts of the zero-shot tasks (an object is named like a shape), in clip-benchmark's spelling."""


def scenes_entries() -> tuple[str, ...]:
    """The keyword list for balancing scenes: shapes, colours, their synonyms, and some general words."""
    return (*SHAPES, *COLOUR_NAMES, *SYNONYMS.values(), *GENERAL_WORDS)
