"""img2dataset's tars and tables: joined on key and status, and every row of the table accounted for."""

from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from storage.errors import InputError
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.sources.webdataset import read
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tests.tasks.ingest.conftest import image_bytes
from tests.tasks.ingest.sources.webdataset.conftest import taken, write_tar

RED = image_bytes("red")
FAILED = "failed_to_download"


def shard(folder: Path, present: list[int], statuses: list[str | None], **columns: list) -> None:
    """As img2dataset writes one: `present` rows in the tar, every row in the table."""
    keys = [f"{number:09d}" for number in range(len(statuses))]
    members = [
        (f"{keys[n]}.{part}", body) for n in present for part, body in (("jpg", RED), ("txt", b"caption %d" % n))
    ]
    write_tar(folder / "00000.tar", members)
    errors = [None if status == "success" else "HTTP Error 404: Not Found" for status in statuses]
    table = {"url": keys, "key": keys, "caption": [f"caption {n}" for n in range(len(keys))], "status": statuses,
             "error_message": errors} | columns  # fmt: skip
    pq.write_table(pa.table(table), folder / "00000.parquet")


def keys(rows: list[dict]) -> list[str]:
    return [row["key"].removeprefix("00000.tar:00000000") for row in rows]


def test_rows_that_failed_are_rejected_with_their_reason(tmp_path: Path) -> None:
    shard(tmp_path, [0, 2], ["success", FAILED, "success", "failed_to_resize"])
    accepted, rejected = taken(tmp_path)
    assert keys(accepted) == ["0", "2"] and keys(rejected) == ["1", "3"]
    assert [row["reason"] for row in rejected] == ["not downloaded"] * 2
    assert "status failed_to_download: HTTP Error 404" in rejected[0]["detail"]


def test_a_sample_without_success_is_rejected_and_a_success_without_sample_too(tmp_path: Path) -> None:
    shard(tmp_path, [0, 1], ["success", FAILED, "success", None])
    _, rejected = taken(tmp_path)
    assert list(zip(keys(rejected), [row["reason"] for row in rejected], strict=True)) == [
        ("1", "not downloaded"), ("2", "missing image"), ("3", "not downloaded"),
    ]  # fmt: skip


def test_a_sample_that_the_table_does_not_know(tmp_path: Path) -> None:
    shard(tmp_path, [0], ["success"])
    members = [("000000000.jpg", RED), ("000000000.txt", b"x"), ("7.jpg", RED), ("7.txt", b"y")]
    write_tar(tmp_path / "00000.tar", members)
    accepted, rejected = taken(tmp_path)
    assert keys(accepted) == ["0"]
    assert [(row["key"], row["reason"]) for row in rejected] == [("00000.tar:7", "malformed row")]
    assert len(taken(tmp_path, table="none")[0]) == 2


def test_rows_may_be_kept_without_their_image(tmp_path: Path) -> None:
    shard(tmp_path, [0], ["success", FAILED])
    accepted, rejected = taken(tmp_path, missing_images="keep")
    assert not rejected
    assert [(row["caption"], row["image"] is None) for row in accepted] == [("caption 0", False), ("caption 1", True)]


def test_scores_of_the_table(tmp_path: Path) -> None:
    shard(tmp_path, [0, 2], ["success", FAILED, "success"], clip=[0.25, 0.5, None], width=[4, 5, 6])
    accepted, _ = taken(tmp_path, scores=("clip", "width"))
    assert [row["scores"] for row in accepted] == [{"clip": 0.25, "width": 4.0}, {"clip": None, "width": 6.0}]
    with pytest.raises(InputError, match=r"the score 'url' of the table beside 00000\.tar is string"):
        taken(tmp_path, scores=("url",))


def test_a_key_twice_in_the_table(tmp_path: Path) -> None:
    shard(tmp_path, [0], ["success", "success"], key=["000000000"] * 2)
    accepted, rejected = taken(tmp_path)
    assert keys(accepted) == ["0"]
    assert [row["reason"] for row in rejected] == ["missing image"]


@pytest.mark.parametrize("kind", [pa.string(), pa.large_string(), pa.dictionary(pa.int32(), pa.string())])
def test_every_form_of_text(tmp_path: Path, kind: pa.DataType) -> None:
    shard(tmp_path, [0], ["success", FAILED])
    table = pq.read_table(tmp_path / "00000.parquet")
    columns = [table[name].cast(kind) if name in ("key", "status") else table[name] for name in table.column_names]
    pq.write_table(pa.table(columns, table.column_names), tmp_path / "00000.parquet")
    accepted, rejected = taken(tmp_path)
    assert (keys(accepted), keys(rejected)) == (["0"], ["1"])


def test_the_rest_is_the_same_whatever_the_blocks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shard(tmp_path, [1, 4, 6], [FAILED, "success"] * 5)
    whole = taken(tmp_path)
    monkeypatch.setattr(read, "SAMPLES_AT_ONCE", 2)
    assert taken(tmp_path) == whole
    assert len(whole[0]) + len(whole[1]) == 10


def test_another_table_beside_is_left_alone_unless_it_is_needed(tmp_path: Path) -> None:
    shard(tmp_path, [0], ["success"])
    pq.write_table(pa.table({"a": [1]}), tmp_path / "00000.parquet")
    assert keys(taken(tmp_path)[0]) == ["0"]
    with pytest.raises(InputError, match="has no columns key and status"):
        taken(tmp_path, table="img2dataset")
    (tmp_path / "00000.parquet").unlink()
    with pytest.raises(InputError, match=r"00000\.parquet does not exist"):
        taken(tmp_path, table="img2dataset")
    (tmp_path / "00000.parquet").write_bytes(b"PAR1")
    with pytest.raises(InputError, match="not a readable Parquet file"):
        taken(tmp_path)


def test_tables_are_among_the_files_that_a_group_depends_on(tmp_path: Path) -> None:
    shard(tmp_path, [0], ["success"])
    write_tar(tmp_path / "00001.tar.gz", [])
    config = WebdatasetConfig(name="w", path=tmp_path, pattern="*.tar*")
    files = [[path.name for path in sources_of(config, group)] for group in plan_groups(config)]
    assert files == [["00000.tar", "00000.parquet"], ["00001.tar.gz"]]
    config = config.model_copy(update={"table": "none"})
    assert [len(sources_of(config, group)) for group in plan_groups(config)] == [1, 1]
