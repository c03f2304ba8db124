"""The stages as the flows run them: files, stats, cache keys."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.errors import InputError
from storage.record.external import external
from storage.record.manifest import External, Manifest
from storage.store.workspace import Runtime
from storage.tables.schemas import PAIRS, REJECTED, Carried, with_carried
from storage.tables.shards import read_table
from tasks.ingest.config import SourceConfig
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.rows.unique_ids import require_unique_ids
from tasks.ingest.rules import Group
from tasks.ingest.sources.balance_csv.config import BalanceCsvConfig
from tasks.ingest.sources.huggingface.config import HuggingFaceParquetConfig
from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.stats import IngestStats
from tasks.ingest.summary import require_some_rows
from tasks.ingest.task import benchmark, ingest
from tests.tasks.ingest.conftest import image_bytes


def files_of(config: SourceConfig, group: Group, runtime: Runtime) -> list[External]:
    return [external(path, runtime.store) for path in sources_of(config, group)]


def pairs_of(manifest: Manifest, runtime: Runtime) -> list[Path]:
    return sorted((runtime.store / manifest.stage / manifest.key).glob("pairs-*.parquet"))


def test_scenes_from_plan_to_pairs(runtime: Runtime) -> None:
    config = ScenesConfig(rows=100, rows_per_group=40)
    manifests = [ingest.run(config, group, [], runtime=runtime) for group in plan_groups(config)]
    paths = [path for manifest in manifests for path in pairs_of(manifest, runtime)]
    table = read_table(paths)
    assert table.schema.equals(PAIRS)
    assert (len(manifests), table.num_rows) == (3, 100)
    assert require_unique_ids(paths) == 100
    assert require_some_rows(config.name, [IngestStats.of(manifest) for manifest in manifests]) == 100
    assert manifests[0].stats["images"] == "rendered"
    assert len(manifests[0].stats["class_names"]) == 64  # type: ignore[arg-type]


def test_scores_are_a_column_of_pairs_where_the_source_names_some(runtime: Runtime, tmp_path: Path) -> None:
    path = tmp_path / "a.parquet"
    pq.write_table(pa.table({"caption": ["one", " ", "two"], "score": [1, 2, 3]}), path)
    config = HuggingFaceParquetConfig(name="hub", path=path, image_column=None, scores=("score",))
    (group,) = plan_groups(config)
    manifest = ingest.run(config, group, files_of(config, group, runtime), runtime=runtime)
    table = read_table(pairs_of(manifest, runtime))
    assert table.schema.equals(with_carried(PAIRS, Carried(frozenset(["score"]))), check_metadata=True)
    assert table["scores"].to_pylist() == [{"score": 1.0}, {"score": 3.0}]


def test_table_keeps_every_row_and_says_that_images_stand_in(runtime: Runtime, image_folder: Path) -> None:
    table = image_folder.parent / "titles.csv"
    table.write_bytes(b"title\tfilepath\nA\tf/n01/7.jpg\nB\tf/n02/8.jpg\n\tf/n01/7.jpg\n")
    config = BalanceCsvConfig(name="titles", path=table, image_folder=image_folder, images="class")
    manifest = ingest.run(config, Group(), files_of(config, Group(), runtime), runtime=runtime)
    assert {"rows": 2, "rejected": 1, "reasons": {"empty caption": 1}}.items() <= manifest.stats.items()
    assert "stand-ins" in str(manifest.stats["images"])
    assert manifest.stats["class_names"] == ["n01", "n02"]
    rejected = pq.read_table(runtime.store / "ingest" / manifest.key / "rejected.parquet")
    assert rejected.schema.equals(REJECTED)
    assert rejected.num_rows == 1


def test_key_follows_content_and_not_place(runtime: Runtime, image_folder: Path, tmp_path: Path) -> None:
    def key(table: Path, **options: object) -> str:
        config = BalanceCsvConfig(name="t", path=table, image_folder=image_folder, **options)  # type: ignore[arg-type]
        return ingest.parts(config, Group(), files_of(config, Group(), runtime)).key

    for name in ("a.csv", "b.csv"):
        (tmp_path / name).write_bytes(b"title\tfilepath\nA\tn01/1.jpg\n")
    assert key(tmp_path / "a.csv") == key(tmp_path / "b.csv") == key(tmp_path / "a.csv", rows_per_group=7)
    assert key(tmp_path / "a.csv") != key(tmp_path / "a.csv", images="class")
    before = key(tmp_path / "a.csv")
    (image_folder / "n01" / "1.jpg").write_bytes(image_bytes("green"))
    assert key(tmp_path / "a.csv") != before


def test_a_source_without_a_row_is_one_sentence(runtime: Runtime, image_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_bytes(b"title\tfilepath\nA\tn01/9.jpg\n \tn01/1.jpg\nB\tn01/8.jpg\n")
    config = BalanceCsvConfig(name="t", path=tmp_path / "t.csv", image_folder=image_folder)
    manifest = ingest.run(config, Group(), files_of(config, Group(), runtime), runtime=runtime)
    assert manifest.stats["rows"] == 0
    with pytest.raises(InputError, match=r"no usable row .missing image: 2, empty caption: 1"):
        require_some_rows("t", [IngestStats.of(manifest)])
    with pytest.raises(InputError, match="it has no rows"):
        require_some_rows("t", [])


def test_two_sources_of_one_name_are_noticed(runtime: Runtime) -> None:
    first = ingest.run(ScenesConfig(rows=64), Group(), [], runtime=runtime)
    second = ingest.run(ScenesConfig(rows=64, seed=1), Group(), [], runtime=runtime)
    with pytest.raises(InputError, match=r"64 keys occur more than once .* of 'scenes'"):
        require_unique_ids([*pairs_of(first, runtime), *pairs_of(second, runtime)])


def test_benchmark_stage(runtime: Runtime) -> None:
    manifest = benchmark.run(ScenesConfig(test_images=64), runtime=runtime)
    assert manifest.stats["images"] == 64
    assert {file.path for file in manifest.files} >= {"shape/test/0.tar", "colour/test/nshards.txt"}
