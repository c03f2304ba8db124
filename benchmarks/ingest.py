"""Rows and bytes a second of the stage `ingest`, a core, for every source, against a plain reading of the same files.

    python -m benchmarks.ingest DATA [ROWS ...]
    python -m benchmarks.ingest DATA --images 256 10_000    # of one side in pixels, so many
    python -m benchmarks.ingest DATA --curated 256 10_000   # the same from Parquet to curated Parquet
    python -m benchmarks.ingest DATA --memory [ROWS ...]

DATA is the folder that holds `imagenet_captions/`; captions are pairs of its titles, so that words have their real
frequencies. Plain pyarrow reads the same Parquet files and writes them again as they are, in the same row groups and
compression; the JSON list is loaded by `json`; tars are read by `webdataset` and by `tarfile`, which look into nothing
and write nothing. `--curated` runs the whole verb `curate` in this process: half of the captions are drawn, and the
report is part of it. Also: images that are not decoded (JPEG, of 32 and of 256 pixels a side) against such a copy,
decoded ones against the decoding alone. Processor seconds of this process, which has one thread; the median of the
rounds, after one that is not counted. `--memory`: the most memory of a process of its own that ingests so many
captions from each source."""

import io
import json
import os
import resource
import statistics
import sys
import tarfile
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import webdataset
from PIL import Image

from benchmarks.inputs.recombined import make_keywords
from benchmarks.timing.watched import watch
from flows.config.pipeline import PipelineConfig
from flows.run import run_here
from storage.record.external import external
from storage.store.workspace import Runtime
from storage.tables.shards import ROWS_PER_GROUP
from tasks.ingest.config import SourceConfig
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.pictures.images import inspect_image
from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.imagenet_captions.config import ImageNetCaptionsConfig
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
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


def medians(ways: Mapping[str, Callable[[], object]]) -> dict[str, float]:
    """Processor seconds of every way."""
    taken: dict[str, list[float]] = {name: [] for name in ways}
    for number in range(ROUNDS + 1):
        for name, way in ways.items():
            started = time.process_time()
            way()
            if number:
                taken[name].append(time.process_time() - started)
    return {name: statistics.median(seconds) for name, seconds in taken.items()}


