"""Messages through pipes, and processes that end with whoever started them."""

import io
import subprocess
import sys
import time
from pathlib import Path

import pytest

from flows.workers import child
from flows.workers.pipes import receive, send
from storage.children import child_environment
from tests.paths import ROOT

ENGINE = """
import sys
from pathlib import Path
from flows.workers.processes import Processes
from flows.workers.workers import Elsewhere
from storage.store.workspace import Runtime
from tests.flows.workers.stages import endless
folder = Path(sys.argv[1])
endless.run(mark=str(folder / "mark"), runtime=Runtime(store=folder / "store"), elsewhere=Elsewhere(Processes()))
"""


def test_messages_arrive_whole_or_not_at_all() -> None:
    pipe = io.BytesIO()
    for content in (b"", b"one", bytes(70_000)):
        send(pipe, content)
    whole = pipe.getvalue()
    pipe.seek(0)
    assert [receive(pipe), receive(pipe), receive(pipe)] == [b"", b"one", bytes(70_000)]
    for cut in (0, 3, len(whole) - 1):
        short = io.BytesIO(whole[:cut])
        with pytest.raises(EOFError):
            for _ in range(3):
                receive(short)


def test_a_worker_ends_in_mid_work_with_its_engine(tmp_path: Path) -> None:
    assert child.__name__ == "flows.workers.child"
    engine = subprocess.Popen([sys.executable, "-c", ENGINE, str(tmp_path)], env=child_environment(), cwd=ROOT)
    mark = tmp_path / "mark"
    while not (mark.is_file() and mark.read_text()):
        assert engine.poll() is None
        time.sleep(0.02)
    worker = Path("/proc") / mark.read_text()
    assert worker.exists()
    engine.kill()
    engine.wait()
    for _ in range(500):
        if not worker.exists() or "Z (zombie)" in (worker / "status").read_text():
            return
        time.sleep(0.02)
    raise AssertionError("the worker went on without its engine")
