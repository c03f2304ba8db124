"""What this machine lacks, and verbs that have nothing to do."""

import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from flows.config.pipeline import load_config
from flows.preflight import machine
from flows.run import run_here
from storage.errors import InputError
from tests.flows.conftest import edit
from tests.flows.preflight.faults import BARE, faults


def test_a_device_that_is_not_there(small: Path) -> None:
    import torch

    absent = f"cuda:{torch.cuda.device_count()}"
    (fault,) = faults(edit(small, device=absent))
    assert f"`device` is {absent}, but" in fault
    assert faults(small, "curate") == []  # which encodes nothing, and needs no device
    with pytest.raises(InputError, match="cannot run: `device`"):
        run_here(load_config(small), "pipeline", lambda line: None)
    assert not (small.parent / "store").exists()


def test_a_clusters_devices_are_its_own(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has the device, too")
    on_ray = edit(small, device="cuda", runner="ray")
    monkeypatch.setenv("RAY_ADDRESS", "")
    assert "torch finds no CUDA device on this machine" in faults(on_ray)[0]
    monkeypatch.setenv("RAY_ADDRESS", "10.0.0.1:6379")
    assert faults(on_ray) == []
    assert faults(edit(small, device="cuda:1", runner="ray")) == [
        "`device` is cuda:1, but Ray chooses which GPU a run gets; set `device: cuda`"
    ]


def test_a_verb_that_has_nothing_to_do(small: Path) -> None:
    bare = edit(small, **BARE)
    assert faults(bare) == []
    assert "train has nothing to do" in faults(bare, "train")[0]
    assert "evaluate has nothing to do" in faults(bare, "evaluate")[0]


def test_a_package_that_a_list_needs(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "find_spec", lambda name: None)
    found = faults(edit(small, metadata={"sources": [{"kind": "wordfreq"}]}, runner="ray"))
    assert "needs Ray" in found[0] and "`metadata.sources[0]` needs the package wordfreq" in found[1]


@pytest.mark.parametrize(
    ("given", "ranks", "named"),
    [
        ({"RANK": "1", "WORLD_SIZE": "2"}, 1, "(RANK=1 and WORLD_SIZE=2)"),
        ({"RANK": "0", "WORLD_SIZE": "2"}, 1, "(RANK=0 and WORLD_SIZE=2)"),
        ({"RANK": "3"}, 1, "(RANK=3)"),
        ({"RANK": "0", "WORLD_SIZE": "1"}, 2, "(RANK=0 and WORLD_SIZE=1)"),
        ({"RANK": "0", "WORLD_SIZE": "1"}, 1, None),
        ({}, 2, None),
    ],
)
def test_a_run_is_no_rank_of_a_launcher(
    small: Path, monkeypatch: pytest.MonkeyPatch, given: dict[str, str], ranks: int, named: str | None
) -> None:
    for name in ("RANK", "WORLD_SIZE"):
        monkeypatch.delenv(name, raising=False)
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    found = faults(edit(small, ranks=ranks))
    assert len(found) == (named is not None)
    assert named is None or (named in found[0] and "set `ranks`" in found[0])


def test_what_trains_is_asked_for_only_where_something_trains(small: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(machine, "missing", lambda *names: "torch")
    (fault,) = faults(small)
    assert fault.startswith("`training`: this needs torch") and fault.endswith("`--verb curate` can do without")
    assert faults(small, "curate") == []
    screened = edit(small, screening={"encoder": {"settings": {"encoder": "pixels", "modality": "image"}},
                                      "deduplicate": {"content": "pair", "near": 0.05}})  # fmt: skip
    assert "`screening` compares pictures" in faults(screened, "curate")[0]
    assert faults(edit(screened, screening=None, **BARE)) == []


def test_results_that_have_no_place(small: Path, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    (fault,) = faults(edit(small, output=str(tmp_path / "file" / "run")))
    assert "is a file, where a folder is needed" in fault


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user, whom only root can become")
@pytest.mark.parametrize(("mode", "records", "said"), [(0o777, 0o755, "not to .records in it; let root `chmod"),
                                                      (0o777, 0o777, ""), (0o755, 0o755, "")])  # fmt: skip
def test_folders_of_a_store_that_are_closed_to_this_user(mode: int, records: int, said: str) -> None:
    program = (
        "import os, sys; from pathlib import Path; from flows.preflight.machine import _closed\n"
        "os.setuid(65534)\n"
        "print(*_closed(Path(sys.argv[1])))"
    )
    with tempfile.TemporaryDirectory() as shared:  # pytest's own folders are closed to other users
        (Path(shared) / ".records").mkdir()
        (Path(shared) / ".records").chmod(records)
        Path(shared).chmod(mode)
        done = subprocess.run([sys.executable, "-c", program, shared], capture_output=True, text=True, check=True)
    assert said in done.stdout and bool(done.stdout.strip()) == bool(said)
