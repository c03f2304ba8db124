"""Images in tars by their uids: where each lies, and the image when it is wanted."""

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import BinaryIO

import numpy as np
import pyarrow as pa

from storage.errors import InputError
from storage.places.place import Place, absolute
from storage.places.read import open_binary
from storage.tables.references import reference
from storage.tables.uids import DIGITS, Uids, parse_uids
from tasks.arrays import Int64s
from tasks.ingest.columns.sorted_uids import find, firsts
from tasks.ingest.pictures.images import LoadedImage, Unusable, inspect_image
from tasks.ingest.rows.row import Rejection
from tasks.ingest.rules import FileRules
from tasks.ingest.tars.fields import MOST_JSON, json_fields
from tasks.ingest.tars.samples import Sample, samples
from tasks.ingest.tars.stream import Damaged, TarStream

_UID = re.compile(f"[0-9a-f]{{{DIGITS}}}")
NOWHERE = ""
"""The path of an image that no tar holds."""


@dataclass(frozen=True)
class Members:
    """The images of some tars.

    Attributes:
        tars: where they lie.
        uids: `[n, 2]`, ascending, each once.
        tar: int64 `[n]`, which of the tars holds it.
        start: int64 `[n]`, its first byte there.
        size: int64 `[n]`, its bytes.
        names: `[n]`, the members' names.
        rejected: tars that are damaged, and samples without a uid.
    """

    tars: tuple[Place, ...]
    uids: Uids
    tar: Int64s
    start: Int64s
    size: Int64s
    names: pa.StringArray
    rejected: tuple[Rejection, ...] = field(default=())

    def paths(self, uids: Uids) -> pa.LargeStringArray:
        """By what `TarImages` loads the images of some uids `[m, 2]`; `NOWHERE` for those that are in no tar."""
        first, count = find(self.uids, uids)
        return pa.array([str(at) if many else NOWHERE for at, many in zip(first.tolist(), count.tolist(), strict=True)],
                        pa.large_string())  # fmt: skip

    def hold(self, uids: Uids) -> np.ndarray:
        """Which of some uids `[m, 2]` are in the tars, bool."""
        return find(self.uids, uids)[1] > 0


def look_through(tars: Sequence[Place], names: Sequence[str], image: Sequence[str]) -> Members:
    """Where the images of some tars lie: their headers and JSON are read, and no image.

    Args:
        tars: where they lie.
        names: what rows call them.
        image: extensions of images, the first that a sample has is meant.

    Raises:
        InputError: a tar is packed, so that nothing in it can be reached by itself.
    """
    texts, rows, held, rejected = list[str | None](), list[tuple[int, int, int]](), list[str](), list[Rejection]()
    for number, (place, name) in enumerate(zip(tars, names, strict=True)):
        with open_binary(place) as file:
            stream = TarStream(file)
            if stream.packed:
                raise InputError(f"{place} is packed: unpack it, because images are fetched from their places in it")
            try:
                for sample in samples(stream, {"json": MOST_JSON}, {"json": "malformed row"}):
                    extension = next((each for each in image if each in sample.places), None)
                    uid = _uid(sample)
                    if uid is None:
                        said = sample.fault[1] if sample.fault else "its .json holds no uid of 32 hexadecimal digits"
                        rejected.append(Rejection(f"{name}:{sample.key}", "malformed row", f"{name}: {said}"))
                    elif extension is not None:
                        texts.append(uid)
                        rows.append((number, *sample.places[extension]))
                        held.append(sample.names[extension])
            except Damaged as error:
                rejected.append(Rejection(name, "damaged archive", f"{name}: {error}"))
    uids, _ = parse_uids(pa.array(texts, pa.large_string()))
    places = np.array(rows, np.int64).reshape(-1, 3)
    order = np.lexsort((np.arange(len(uids)), uids[:, 1], uids[:, 0]))
    order = order[firsts(uids[order])]
    tar, start, size = (np.ascontiguousarray(column) for column in places[order].T)
    return Members(
        tuple(tars), np.ascontiguousarray(uids[order]), tar, start, size, _names(held, order), tuple(rejected)
    )


def _uid(sample: Sample) -> str | None:
    fields = json_fields(sample)
    uid = None if isinstance(fields, tuple) or sample.fault else fields.get("uid")
    return uid if isinstance(uid, str) and _UID.fullmatch(uid) else None


def _names(held: Sequence[str], order: Int64s) -> pa.StringArray:
    encoded = [held[at].encode("utf-8", "replace").decode() for at in order.tolist()]
    return pa.array(encoded, pa.string())


class TarImages:
    """Loads images of `Members` by the paths that it gives."""

    def __init__(self, members: Members, rules: FileRules) -> None:
        self._members, self._rules = members, rules
        self._open: tuple[int, BinaryIO] | None = None

    def load(self, path: str, /) -> LoadedImage | Unusable:
        """The image of a path, or why there is none."""
        if path == NOWHERE:
            return Unusable("missing image", "no sample of the tars has this uid")
        members, row = self._members, int(path)
        start, size, name = int(members.start[row]), int(members.size[row]), members.names[row].as_py()
        if size > self._rules.max_image_bytes:
            return Unusable("image file too large", f"{name}: {size} bytes, at most {self._rules.max_image_bytes}")
        file = self._file(int(members.tar[row]))
        file.seek(start)
        content = file.read(size)
        problem = inspect_image(content, self._rules)
        if problem is not None:
            return Unusable(problem.reason, f"{name}: {problem.detail}")
        if self._rules.image_content == "embed":
            return LoadedImage(content, name)
        where = absolute(members.tars[int(members.tar[row])])
        return LoadedImage(content, name, reference(where, content, member=(start, size, name)))

    def _file(self, tar: int) -> BinaryIO:
        if self._open is None or self._open[0] != tar:
            if self._open is not None:
                self._open[1].close()
            self._open = tar, open_binary(self._members.tars[tar])
        return self._open[1]
