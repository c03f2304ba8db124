"""`equipoise init` and then `run --verb curate`, on data as people hold them, with nothing edited in between."""

import io
import json
import logging
import tarfile
from collections.abc import Callable
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from typer.testing import CliRunner

from flows.api import run
from flows.command import app
from flows.commands.writing.init import configuration, init, keyword_list, line, name_of, quoted
from flows.config.pipeline import PipelineConfig, load_config
from storage.errors import InputError
from storage.tables.shards import read_table
from tasks.ingest.recognition.recognise import Recognised
from tests.servers import ObjectStore, serve
from tests.tasks.ingest.conftest import image_bytes

COLOURS, SHAPES = ("red", "blue", "green"), ("star", "ring", "cross", "heart")
CAPTIONS = [f"a {COLOURS[row % 3]} {SHAPES[row * row % 4]}" for row in range(24)]


def pictures(folder: Path) -> list[str]:
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{row}.png" for row in range(len(CAPTIONS))]
    for row, name in enumerate(names):
        (folder / name).write_bytes(image_bytes(COLOURS[row % 3], (8, 6 + row), "PNG"))
    return names


def table(root: Path) -> None:
    names = pictures(root / "images")
    lines = [f'images/{name},"{caption}"' for name, caption in zip(names, CAPTIONS, strict=True)]
    (root / "captions.csv").write_text("\n".join(["file,caption", *lines]))


def imagefolder(root: Path) -> None:
    rows = [{"file_name": name, "text": text} for name, text in zip(pictures(root / "train"), CAPTIONS, strict=True)]
    (root / "train" / "metadata.jsonl").write_text("\n".join(map(json.dumps, rows)))


def sidecar(root: Path) -> None:
    for name, caption in zip(pictures(root), CAPTIONS, strict=True):
        (root / name).with_suffix(".txt").write_text(caption)


def parquet(root: Path) -> None:
    names = pictures(root / "pictures")
    cells = [{"bytes": (root / "pictures" / name).read_bytes(), "path": None} for name in names]
    columns = {"caption": pa.array(CAPTIONS).dictionary_encode(), "image": cells, "label": [1.0, None] * 12}
    pq.write_table(pa.table(columns), root / "train-00000-of-00001.parquet")


def json_lines(root: Path) -> None:
    rows = [{"image": name, "caption": text} for name, text in zip(pictures(root), CAPTIONS, strict=True)]
    (root / "data.jsonl").write_text("\n".join(map(json.dumps, rows)))


def tars(root: Path) -> None:
    names = pictures(root.parent / "pictures")
    with tarfile.open(root / "00000.tar", "w") as file:
        for row, (name, caption) in enumerate(zip(names, CAPTIONS, strict=True)):
            file.add(root.parent / "pictures" / name, f"{row:09d}.png")
            text = tarfile.TarInfo(f"{row:09d}.txt")
            text.size = len(caption)
            file.addfile(text, io.BytesIO(caption.encode()))
    keys = [f"{row:09d}" for row in range(len(CAPTIONS))]
    columns = {"key": keys, "status": ["success"] * len(keys), "caption": CAPTIONS, "url": keys}
    pq.write_table(pa.table(columns), root / "00000.parquet")


@pytest.mark.parametrize("write", [tars, table, imagefolder, sidecar, parquet, json_lines])
def test_what_init_writes_runs_as_it_stands(tmp_path: Path, write: Callable[[Path], None]) -> None:
    root, out = tmp_path / 'data "x"', tmp_path / "my data.yaml"
    root.mkdir()
    write(root)
    done = CliRunner().invoke(app, ["init", str(root), "--out", str(out)])
    assert done.exit_code == 0, done.output
    assert "frequent words and word pairs of the captions" in " ".join(done.output.split())
    out.write_text(f"output: {quoted(tmp_path / 'run')}\n" + out.read_text())  # not into this checkout
    outcome = run(out, "curate")
    by_stage = {node.stage: node.manifest for node in outcome.nodes}
    assert by_stage["survey"].stats["rows"] == len(CAPTIONS)
    assert by_stage["ingest"].stats["rows_with_image"] == len(CAPTIONS)
    keywords = read_table(tmp_path / "store/metadata" / by_stage["metadata"].key / "entries.parquet")
    assert {"red", "star"} <= set(keywords["text"].to_pylist()) and "a" not in keywords["text"].to_pylist()
    again = CliRunner().invoke(app, ["init", str(root), "--out", str(out)])
    assert isinstance(again.exception, InputError) and "say --force" in str(again.exception)


