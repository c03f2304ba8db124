"""Any bytes end in rows, in rejections, or in `InputError`: never in another exception, never in a row that is lost.

The fast form draws few and always the same. The long form draws many: `HYPOTHESIS_PROFILE=explore pytest -m slow
tests/hostile/test_fuzz.py` draws new ones each time.
"""

import itertools
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from storage.errors import InputError
from storage.tables.schemas import PAIRS, REJECTED
from tasks.ingest.config import SourceConfig
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.read import read_source
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.imagenet_captions.config import ImageNetCaptionsConfig
from tasks.ingest.sources.jsonl.config import JsonLinesConfig
from tasks.ingest.sources.table.config import TableConfig
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tests.hostile import tars
from tests.hostile.captions import written

Edit = tuple[int, int, bytes]

TABLE = b'caption,label,n\n"a ""red"" star",1,x\nblue,2,\n"two\nlines",3,y\n'
LINES = b'{"caption": "red", "label": 1}\n{"caption": ["a", "b"], "label": 2}\n\n{"caption": "\\u00e9", "label": 3.5}\n'
LIST = b'[{"filename": "a", "wnid": "n", "title": "red", "tags": ["x"]}, {"filename": "b", "wnid": "m", "title": null}]'
TAR = tars.OK + tars.pax(tars.record("path", b"x.jpg")) + tars.pair("y") + tars.END
PARQUET = written(pa.table({"caption": ["red", "blue", None], "label": [1, 2, 3]}))
NESTED = written(pa.table({"caption": [["red", "blue"], [], None], "label": [1.0, None, 0.5]}), compression="gzip")

TOKENS = (
    b"", b"\0", b"\n", b"\r", b'"', b'""', b",", b"\t", b"{", b"}", b"[", b"]", b":", b"\\", b"\\ud800",
    b"null", b"NaN", b"1e999", b"9" * 25, b"-1", b"\xff", b"\xed\xa0\x80", b"\xef\xbb\xbf", b"\xff\xfe",
    b"\x1f\x8b\x08", b"BZh9", b"\x28\xb5\x2f\xfd", b"PAR1", b"\x80\xff\xff\xff", b"\x7f\xff\xff\xff",
    b"\xff" * 12, b"0" * 11, b"7" * 11, bytes(512),
)  # fmt: skip

TARGETS: dict[str, tuple[Callable[..., SourceConfig], str, tuple[bytes, ...], dict[str, object]]] = {
    "csv": (TableConfig, "0.csv", (TABLE, b""), {"image_column": None, "label_column": "label", "quotes": "csv"}),
    "raw": (TableConfig, "0.csv", (TABLE, b""), {"image_column": None, "quotes": "raw"}),
    "jsonl": (JsonLinesConfig, "0.jsonl", (LINES, b""), {"image_column": None, "label_column": "label"}),
    "list": (ImageNetCaptionsConfig, "0.json", (LIST, b""), {}),
    "tar": (WebdatasetConfig, "0.tar", (TAR, b""), {}),
    "parquet": (
        HuggingFaceParquetConfig,
        "0.parquet",
        (PARQUET, NESTED),
        {"image_column": None, "label_column": "label"},
    ),
}


@st.composite
def broken(draw: st.DrawFn, sound: tuple[bytes, ...]) -> bytes:
    """A sound file, or nothing, with a few pieces replaced by others."""
    content = bytearray(draw(st.sampled_from(sound)))
    piece = st.one_of(st.sampled_from(TOKENS), st.binary(max_size=12))
    for _ in range(draw(st.integers(1, 6))):
        at = draw(st.integers(0, len(content)))
        length = draw(st.sampled_from((0, 0, 1, 1, 2, 8, 64, 512)))
        content[at : at + length] = draw(piece)
    return resealed(bytes(content)) if draw(st.booleans()) else bytes(content)


def resealed(content: bytes) -> bytes:
    """The same, with the sums right in what may be headers of a tar: else hardly one would be looked into."""
    blocks = [bytearray(content[at : at + 512]) for at in range(0, len(content), 512)]
    for block in blocks:
        if block[257:262] == b"ustar" and len(block) == 512:
            block[148:156] = b" " * 8
            block[148:156] = b"%06o\0 " % sum(block)
    return b"".join(blocks)


def read(target: str, folder: Path, content: bytes) -> tuple[pa.Table, pa.Table] | None:
    """Pairs and rejected rows, each checked to the last offset and byte; None where there was one clear error."""
    kind, name, _, options = TARGETS[target]
    folder.mkdir()
    (folder / name).write_bytes(content)
    try:
        config = kind(name="fuzz", path=folder / name, **options)
        batches = [
            batch for group in plan_groups(config) for batch in read_source(config, group, sources_of(config, group))
        ]
    except InputError:
        return None
    pairs = pa.concat_tables([PAIRS.empty_table(), *(batch.pairs for batch in batches)])
    rejected = pa.concat_tables([REJECTED.empty_table(), *(batch.rejected for batch in batches)])
    pairs.validate(full=True)
    rejected.validate(full=True)
    return pairs, rejected


def fuzz(target: str, folder: Path, examples: int) -> None:
    numbers = itertools.count()

    @settings(max_examples=examples, deadline=None, suppress_health_check=list(HealthCheck), database=None)
    @given(broken(TARGETS[target][2]))
    def any_bytes(content: bytes) -> None:
        found = read(target, folder / str(next(numbers)), content)
        if found is not None and target == "jsonl" and content.isascii() and b"\r" not in content:
            lines = sum(bool(line.strip(b" \t")) for line in content.split(b"\n"))
            assert found[0].num_rows + found[1].num_rows >= lines  # a list of captions makes several rows

    any_bytes()


@pytest.mark.parametrize("target", TARGETS)
def test_any_bytes_are_rows_rejections_or_one_error(target: str, tmp_path: Path) -> None:
    fuzz(target, tmp_path, 30)


@pytest.mark.slow
@pytest.mark.parametrize("target", TARGETS)
def test_many_more(target: str, tmp_path: Path) -> None:
    fuzz(target, tmp_path, 20_000)
