"""Rows a second of the stage `ingest` on captions alone, a core: Parquet and the TAB table, against plain pyarrow.

    python -m benchmarks.ingest_text DATA [ROWS ...]
    python -m benchmarks.ingest_text DATA --images 256 10_000    # of one side in pixels, so many

DATA is the folder that holds `imagenet_captions/`; captions are pairs of its titles, so that words have their real
frequencies. Plain pyarrow reads the same Parquet files and writes them again as they are, in the same row groups and
compression. Also: images that are not decoded (JPEG, of 32 and of 256 pixels a side) against such a copy, and decoded
ones against the decoding alone. Processor seconds of this process, which has one thread; the median of the rounds,
after one that is not counted.
"""

import io
import resource
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from PIL import Image

from storage.record.external import external
from storage.store.workspace import Runtime
from storage.tables.shards import ROWS_PER_GROUP
from tasks.ingest.config import SourceConfig
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.pictures.images import inspect_image
from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.task import ingest

ROUNDS = 3
IMAGES = {32: 20_000, 256: 2_000}
"""Pictures by their side in pixels."""


def captions(titles: pa.Array, rows: int) -> pa.Array:
    """Two titles each, drawn at random."""
    rng = np.random.default_rng(rows)
    return pc.binary_join_element_wise(*(titles.take(rng.integers(0, len(titles), rows)) for _ in range(2)), " ")


def jpegs(side: int, count: int) -> Iterator[bytes]:
    rng = np.random.default_rng(0)
    for _ in range(count):
        buffer = io.BytesIO()
        pixels = rng.integers(0, 255, (side // 5, side // 5, 3), dtype=np.uint8)
        Image.fromarray(pixels).resize((side, side), Image.Resampling.BICUBIC).save(buffer, "JPEG")
        yield buffer.getvalue()


def ingested(config: SourceConfig) -> None:
    """All groups of a source into a store that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        runtime = Runtime(store=Path(folder))
        for group in plan_groups(config):
            ingest.run(
                config, group, [external(path, runtime.store) for path in sources_of(config, group)], runtime=runtime
            )


def copied(source: Path) -> None:
    """Read and write as it is."""
    with tempfile.TemporaryDirectory() as folder, pq.ParquetFile(source) as file:
        options = {"compression": "zstd", "compression_level": 1, "use_dictionary": False}
        with pq.ParquetWriter(Path(folder) / "copy.parquet", file.schema_arrow, **options) as writer:
            for batch in file.iter_batches(ROWS_PER_GROUP, use_threads=False):
                writer.write_batch(batch)


def medians(ways: Mapping[str, Callable[[], None]]) -> dict[str, float]:
    """Processor seconds of every way."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, way in ways.items():
            started = time.process_time()
            way()
            if number:
                taken[name].append(time.process_time() - started)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def show(rows: int, seconds: Mapping[str, float]) -> None:
    for name, each in seconds.items():
        print(f"{rows:>10,} rows  {name:<28} {each:7.2f} s  {rows / each:>12,.0f} rows/s")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{'':>10}       peak memory so far {peak:,.0f} MB")


def texts(titles: pa.Array, rows: int, folder: Path) -> None:
    column = captions(titles, rows)
    parquet, table = folder / f"{rows}.parquet", folder / f"{rows}.tsv"
    pq.write_table(pa.table({"caption": column}), parquet, row_group_size=1 << 17)
    clean = pc.replace_substring_regex(column, "[\t\n\r]", " ").to_pylist()
    lines = (f"{text}\tphotos/n{row % 1_000:08d}/{row}.jpg\n" for row, text in enumerate(clean))
    table.write_text("title\tfilepath\n" + "".join(lines), encoding="utf-8")
    del clean
    hub = HuggingFaceParquetConfig(name="hub", path=parquet, image_column=None)
    titled = BalanceCsvConfig(name="titles", path=table, images="none")
    ways = {
        "pyarrow copy": lambda: copied(parquet),
        "Parquet": lambda: ingested(hub),
        "TAB table": lambda: ingested(titled),
    }
    show(rows, medians(ways))


def images(titles: pa.Array, side: int, count: int, folder: Path) -> None:
    contents = list(jpegs(side, count))
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = pa.array([{"bytes": content, "path": f"{row}.jpg"} for row, content in enumerate(contents)], kind)
    path = folder / "images.parquet"
    pq.write_table(pa.table({"caption": captions(titles, count), "image": cells}), path)
    hub = HuggingFaceParquetConfig(name="hub", path=path, rows_per_group=count)
    headers = hub.model_copy(update={"verify": "header"})

    def decode() -> None:
        for content in contents:
            inspect_image(content, hub)

    ways = {
        "pyarrow copy": lambda: copied(path),
        "images, not decoded": lambda: ingested(headers),
        "decoding alone": decode,
        "images, decoded": lambda: ingested(hub),
    }
    seconds = medians(ways)
    print(f"{side} pixels, {np.mean([*map(len, contents)]) / 1e3:.1f} kB a picture")
    show(count, seconds)
    share = seconds["pyarrow copy"] / seconds["images, not decoded"]
    print(
        f"not decoded: {share:.0%} of the copy; decoded: {seconds['images, decoded'] / seconds['decoding alone']:.2f}×"
    )


def main() -> None:
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    data, *sizes = sys.argv[1:] or sys.exit(__doc__)
    listed = (Path(data) / "imagenet_captions" / "imagenet_captions_val_c250.csv").read_text(encoding="utf-8")
    titles = pa.array([line.split("\t")[0] for line in listed.split("\n")[1:] if line])
    with tempfile.TemporaryDirectory() as folder:
        if sizes[:1] == ["--images"]:
            images(titles, int(sizes[1]), int(sizes[2]), Path(folder))
            return
        for rows in map(int, sizes or ("100_000", "1_000_000")):
            texts(titles, rows, Path(folder))
        for side, count in IMAGES.items():
            images(titles, side, count, Path(folder))


if __name__ == "__main__":
    main()
