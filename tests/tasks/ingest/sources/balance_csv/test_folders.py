"""The part before the last, as `pathlib` has it."""

from pathlib import PurePosixPath

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from tasks.ingest.sources.balance_csv.folders import class_folders


@settings(deadline=None)
@given(st.lists(st.lists(st.sampled_from(["a", "é", ".", "..", "/", ".b", "\\", ""])).map("".join), max_size=9))
def test_parts_are_those_of_pathlib(paths: list[str]) -> None:
    parts = [PurePosixPath(path).parts for path in paths]
    found = class_folders(pa.array([path.encode() for path in paths], pa.large_binary())).to_pylist()
    assert found == [part[-2].encode() if len(part) > 1 else None for part in parts]
