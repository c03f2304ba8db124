"""How many lines a file has, for plans: nothing compiled is loaded for it."""

from storage.places.place import Place
from storage.places.read import open_binary
from storage.places.remember import remembered

_BLOCK = 1 << 20


def count_lines(path: Place) -> int:
    """Lines after the header: the number of rows of a raw table, an upper bound for one with quoted line breaks."""
    return remembered("lines", path, lambda: _count(path))


def _count(path: Place) -> int:
    lines, last = 0, b"\n"
    with open_binary(path) as file:
        while block := file.read(_BLOCK):
            lines += block.count(b"\n")
            last = block[-1:]
    return max(0, lines + (last != b"\n") - 1)
