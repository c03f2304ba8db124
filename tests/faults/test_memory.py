"""Workers whose memory runs out: by the kernel's hand, and by what `ulimit -v` grants."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from flows.workers.processes import Processes
from flows.workers.workers import Elsewhere
from storage.errors import EquipoiseError
from storage.store.workspace import Runtime
from tests.flows.workers.stages import hungry

GROUPS = (("/sys/fs/cgroup/memory", "memory.limit_in_bytes"), ("/sys/fs/cgroup", "memory.max"))
"""Where control groups that hold memory are made, and what limits it: as they were first, and as they are now."""


@pytest.fixture
def processes() -> Iterator[Processes]:
    workers = Processes()
    yield workers
    workers.close()


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group whose processes may hold 200 MB; the test is skipped where this user may make none."""
    for root, limit in GROUPS:
        made = Path(root, f"faults-{os.getpid()}")
        try:
            made.mkdir()
        except OSError:
            continue
        if (made / limit).is_file() and os.access(made / limit, os.W_OK):
            (made / limit).write_text(str(200 << 20))
            yield made
            made.rmdir()
            return
        made.rmdir()
    pytest.skip("no control group can be made here, which takes root")


@pytest.mark.slow
def test_a_worker_that_the_kernel_ends_is_a_sentence_with_what_to_change(
    tmp_path: Path, processes: Processes, group: Path
) -> None:
    runtime, there = Runtime(store=tmp_path), Elsewhere(processes)
    with pytest.raises(EquipoiseError) as told:
        hungry.run(megabytes=400, group=str(group), runtime=runtime, elsewhere=there)
    assert "lost 3 times, the last time because it was ended by SIGKILL, as the system does when" in str(told.value)
    assert "ask for fewer `megabytes`" in str(told.value)
    assert hungry.run(megabytes=4, runtime=runtime, elsewhere=there).stats == {"megabytes": 4}


@pytest.mark.slow
def test_a_worker_that_is_granted_no_more_is_a_sentence_with_what_to_change(
    tmp_path: Path, processes: Processes
) -> None:
    runtime, there = Runtime(store=tmp_path), Elsewhere(processes)
    with pytest.raises(EquipoiseError, match="the memory was not enough for the stage 'hungry': ask for fewer"):
        hungry.run(megabytes=400, more=100, runtime=runtime, elsewhere=there)
