"""Which tars make a group, and what rows call them."""

from pathlib import Path

from storage.places.place import place
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tasks.ingest.sources.webdataset.plan import files_of, label_of, plan_tars, table_beside
from tests.servers import serve
from tests.tasks.ingest.sources.webdataset.conftest import write_tar


def test_a_new_tar_leaves_the_other_groups_as_they_were(tmp_path: Path) -> None:
    config = WebdatasetConfig(name="w", path=tmp_path)
    for number in range(3):
        write_tar(tmp_path / f"{number}.tar", [])
    before = plan_tars(config)
    assert [group.files for group in before] == [("0.tar",), ("1.tar",), ("2.tar",)]
    write_tar(tmp_path / "3.tar", [])
    assert plan_tars(config)[:3] == before
    for number in range(4, 33):
        write_tar(tmp_path / f"{number}.tar", [])
    assert len(plan_tars(config)) == 17


def test_the_table_beside() -> None:
    assert table_beside(Path("a.b/00000.tar")) == Path("a.b/00000.parquet")
    assert table_beside(Path("x/1.tar.gz")) == Path("x/1.parquet")
    assert str(table_beside(place("http://host/d/1.tar"))) == "http://host/d/1.parquet"


def test_a_signature_is_no_part_of_a_key() -> None:
    assert label_of("1.tar?sign=x", place("http://host/1.tar?sign=x")) == "1.tar"
    assert label_of("a?b/1.tar", Path("a?b/1.tar")) == "a?b/1.tar"


def test_the_files_of_a_group_at_a_url(tmp_path: Path) -> None:
    write_tar(tmp_path / "0.tar", [])
    (tmp_path / "0.parquet").touch()
    with serve(tmp_path) as server:
        config = WebdatasetConfig(name="w", path=f"{server.url}/{{0..0}}.tar")
        (group,) = plan_tars(config)
        assert [str(path) for path in files_of(config, group)] == [f"{server.url}/0.tar", f"{server.url}/0.parquet"]
        assert server.seen == []  # nothing is read for a plan