def show(rows: int, seconds: Mapping[str, float], size: int) -> None:
    """`size`: bytes of the file that each way reads."""
    for name, each in seconds.items():
        speed = f"{rows / each:>12,.0f} rows/s {size / each / 1e6:>8,.1f} MB/s"
        print(f"{rows:>10,} rows  {name:<28} {each:7.2f} s  {speed}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1e3
    print(f"{'':>10}       peak memory so far {peak:,.0f} MB")


def write_texts(titles: pa.Array, rows: int, folder: Path) -> dict[str, SourceConfig]:
    """The same captions in every format."""
    column = captions(titles, rows)
    pq.write_table(pa.table({"caption": column}), folder / "captions.parquet", row_group_size=1 << 17)
    clean = pc.replace_substring_regex(column, "[\t\n\r]", " ")
    with (folder / "captions.tsv").open("w", encoding="utf-8") as table:
        table.write("title\tfilepath\n")
        table.writelines(f"{text.as_py()}\tphotos/n{row % 1_000:08d}/{row}.jpg\n" for row, text in enumerate(clean))
    with (folder / "captions.json").open("w", encoding="utf-8") as listing:
        entries = ({"filename": f"{row}.jpg", "wnid": f"n{row % 1_000:08d}", "title": text.as_py()} for row, text in
                   enumerate(clean))  # fmt: skip
        listing.writelines(("[" if row == 0 else ",") + json.dumps(entry) for row, entry in enumerate(entries))
        listing.write("]")
    write_tar(folder / "captions.tar", ((f"{row:09d}.txt", text.as_py().encode()) for row, text in enumerate(clean)))
    return text_sources(folder)


def text_sources(folder: Path) -> dict[str, SourceConfig]:
    return {
        "Parquet": HuggingFaceParquetConfig(name="hub", path=folder / "captions.parquet", image_column=None),
        "TAB table": BalanceCsvConfig(name="titles", path=folder / "captions.tsv", images="none"),
        "JSON list": ImageNetCaptionsConfig(name="list", path=folder / "captions.json", captions=("title",)),
        "tar": WebdatasetConfig(name="tar", path=folder / "captions.tar", image=None),
    }


def write_tar(path: Path, members: Iterator[tuple[str, bytes]]) -> None:
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        for name, content in members:
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


def read_by_webdataset(path: Path) -> int:
    return sum(1 for _ in webdataset.WebDataset([str(path)], shardshuffle=False))


def read_by_tarfile(path: Path) -> int:
    with tarfile.open(path) as tar:
        return sum(len(tar.extractfile(member).read()) for member in tar)  # type: ignore[union-attr]


def texts(titles: pa.Array, rows: int, folder: Path) -> None:
    sources = write_texts(titles, rows, folder)
    plain: dict[str, Callable[[], object]] = {
        "Parquet": lambda: copied(folder / "captions.parquet"),
        "JSON list": lambda: json.loads((folder / "captions.json").read_bytes()),
        "tar": lambda: read_by_webdataset(folder / "captions.tar"),
    }
    for name, config in sources.items():
        ways: dict[str, Callable[[], object]] = {f"{name}": lambda config=config: ingested(config)}  # type: ignore[misc]
        if name in plain:
            ways[f"{name}, plain reading"] = plain[name]
        show(rows, medians(ways), Path(str(config.path)).stat().st_size)  # type: ignore[union-attr]


def memory(data: str, titles: pa.Array, sizes: list[int]) -> None:
    """The most memory of one process for each source and size, MB."""
    for rows in sizes:
        with tempfile.TemporaryDirectory() as folder:
            for name in write_texts(titles, rows, Path(folder)):
                seen = watch("benchmarks.ingest", [data, "--one", folder, name], os.environ)
                print(f"{rows:>10,} rows  {name:<28} {seen.peak:7,.0f} MB at most")


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
    show(count, seconds, path.stat().st_size)
    share = seconds["pyarrow copy"] / seconds["images, not decoded"]
    print(
        f"not decoded: {share:.0%} of the copy; decoded: {seconds['images, decoded'] / seconds['decoding alone']:.2f}×"
    )


def curated(config: HuggingFaceParquetConfig, keywords: Path, count: int) -> None:
    """The verb `curate` on one thread, into a store that is thrown away."""
    with tempfile.TemporaryDirectory() as folder:
        experiment = PipelineConfig.model_validate(
            {
                "name": "images",
                "output": folder,
                "store": f"{folder}/store",
                "parallel": 1,
                "workers": 1,
                "sources": [config.model_dump()],
                "metadata": {"sources": [{"kind": "text"}], "files": str(keywords)},
                "balancing": {"method": "rake", "target": {"kind": "capped", "t": count / 1_000}, "steps": ["y"]},
                "resampling": {"size": count // 2},
            }
        )
        run_here(experiment, "curate", announce=lambda said: None)


def whole_way(titles: pa.Array, side: int, count: int, folder: Path) -> None:
    contents = list(jpegs(side, count))
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    cells = pa.array([{"bytes": content, "path": f"{row}.jpg"} for row, content in enumerate(contents)], kind)
    texts, path, keywords = captions(titles, count), folder / "images.parquet", folder / "keywords.txt"
    pq.write_table(pa.table({"caption": texts, "image": cells}), path)
    keywords.write_text("\n".join(make_keywords(texts.slice(0, 10_000).to_pylist(), 10_000)), encoding="utf-8")
    hub = HuggingFaceParquetConfig(name="hub", path=path, rows_per_group=max(10_000, count // 8))

    def decode() -> None:
        for content in contents:
            inspect_image(content, hub)

    seconds = medians(
        {
            "pyarrow copy": lambda: copied(path),
            "curated, not decoded": lambda: curated(hub.model_copy(update={"verify": "header"}), keywords, count),
            "decoding alone": decode,
            "curated, decoded": lambda: curated(hub, keywords, count),
        }
    )
    print(f"{side} pixels, {np.mean([*map(len, contents)]) / 1e3:.1f} kB a picture, Parquet to curated Parquet")
    show(count, seconds, path.stat().st_size)
    share = seconds["pyarrow copy"] / seconds["curated, not decoded"]
    times = seconds["curated, decoded"] / seconds["decoding alone"]
    print(f"not decoded: {share:.0%} of the copy; decoded: {times:.2f}×")


def tars(titles: pa.Array, side: int, count: int, folder: Path) -> None:
    texts = captions(titles, count).to_pylist()
    path = folder / "images.tar"
    parts = zip(jpegs(side, count), texts, strict=True)
    write_tar(
        path,
        (
            member
            for row, (content, text) in enumerate(parts)
            for member in (
                (f"{row:09d}.jpg", content),
                (f"{row:09d}.txt", text.encode()),
                (f"{row:09d}.json", json.dumps({"caption": text, "key": f"{row:09d}", "status": "success"}).encode()),
            )
        ),
    )
    headers = WebdatasetConfig(name="tar", path=path, verify="header")
    ways = {
        "webdataset": lambda: read_by_webdataset(path),
        "tarfile": lambda: read_by_tarfile(path),
        "tar, not decoded": lambda: ingested(headers),
        "tar, decoded": lambda: ingested(headers.model_copy(update={"verify": "decode"})),
    }
    seconds = medians(ways)
    show(count, seconds, path.stat().st_size)
    print(f"not decoded: {seconds['webdataset'] / seconds['tar, not decoded']:.2f}× webdataset's reading alone")


def main() -> None:
    pa.set_cpu_count(1)
    pa.set_io_thread_count(1)
    data, *rest = sys.argv[1:] or sys.exit(__doc__)
    if rest[:1] == ["--one"]:
        ingested(text_sources(Path(rest[1]))[rest[2]])
        return
    listed = (Path(data) / "imagenet_captions" / "imagenet_captions_val_c250.csv").read_text(encoding="utf-8")
    titles = pa.array([line.split("\t")[0] for line in listed.split("\n")[1:] if line])
    if rest[:1] == ["--memory"]:
        memory(data, titles, list(map(int, rest[1:] or ("10_000", "100_000", "1_000_000"))))
        return
    with tempfile.TemporaryDirectory() as folder:
        if rest[:1] == ["--curated"]:
            whole_way(titles, int(rest[1]), int(rest[2]), Path(folder))
            return
        if rest[:1] == ["--images"]:
            images(titles, int(rest[1]), int(rest[2]), Path(folder))
            tars(titles, int(rest[1]), int(rest[2]), Path(folder))
            return
        for rows in map(int, rest or ("100_000", "1_000_000")):
            texts(titles, rows, Path(folder))
        for side, count in IMAGES.items():
            images(titles, side, count, Path(folder))
            tars(titles, side, count, Path(folder))


if __name__ == "__main__":
    main()
