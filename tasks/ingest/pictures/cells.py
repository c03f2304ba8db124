"""The image cells of a part, which several captions may share."""

from typing import Protocol

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from storage.tables.schemas import IMAGE
from tasks.arrays import Bools, Int64s
from tasks.ingest.columns.buffers import buffers
from tasks.ingest.columns.cells import as_bytes, is_bytes, is_list, is_text
from tasks.ingest.columns.characters import characters
from tasks.ingest.pictures.headers import plain_sizes
from tasks.ingest.pictures.images import LoadedImage, Unusable, inspect_image
from tasks.ingest.rules import FileRules


class Loads(Protocol):
    """Where images lie that rows name by paths: a folder, or tars."""

    def load(self, path: str, /) -> LoadedImage | Unusable:
        """The image of that path, or why there is none."""


class ImageCells:
    """Images in structs of bytes and path, in bytes, or by paths below a folder; see `rows.drafts.Images`.

    Args:
        column: `[m]`.
        owner: `[n]`, the cell of every draft.
        rules: what is refused.
        folder: what loads images by their paths; None where there is no such thing.
        references: `[m]`, what stands for each image in its place (see `storage.tables.references`); None: nothing.
    """

    def __init__(
        self,
        column: pa.Array,
        owner: Int64s,
        rules: FileRules,
        folder: Loads | None,
        references: pa.StringArray | None = None,
    ) -> None:
        self._content, self._path = _content_and_path(column)
        self._references = references
        self._owner, self._rules, self._folder = owner, rules, folder
        self._problems: dict[int, Unusable] = {}
        reachable = np.zeros(len(column), np.bool_) if folder is None else _valid(self._path)
        self._absent = ~_valid(self._content) & ~reachable

    def vouched(self, rows: Bools) -> Bools:
        """Of the drafts `rows [n]`, those whose image passes, or who may go without one."""
        needed = np.zeros(len(self._content), np.bool_)
        needed[self._owner[rows]] = True
        named = characters(self._path).sound | ~_valid(self._path)
        fine = self._absent if self._rules.missing_images == "keep" else np.zeros(len(needed), np.bool_)
        return rows & (fine | self._pass(needed & named & _valid(self._content)))[self._owner]

    def _pass(self, cells: Bools) -> Bools:
        """Of the cells with bytes, those that the rules allow; why not is kept."""
        fine = np.zeros(len(cells), np.bool_)
        rules = self._rules
        if rules.verify != "decode":
            size = np.diff(buffers(self._content)[1])
            fine = cells & (size > 0) & (size <= rules.max_image_bytes)
        if rules.verify == "header":
            sides = plain_sizes(self._content)
            pixels = sides.prod(axis=1)
            fine &= (pixels > 0) & (pixels <= rules.max_pixels)
            fine &= sides.max(axis=1) <= rules.max_aspect_ratio * sides.min(axis=1)
        for cell in np.flatnonzero(cells & ~fine).tolist():
            problem = inspect_image(self._content[cell].as_py(), rules)
            if problem is None:
                fine[cell] = True
            else:
                self._problems[cell] = problem
        return fine

    def column(self, places: Int64s) -> pa.StructArray:
        """The images of vouched drafts, in the type that `pairs` has."""
        cells = self._owner[places]
        absent = self._absent[cells]
        if self._references is not None:
            paths = self._references.take(pa.array(cells, mask=absent))
            nothing = pa.nulls(len(cells), IMAGE.field("bytes").type)
            return pa.StructArray.from_arrays([nothing, paths], fields=list(IMAGE), mask=pa.array(absent))
        run = len(cells) and not absent.any() and bool(np.all(np.diff(cells) == 1))
        rows = pa.array(cells, mask=absent)
        children = [
            (values.slice(cells[0], len(cells)) if run else values.take(rows)).cast(part.type)
            for values, part in zip((self._content, self._path), IMAGE, strict=True)
        ]
        return pa.StructArray.from_arrays(children, fields=list(IMAGE), mask=pa.array(absent))

    def load(self, place: int) -> LoadedImage | Unusable:
        """One draft's image, or why it has none."""
        cell = int(self._owner[place])
        if cell in self._problems:
            return self._problems[cell]
        content, raw = self._content[cell].as_py(), self._path[cell].as_py()
        path = None if raw is None else raw.decode("utf-8", "surrogateescape")
        if content is not None:
            problem = inspect_image(content, self._rules)
            kept = None if self._references is None else self._references[cell].as_py()
            return LoadedImage(content, path, kept) if problem is None else problem
        if path is None:
            return Unusable("missing image", "neither bytes nor a path")
        if self._folder is None:
            return Unusable("missing image", f"{path}: no bytes, and the source names no folder of images")
        return self._folder.load(path)


def _content_and_path(column: pa.Array) -> tuple[pa.LargeBinaryArray, pa.LargeBinaryArray]:
    nothing = pa.nulls(len(column), pa.large_binary())
    if pa.types.is_null(column.type):
        return nothing, nothing
    if is_text(column.type):
        return nothing, as_bytes(column)
    if is_list(column.type):
        column = _sole(column)
    if is_bytes(column.type):
        return as_bytes(column), nothing
    fields = dict(zip([part.name for part in column.type], column.flatten(), strict=True))  # parent nulls pass down
    return as_bytes(fields["bytes"]), as_bytes(fields["path"]) if "path" in fields else nothing


def _sole(column: pa.Array) -> pa.Array:
    """Of lists of images, the one image of each; null where there is none, or more than one."""
    single = pc.equal(pc.list_value_length(column), 1)
    places = pc.if_else(single, column.offsets[:-1], None)
    return column.values.take(places)


def _valid(values: pa.Array) -> Bools:
    valid: Bools = values.is_valid().to_numpy(zero_copy_only=False)
    return valid