def started_from(url: str, tmp_path: Path, *, curated: bool) -> PipelineConfig:
    """What `init` writes of a URL, and a curation of it where asked."""
    out = tmp_path / "web.yaml"
    done = CliRunner().invoke(app, ["init", url, "--out", str(out), "--force"])
    assert done.exit_code == 0, done.output
    out.write_text(f"output: {quoted(tmp_path / 'run')}\nstore: {quoted(tmp_path / 'store')}\n" + out.read_text())
    if curated:
        by_stage = {node.stage: node.manifest for node in run(out, "curate").nodes}
        assert by_stage["survey"].stats["rows"] == len(CAPTIONS)
        assert by_stage["ingest"].stats["rows_with_image"] == len(CAPTIONS)
    return load_config(out)


def test_a_folder_and_a_file_of_a_web_server(tmp_path: Path) -> None:
    (tmp_path / "tars").mkdir()
    (tmp_path / "lines").mkdir()
    tars(tmp_path / "tars")
    json_lines(tmp_path / "lines")
    with serve(tmp_path) as server:
        (source,) = started_from(f"{server.url}/tars/", tmp_path, curated=True).sources
        assert source.kind == "webdataset"
        name = next((tmp_path / "lines").glob("*.jsonl")).name
        (source,) = started_from(f"{server.url}/lines/{name}", tmp_path, curated=False).sources
        assert source.kind == "jsonl" and str(source.path) == f"{server.url}/lines/{name}"


@pytest.mark.slow
def test_a_folder_of_an_object_store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    (tmp_path / "data").mkdir()
    tars(tmp_path / "data")
    with ObjectStore() as store:
        for name, value in store.environment.items():
            monkeypatch.setenv(name, value)
        (source,) = started_from(store.put(tmp_path / "data", "init"), tmp_path, curated=True).sources
        assert source.kind == "webdataset"


def test_a_benchmark_gives_its_class_names(tmp_path: Path) -> None:
    text, said = keyword_list("imagenet1k")
    assert 'datasets: ["imagenet1k"]' in text and said == "keywords: the 998 class names of imagenet1k"
    with pytest.raises(InputError, match="no 'cifar11' in clip-benchmark"):
        keyword_list("cifar11")
    with pytest.raises(InputError, match=r"has no classnames\.txt"):
        keyword_list(str(tmp_path))
    (tmp_path / "classnames.txt").write_text("red\n")
    text, said = keyword_list(str(tmp_path))
    assert "kind: text" in text and str(tmp_path / "classnames.txt") in said


def test_names_of_files_cannot_write_yaml() -> None:
    hostile = "x\ndevice: cuda\u2028device: cuda # '\""
    found = Recognised("table", {"caption_column": hostile}, [hostile], [hostile])
    text = configuration(hostile, found, keyword_list(None)[0], hostile, name_of(Path(hostile)))
    assert not [each for each in text.splitlines() if each.strip().startswith("device")]
    assert line("a\nb\u202ec") == "a\ufffdb\ufffdc" and name_of(Path("a b.yaml")) == "a_b"


@pytest.mark.parametrize(
    ("path", "said"),
    [("", "PATH is empty"), ("nothing", "nothing does not exist; name a file"), ("empty", "empty is an empty folder")],
)
def test_what_names_nothing_is_said_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, path: str, said: str
) -> None:
    """An empty path walked the current folder."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InputError, match=said):
        init(path, tmp_path / "mine.yaml")
    assert not (tmp_path / "mine.yaml").exists()
