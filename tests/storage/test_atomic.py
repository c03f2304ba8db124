"""A file is the old one or the new one, whoever else writes and whatever happens."""

import errno
import json
import os
import signal
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from storage.atomic import replacing, where_writable, write_changed, write_whole
from tests.paths import ROOT


def test_writers_at_once_leave_one_whole_file_and_nothing_else(tmp_path: Path) -> None:
    """One temporary name for all lost 138 of 800 writes, and 117 half files were read."""
    path = tmp_path / "lineage.json"
    texts = [json.dumps([number] * 5_000) for number in range(8)]
    write_whole(path, texts[0])
    with ThreadPoolExecutor(8) as pool:
        writes = [pool.submit(write_whole, path, texts[number % 8]) for number in range(200)]
        reads = [pool.submit(path.read_text) for _ in range(200)]
        assert all(write.exception() is None for write in writes)
        assert {read.result() for read in reads} <= set(texts)
    assert list(tmp_path.iterdir()) == [path]


def test_an_error_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "new" / "file"
    write_whole(path, b"old")
    with pytest.raises(RuntimeError), replacing(path) as temporary:
        temporary.write_text("half")
        raise RuntimeError
    assert path.read_bytes() == b"old" and list(path.parent.iterdir()) == [path]


def test_a_file_that_is_just_that_is_left_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "folder" / "scores.json"
    write_changed(path, "é")
    before = path.stat()
    for same in ("é", "é".encode()):
        write_changed(path, same)
    assert (path.stat().st_ino, path.stat().st_mtime_ns) == (before.st_ino, before.st_mtime_ns)
    write_changed(path, "e")
    assert path.read_text() == "e" and path.stat().st_ino != before.st_ino


def test_a_file_that_cannot_be_read_is_replaced(tmp_path: Path) -> None:
    closed = tmp_path / "lineage.json"
    closed.symlink_to(closed)  # as another user's file of mode 600 is: here, and not to be read
    write_changed(closed, "new")
    assert closed.read_text() == "new"


def test_what_a_killed_run_left_is_overwritten(tmp_path: Path) -> None:
    program = (
        "import os, sys, signal; from pathlib import Path; from storage.atomic import replacing\n"
        "with replacing(Path(sys.argv[1]), alone=True) as temporary:\n"
        "    temporary.write_text('half'); os.kill(os.getpid(), signal.SIGKILL)"
    )
    path = tmp_path / "checkpoint"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    for _ in range(2):
        done = subprocess.run([sys.executable, "-c", program, str(path)], env=environment, cwd=ROOT)
        assert done.returncode == -signal.SIGKILL and len(list(tmp_path.iterdir())) == 1 and not path.exists()
    with replacing(path, alone=True) as temporary:
        temporary.write_text("whole")
    assert path.read_text() == "whole" and list(tmp_path.iterdir()) == [path]


def test_what_a_read_only_place_refuses_is_left_out_and_said(caplog: pytest.LogCaptureFixture) -> None:
    for number in (errno.EROFS, errno.EACCES, errno.EPERM):
        with where_writable("the book"):
            raise OSError(number, "refused")
    assert caplog.text.count("the book is not written down") == 3
    with pytest.raises(OSError, match="full"), where_writable("the book"):
        raise OSError(errno.ENOSPC, "full")
