"""One curation of the same files from a folder, a web server and an object store: the same digests."""

from __future__ import annotations

import json
import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from flows.config.pipeline import PipelineConfig
from flows.engine.status import StatusEngine
from flows.graph.ingest import ingest_graph
from flows.run import run_here
from storage.places import retry
from tests.servers import ObjectStore, serve
from tests.tasks.ingest.conftest import image_bytes
from tests.tasks.ingest.sources.webdataset.conftest import write_tar

COLOURS = ("red", "blue", "green", "black")


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "PAUSES", [0.0] * 4)


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """The same few rows in every format that is read."""
    root = tmp_path / "data"
    captions = [f"a {COLOURS[row % 4]} square, number {row}" for row in range(24)]
    images = [image_bytes(COLOURS[row % 4]) for row in range(24)]
    for shard in range(2):
        rows = range(12 * shard, 12 * shard + 12)
        texts = [caption.encode() for caption in captions]
        write_tar(
            root / "tars" / f"{shard}.tar",
            [(f"{row:03d}.{part}", body[row]) for row in rows for part, body in (("jpg", images), ("txt", texts))],
        )
        keys, status = [f"{row:03d}" for row in rows], ["success"] * 12
        table = pa.table({"key": [*keys, f"x{shard}"], "status": [*status, "failed_to_download"]})
        pq.write_table(table, root / "tars" / f"{shard}.parquet")
    (root / "hub").mkdir()
    pq.write_table(pa.table({"caption": captions, "image": images}), root / "hub" / "a b.parquet")
    for row in range(4):
        folder = root / "photos" / f"n{row}"
        folder.mkdir(parents=True)
        (folder / "1.jpg").write_bytes(images[row])
    lines = "".join(f"{captions[row]}\tphotos/n{row}/1.jpg\n" for row in range(4))
    (root / "titles.tsv").write_text("title\tfilepath\n" + lines)
    entries = [{"filename": "1.jpg", "wnid": f"n{row}", "title": captions[row]} for row in range(1)]
    (root / "titles.json").write_text(json.dumps(entries))
    return root


def experiment(root: str, output: Path) -> PipelineConfig:
    sources: list[dict[str, Any]] = [
        {"kind": "webdataset", "name": "tars", "path": f"{root}/tars"},
        {"kind": "huggingface_parquet", "name": "hub", "path": f"{root}/hub"},
        {"kind": "balance_csv", "name": "titles", "path": f"{root}/titles.tsv", "image_folder": f"{root}/photos"},
        {"kind": "imagenet_captions", "name": "list", "path": f"{root}/titles.json", "image_folder": f"{root}/photos"},
    ]
    return PipelineConfig(
        name="same",
        output=output,
        store=output / "store",
        sources=sources,
        metadata={"sources": [{"kind": "entries", "entries": list(COLOURS)}]},
        balancing={"method": "threshold", "size": 20},
    )


def digests(root: str, output: Path) -> list[tuple[str, str, str]]:
    """Label, state and digest of every stage that makes data; the report tells keys and paths too."""
    nodes = run_here(experiment(root, output), "curate", lambda line: None)
    return [
        (node.label, node.state, node.manifest.digest) for node in nodes if node.manifest and node.stage != "report"
    ]


def ran_again(before: list[tuple[str, str, str]]) -> list[tuple[str, str, str]]:
    return [(label, "cached", digest) for label, _, digest in before]


@pytest.fixture
def expected(data: Path, tmp_path: Path) -> list[tuple[str, str, str]]:
    found = digests(str(data), tmp_path / "local")
    assert {state for _, state, _ in found} == {"ran"} and len(found) > 8
    return found


def test_from_a_web_server_that_fails_in_the_middle(
    data: Path, tmp_path: Path, expected: list[tuple[str, str, str]]
) -> None:
    with serve(data) as server:
        server.failures = 3
        assert digests(server.url, tmp_path / "http") == expected
        assert server.failures == 0
        server.seen.clear()
        assert digests(server.url, tmp_path / "http") == ran_again(expected)
        assert server.seen == []  # a cached run asks for sizes and marks, and reads nothing
        (data / "tars" / "1.tar").unlink()
        write_tar(data / "tars" / "1.tar", [("new.jpg", image_bytes()), ("new.txt", b"a red one")])
        config = experiment(server.url, tmp_path / "http")
        engine = StatusEngine(config.runtime)
        ingest_graph(engine, config.sources, config.runtime.store)
        assert [plan.label for plan in engine.plans if plan.action != "cached"] == ["ingest tars 1.tar"]


@pytest.fixture
def s3(monkeypatch: pytest.MonkeyPatch) -> Iterator[ObjectStore]:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    with ObjectStore() as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        yield store


@pytest.mark.slow
def test_from_an_object_store_that_fails_in_the_middle(
    data: Path, tmp_path: Path, expected: list[tuple[str, str, str]], s3: ObjectStore
) -> None:
    url = s3.put(data, "bucket")
    s3.failures = 3
    assert digests(url, tmp_path / "s3") == expected
    assert s3.failures == 0
    s3.seen.clear()
    assert digests(url, tmp_path / "s3") == ran_again(expected)
    assert s3.seen == []


def test_a_files_name_is_one_legible_line_of_a_label(tmp_path: Path) -> None:
    path = tmp_path / "a\n\x1b[2J.csv"
    path.write_text("text\na red dog\n")
    source = {"kind": "table", "name": "rows", "path": str(path), "caption_column": "text", "image_column": None}
    metadata = {"sources": [{"kind": "entries", "entries": ["red"]}]}
    config = PipelineConfig.model_validate(
        {"name": "x", "store": str(tmp_path / "store"), "sources": [source], "metadata": metadata}
    )
    engine = StatusEngine(config.runtime)
    ingest_graph(engine, config.sources, config.runtime.store)
    assert [plan.label for plan in engine.plans] == ["ingest rows a⟨U+000A⟩⟨U+001B⟩[2J.csv"]
