"""The command line as a person uses it: one sentence for what can be mended, and nothing half-written."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from flows.commands.reading.status import COLOURS
from tests.flows.conftest import edit
from tests.paths import ROOT


def equipoise(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"OMP_NUM_THREADS": "1", "COLUMNS": "400"}
    command = [sys.executable, "-m", "flows.command", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, env=environment, timeout=300)


def fails_with(done: subprocess.CompletedProcess[str], *words: str) -> None:
    lines = [line for line in done.stderr.splitlines() if line.startswith("error:")]
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr + done.stdout
    assert len(lines) == 1
    for word in words:
        assert word in lines[0]


def nothing_half_written(folder: Path) -> None:
    assert not [path for path in folder.rglob("*") if ".tmp" in path.parts and path.name != ".tmp"]
    for stage in folder.glob("store/[!.]*/*"):
        assert (stage / "manifest.json").is_file()


def test_a_typo_in_the_configuration(small: Path) -> None:
    done = equipoise("run", edit(small, resampling={"methd": "poisson"}), "--no-server")
    fails_with(done, "resampling.methd", "did you mean `method`")
    assert not (small.parent / "store").exists()


def test_a_missing_source_file(small: Path) -> None:
    source = {"kind": "huggingface_parquet", "name": "pairs", "path": str(small.parent / "absent.parquet")}
    changed = edit(small, sources=[source], training=None, evaluation=None, geometry=None, encoder=None)
    fails_with(equipoise("run", changed, "--no-server"), "absent.parquet")
    nothing_half_written(small.parent)


def test_nothing_matches(small: Path) -> None:
    metadata = {"sources": [{"kind": "entries", "entries": ["zeppelin"]}]}
    changed = edit(small, metadata=metadata, training=None, evaluation=None, geometry=None, encoder=None)
    fails_with(equipoise("run", changed, "--no-server"), "in balance")
    nothing_half_written(small.parent)


def test_unreadable_images_only(small: Path) -> None:
    import pyarrow as pa

    from storage.tables.shards import write_table

    broken = [{"bytes": b"not an image", "path": None}] * 3
    write_table(small.parent / "pairs.parquet", pa.table({"caption": ["a", "b", "c"], "image": broken}))
    source = {"kind": "huggingface_parquet", "name": "pairs", "path": str(small.parent / "pairs.parquet")}
    changed = edit(small, sources=[source], training=None, evaluation=None, geometry=None, encoder=None)
    fails_with(equipoise("run", changed, "--no-server"), "pairs", "unreadable")
    nothing_half_written(small.parent)


@pytest.mark.parametrize("command", ["status", "verify"])
def test_before_the_first_run(small: Path, command: str) -> None:
    done = equipoise(command, small)
    assert done.returncode == 0, done.stderr
    assert {"status": "never run", "verify": "0 files"}[command] in done.stdout


def test_errors_and_answers_are_json_where_it_is_asked_for(small: Path) -> None:
    done = equipoise("status", small, "--json")
    found = json.loads(done.stdout)
    assert done.returncode == 0 and found["faults"] == [] and found["counts"]["cached"] == 0
    assert found["counts"].keys() == COLOURS.keys()
    failed = equipoise("status", small.parent / "absent.yaml", "--json")
    assert failed.returncode == 1 and failed.stdout == ""
    assert "does not exist" in json.loads(failed.stderr)["error"]
    assert equipoise("status").returncode == 2


def test_status_tells_all_that_is_missing(small: Path) -> None:
    source = {"kind": "huggingface_parquet", "name": "pairs", "path": str(small.parent / "absent.parquet")}
    done = equipoise("status", edit(small, sources=[source], evaluation=None, device="cuda:99"))
    assert "cannot run: `sources[0].path`" in done.stdout and "cannot run: `device` is cuda:99" in done.stdout


LOADED = """
import sys
from flows.command import main
sys.argv = ["equipoise", *sys.argv[1:]]
try:
    main()
except SystemExit:
    pass
heavy = {"torch", "torchvision", "prefect", "numba", "scipy", "sklearn", "transformers", "open_clip", "faiss",
         "lightning", "matplotlib", "polars", "pandas", "openlineage", "requests"}
print(sorted(heavy & set(sys.modules)))
"""


def loaded_by(*arguments: str | Path) -> str:
    """What of the large packages a command has loaded when it is done: the last line."""
    command = [sys.executable, "-c", LOADED, *map(str, arguments)]
    done = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, timeout=300)
    return done.stdout.splitlines()[-1]


def test_asking_loads_nothing_large(small: Path) -> None:
    """`status` took 16 seconds, 14 of them imports of what it never called."""
    assert loaded_by("--help") == "[]"
    assert loaded_by("status", small) == "[]"
    assert loaded_by("fields", "balancing") == "[]"
    assert loaded_by("diff", small.parent, small.parent) == "[]"
    assert loaded_by("explain", small, "0") == "[]"  # nothing has run yet


def test_the_collector_is_held_back_before_the_imports() -> None:
    program = "import gc, sys, flows.command; print(gc.get_threshold()[0], *sys.modules)"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=ROOT, timeout=300)
    threshold, *modules = done.stdout.split()
    assert int(threshold) > 10_000 and modules.index("flows.patient") < modules.index("typer")


def test_a_run_without_a_server_does_not_load_prefect(small: Path) -> None:
    curated = edit(small, training=None, evaluation=None, encoder=None, geometry=None)
    assert "prefect" not in loaded_by("run", curated, "--no-server")
    assert not {"prefect", "torch"} & set(loaded_by("explain", curated, "scenes-0").split("'"))


def test_what_an_extra_brings_is_a_sentence_and_other_imports_are_faults(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from flows import command
    from storage.extras import PACKAGES

    monkeypatch.setitem(PACKAGES, "no_such_package", "train")
    for name, status, told in (("no_such_package", 1, "pip install 'equipoise[train]'"), ("another", 70, "a fault of")):

        def fails(name: str = name) -> None:
            raise ModuleNotFoundError(f"No module named {name!r}", name=name)

        monkeypatch.setattr(command, "app", fails)
        with pytest.raises(SystemExit) as ended:
            command.main()
        seen = capsys.readouterr().err
        assert ended.value.code == status and told in seen
        assert ("Traceback" in seen) == (status == 70)


INTERRUPTED = """
import os, signal, sys, threading, time
from concurrent.futures import ThreadPoolExecutor
from flows import command

@command.app.command()
def endless() -> None:
    ThreadPoolExecutor(1).submit(time.sleep, 3600)
    os.kill(os.getpid(), signal.SIGINT)
    time.sleep(3600)

signal.signal(signal.SIGINT, signal.default_int_handler)
sys.argv[1:] = ["endless"]
command.main()
"""


def test_ctrl_c_waits_for_no_stage_in_another_thread() -> None:
    """Typer makes an exit of it, at which Python waited for every thread: for hours, where one trains."""
    done = subprocess.run([sys.executable, "-c", INTERRUPTED], capture_output=True, text=True, cwd=ROOT, timeout=300)
    assert done.returncode == 130
    assert done.stderr == "interrupted; run the same command again to go on from what is in the store\n"
