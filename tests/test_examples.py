"""The programs in examples/ run, and show what they say they show."""

import importlib.util
import io
import tarfile
from pathlib import Path
from types import ModuleType

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tests.paths import ROOT

PROGRAMS = sorted((ROOT / "examples").glob("*.py"))


def program(name: str) -> ModuleType:
    """A program as a module, without running its `main`."""
    spec = importlib.util.spec_from_file_location(f"examples_{name}", ROOT / "examples" / f"{name}.py")
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", PROGRAMS, ids=lambda path: path.stem)
def test_a_program_is_short_explained_and_run_by_a_test(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert len(text.splitlines()) < 40
    assert text.startswith('"""')
    assert f'program("{path.stem}")' in Path(__file__).read_text(encoding="utf-8")


def test_balanced_captions_keep_rare_keywords_and_cap_common_ones() -> None:
    counts = program("balance_captions").main()
    assert counts["axolotl"] == (3, 3)
    assert counts["dog"] == (15, 15)
    assert counts["cat"][0] == 80 and counts["cat"][1] <= 25


def test_a_dictionary_is_a_configuration(tmp_path: Path) -> None:
    drawn = program("curate_in_python").main(str(tmp_path))
    assert "an axolotl 21" in drawn and sum("cat" in caption for caption in drawn) < 10


def test_folded_keywords_are_found_in_any_case() -> None:
    assert program("match_keywords").main() == [["New York", "new york"], ["café"], ["cat"], ["U.S.A."]]


def test_the_loop_learns() -> None:
    losses = program("torch_loop").main()
    assert losses[-1] < losses[0] / 5


def test_collapsed_points_come_near_the_simplex() -> None:
    length, simplex, norm = program("treg_on_points").main()
    assert 0.95 * simplex < length <= simplex * 1.001
    assert norm > 1


def test_treg_keeps_another_loss_from_collapse() -> None:
    mean_edge = program("treg_in_simsiam").main()
    assert mean_edge["T-REG"] > 3 * mean_edge["alone"]


def test_the_hidden_dimension_is_found() -> None:
    dimension, uniformity = program("shape_of_embeddings").main()
    assert dimension == pytest.approx(3, abs=0.25)
    assert 0 < uniformity < 400  # of 2,000 points; spread evenly they have about 1,400


def test_a_selection_is_drawn_from_tars_as_they_are(tmp_path: Path) -> None:
    for tar in range(2):
        with tarfile.open(tmp_path / f"{tar}.tar", "w") as file:
            for number in range(3):
                for extension, content in (("jpg", b"\xff"), ("txt", f"{tar}{number}".encode())):
                    member = tarfile.TarInfo(f"{number:04d}.{extension}")
                    member.size = len(content)
                    file.addfile(member, io.BytesIO(content))
    table = {"uid": ["0.tar:0001", "1.tar:0002"], "copies": [3, 1], "weight": [1.5, 0.5], "seed": [0, 0]}
    pq.write_table(pa.table(table), tmp_path / "weights.parquet")
    drawn = program("select_from_tars").main(f"{tmp_path}/{{0..1}}.tar", str(tmp_path / "weights.parquet"))
    assert drawn == {"01": 3, "12": 1}


def test_an_experiment_runs_from_python(tmp_path: Path) -> None:
    titles = tmp_path / "titles.tsv"
    titles.write_text("title\tfilepath\na red star\ta/1\na red ring\ta/2\na blue ring\tb/3\n", encoding="utf-8")
    config = tmp_path / "titles.yaml"
    config.write_text(
        f"output: {tmp_path}/run\n"
        f"sources: [{{kind: balance_csv, name: titles, path: {titles}, images: none}}]\n"
        "metadata: {sources: [{kind: entries, entries: [red, blue, star, ring]}]}\n"
        "balancing: {method: threshold, t: 1}\n",
        encoding="utf-8",
    )
    seconds = program("run_experiment").main(str(config))
    assert {"ingest", "match", "balance", "select", "gather", "report"} <= seconds.keys()
    assert (tmp_path / "run" / "summary.json").is_file()
