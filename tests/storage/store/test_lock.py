"""The lock: one holder among threads, free again after any end of its holder."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import pytest

from storage.store.lock import locked
from tests.paths import ROOT


def test_one_holder_at_a_time(tmp_path: Path) -> None:
    inside, most, guard = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal inside, most
        for _ in range(20):
            with locked(tmp_path / "lock") as held:
                assert held
                with guard:
                    inside += 1
                    most = max(most, inside)
                time.sleep(0.0005)
                with guard:
                    inside -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert most == 1 and not (tmp_path / "lock").exists()


def test_without_waiting(tmp_path: Path) -> None:
    with locked(tmp_path / "lock"), locked(tmp_path / "lock", wait=False) as second:
        assert not second
    with locked(tmp_path / "lock", wait=False) as free:
        assert free


def test_released_on_error(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), locked(tmp_path / "lock"):
        _ = 1 / 0
    with locked(tmp_path / "lock", wait=False) as free:
        assert free


def test_released_when_the_holder_is_killed(tmp_path: Path) -> None:
    program = (
        "import sys, time; from pathlib import Path; from storage.store.lock import locked\n"
        "with locked(Path(sys.argv[1])): print('held', flush=True); time.sleep(60)"
    )
    holder = subprocess.Popen([sys.executable, "-c", program, str(tmp_path / "lock")], stdout=subprocess.PIPE, cwd=ROOT)
    assert holder.stdout is not None and holder.stdout.readline() == b"held\n"
    with locked(tmp_path / "lock", wait=False) as free:
        assert not free
    os.kill(holder.pid, signal.SIGKILL)
    holder.communicate()
    with locked(tmp_path / "lock", wait=False) as free:
        assert free


@pytest.mark.skipif(os.geteuid() != 0, reason="needs a second user, whom only root can become")
@pytest.mark.parametrize(
    ("folder", "mode", "said"),
    [
        (0o777, 0o600, "may not be opened by this user"),
        (0o777, 0o644, ""),
        (0o777, 0o666, ""),
        (0o777, None, ""),
        (0o755, 0o644, ""),
        (0o755, None, "may not be written by this user; let its owner share it"),
    ],
)
def test_another_users_file_shuts_nobody_out(folder: int, mode: int | None, said: str) -> None:
    """A file that another user's killed run left, or none, in a folder that is shared, or is not."""
    program = (
        "import os, sys; from pathlib import Path; from storage.store.lock import locked\n"
        "os.setuid(65534)\n"
        "with locked(Path(sys.argv[1])) as held: print(held)"
    )
    with tempfile.TemporaryDirectory() as shared:  # pytest's own folders are closed to other users
        lock = Path(shared) / "lock"
        lock.parent.chmod(folder)
        if mode is not None:
            lock.touch()
            lock.chmod(mode)
        done = subprocess.run(
            [sys.executable, "-c", program, str(lock)], capture_output=True, text=True, cwd=ROOT, check=False
        )
    if said:
        assert f"StoreError: {shared}" in done.stderr and said in done.stderr
    else:
        assert done.stdout == "True\n", done.stderr


def test_who_waits_says_for_whom(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("INFO", logger="equipoise.store")
    released = threading.Event()

    def hold() -> None:
        with locked(tmp_path / "lock"):
            released.wait(10)

    holder = threading.Thread(target=hold)
    holder.start()
    while not (tmp_path / "lock").exists():
        time.sleep(0.001)
    threading.Timer(0.2, released.set).start()
    with locked(tmp_path / "lock") as held:
        assert held
    holder.join()
    assert f"waiting for process {os.getpid()} of" in caplog.text
