"""`export`, on a small curation."""

import json
import shutil
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
import yaml
from typer.testing import CliRunner

from flows.command import app
from flows.commands.delivery.export import WRITERS, export
from flows.config.pipeline import PipelineConfig, load_config
from flows.graph.stored import stored_curation
from flows.run import run_here
from storage.errors import InputError
from storage.export.tars import add, new_tar
from storage.places.place import place
from storage.tables.shards import read_table
from tasks.training.loaders.selected_tars import select
from tests.storage.export.curated import picture


def copies(config: PipelineConfig) -> int:
    return sum(read_table(stored_curation(config).shards(), ["multiplicity"])["multiplicity"].to_pylist())


@pytest.mark.parametrize("form", [form for form in WRITERS if form not in ("datacomp", "embeddings", "clip_benchmark")])
def test_every_form_holds_every_row_and_is_written_once(
    experiment: Path, config: PipelineConfig, tmp_path: Path, form: str
) -> None:
    call = ["export", str(experiment), str(tmp_path / "out"), "--format", form]
    done = CliRunner().invoke(app, call)
    assert done.exit_code == 0, done.output
    record = json.loads((tmp_path / "out" / "export.json").read_text())
    once = form in ("imagefolder", "huggingface", "weight_buckets")
    rows = len(read_table(stored_curation(config).shards(), ["id"])) if once else copies(config)
    assert record["rows"] == rows and f"{rows:,} rows" in done.output
    assert (tmp_path / "out" / "rejected.parquet").is_file()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")}
    assert "was there already" in CliRunner().invoke(app, call).output
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("*")} == before


def test_buckets_come_with_open_clips_options(experiment: Path, tmp_path: Path) -> None:
    done = CliRunner().invoke(app, ["export", str(experiment), str(tmp_path / "out"), "--format", "weight_buckets"])
    assert (tmp_path / "out" / "open_clip.txt").read_text().strip() in done.output
    assert "--train-data-upsampling-factors" in done.output


def test_keys_that_are_not_datacomp_s_are_refused(experiment: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="is not a DataComp uid"):
        export(experiment, tmp_path / "subset", format="datacomp")
    assert list(tmp_path.iterdir()) == []


def test_an_export_before_the_curation_says_what_to_run(small: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match="--verb curate"):
        export(small, tmp_path / "out")


def test_a_benchmark_is_made_of_what_was_held_out(experiment: Path, tmp_path: Path) -> None:
    with pytest.raises(InputError, match=r"set curated\.validation"):
        export(experiment, tmp_path / "out", format="clip_benchmark")


def test_another_export_is_never_written_over(experiment: Path, tmp_path: Path) -> None:
    export(experiment, tmp_path / "out", format="weights")
    with pytest.raises(InputError, match="holds another export"):
        export(experiment, tmp_path / "out", format="webdataset")


def test_what_is_taken_down_is_in_no_export(experiment: Path, config: PipelineConfig, tmp_path: Path) -> None:
    """Nothing is exported before the curation has run again, and then the rows are in none of the forms."""
    taken = sorted(read_table(stored_curation(config).shards(), ["id"])["id"].to_pylist())[:5]
    values = yaml.safe_load(experiment.read_text())
    values["balancing"] = {**values["balancing"], "takedown": taken}
    values["store"] = str(shutil.copytree(config.runtime.store, tmp_path / "store"))  # the other tests keep theirs
    other = tmp_path / "taken.yaml"
    other.write_text(yaml.safe_dump(values))
    with pytest.raises(InputError, match=r"is not in .* as it is configured now"):
        export(other, tmp_path / "out")
    run_here(load_config(other), "curate", announce=lambda line: None)
    export(other, tmp_path / "out", format="weights")
    keys = {row["key"] for row in read_table(stored_curation(config).shards(), ["id", "key"]).to_pylist()
            if row["id"] in taken}  # fmt: skip
    assert len(keys) == 5
    assert not keys & set(read_table(tmp_path / "out" / "weights.parquet")["uid"].to_pylist())
    export(other, tmp_path / "tars")
    tables = [read_table(path, ["id"]) for path in sorted((tmp_path / "tars").glob("0*.parquet"))]
    assert not {f"{id_:016x}" for id_ in taken} & {each for table in tables for each in table["id"].to_pylist()}
    with pytest.raises(InputError, match="holds another export"):
        export(experiment, tmp_path / "tars")
    assert np.all([len(table) for table in tables])


def test_an_export_goes_to_a_url(experiment: Path, config: PipelineConfig, tmp_path: Path) -> None:
    target = place(f"memory://{tmp_path.name}/out")
    for form in ("webdataset", "weight_buckets"):
        done = CliRunner().invoke(app, ["export", str(experiment), f"{target}/{form}", "--format", form])
        assert done.exit_code == 0 and "sent: " in done.output, done.output
    assert (target / "webdataset" / "00000000.tar").read_bytes()[:4] == b"0000"
    assert json.loads((target / "webdataset" / "sizes.json").read_text()) == {"00000000.tar": copies(config)}
    assert f"{target}/weight_buckets/bucket-00-" in (target / "weight_buckets" / "open_clip.txt").read_text()
    assert not list((config.folder / "exports").iterdir())
    with pytest.raises(InputError, match="opens the images of a CSV as local files"):
        export(experiment, f"{target}/csv", format="open_clip_csv")


@pytest.mark.parametrize("key", [None, "json.uid"])
def test_a_selection_of_tars_is_drawn_from_those_tars(tmp_path: Path, key: str | None) -> None:
    """Tars are curated, weights exported, and samples drawn from the same tars as often as the curation says."""
    for tar in range(2):
        with new_tar(tmp_path / f"{tar:05d}.tar") as file:
            for number in range(tar * 20, tar * 20 + 20):
                text = f"a {'red star' if number % 10 else 'blue ring'}"
                add(file, f"{number:09d}.png", picture(number, "PNG"))
                add(file, f"{number:09d}.txt", text.encode())
                add(file, f"{number:09d}.json", json.dumps({"uid": f"{number:032x}"}).encode())
    values = {
        "output": str(tmp_path / "run"),
        "sources": [{"kind": "webdataset", "name": "tars", "path": f"{tmp_path}/{{00000..00001}}.tar", "key": key}],
        "metadata": {"sources": [{"kind": "entries", "entries": ["red", "blue", "star", "ring"]}]},
        "balancing": {"method": "rake", "target": {"kind": "uniform"}},
    }
    path = tmp_path / "tars.yaml"
    path.write_text(yaml.safe_dump(values))
    run_here(load_config(path), "curate", announce=lambda line: None)
    export(path, tmp_path / "weights", format="weights")
    if key:
        export(path, tmp_path / "subset", format="datacomp")
        assert (tmp_path / "subset" / "subset.npy").is_file()
    table = read_table(stored_curation(load_config(path)).shards(), ["image", "multiplicity"]).to_pylist()
    wanted = Counter({each["image"]["bytes"]: each["multiplicity"] for each in table})
    drawn = select(f"{tmp_path}/{{00000..00001}}.tar", tmp_path / "weights", key=key)
    assert Counter(sample["png"] for sample in drawn) == wanted
    assert drawn.choice.total == wanted.total() and max(wanted.values()) > 1
