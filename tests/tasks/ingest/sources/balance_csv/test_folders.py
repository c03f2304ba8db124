"""The part before the last, as `pathlib` has it."""

from pathlib import PurePosixPath

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ingest.pictures.paths import escapes
from tasks.ingest.sources.balance_csv.folders import class_folders


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "é", ".", "..", "/", ".b", "\\", "c:", ""])).map("".join), max_size=9))
def test_parts_are_those_of_pathlib(paths: list[str]) -> None:
    parts = [PurePosixPath(path).parts for path in paths]
    found, plain = class_folders(pa.array([path.encode() for path in paths], pa.large_binary()))
    assert not any(escapes(path) for path, sure in zip(paths, plain, strict=True) if sure)
    assert found.to_pylist() == [part[-2].encode() if len(part) > 1 else None for part in parts]


def test_usual_paths_are_plain() -> None:
    assert class_folders(pa.array([b"photos/n01/1.jpg", b"n01/1.jpg"], pa.large_binary()))[1].all()
