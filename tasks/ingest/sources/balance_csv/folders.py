"""The class folder of each file path: the part before the last, as `pathlib` counts parts."""

from pathlib import PurePosixPath

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tasks.arrays import Bools, Int64s
from tasks.compiled import compiled
from tasks.ingest.columns.buffers import Bytes, buffers, pieces


def class_folders(filepaths: pa.LargeBinaryArray) -> tuple[pa.LargeBinaryArray, Bools]:
    """The class folders of some paths `[n]`, UTF-8.

    Returns:
        `PurePosixPath(path).parts[-2]` of each path, null where a path has fewer than two parts; and which paths are
        plain, bool: of two parts or more, and beyond doubt no way out of a folder.
    """
    data, offsets = buffers(filepaths)
    spans = np.zeros((2, len(filepaths)), np.int64)
    _find(data, offsets, spans)
    folders, plain = pieces(data, *spans), spans[1] > 0
    if plain.all():
        return folders, plain
    odd = np.flatnonzero(~plain).tolist()
    names = [PurePosixPath(filepaths[place].as_py().decode()).parts[-2:-1] for place in odd]
    values = pa.array([name[0].encode() if name else None for name in names], pa.large_binary())
    return pc.replace_with_mask(folders, pa.array(~plain), values), plain


@compiled
def _find(data: Bytes, offsets: Int64s, spans: Int64s) -> None:
    """`spans [2, n]`: where the last part but one stands in a plain path.

    That is one without an empty part (so not absolute), a part that begins with a dot, a backslash or a colon (which
    are separators and drives elsewhere). Other paths keep zeros.
    """
    for row in range(spans.shape[1]):
        start, stop = offsets[row], offsets[row + 1]
        part, before = start, np.int64(-1)
        plain = stop > start
        for at in range(start, stop):
            if at == part and (data[at] == 47 or data[at] == 46):
                plain = False
            if data[at] == 92 or data[at] == 58:
                plain = False
            if data[at] == 47:
                before, part = part, at + 1
        if plain and before >= 0 and part < stop:
            spans[0, row], spans[1, row] = before, part - 1
