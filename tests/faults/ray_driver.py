"""A run on the cluster that `RAY_ADDRESS` names, one of whose nodes is lost while a stage is at work there."""

import os
import signal
import sys
import threading
import time
from pathlib import Path

from flows.workers import cluster
from flows.workers.job import carry_out
from tests.faults.child import run


class Held:
    """Carries out jobs; the first run of a stage on a node says where it is, and waits to be lost or let go."""

    def __init__(self, stage: str, marks: Path) -> None:
        self.stage, self.marks = stage, marks

    def __call__(self, job: bytes) -> bytes:
        """What a task of the cluster does."""
        import pickle

        import ray

        if pickle.loads(job).parts.stage == self.stage:
            node = ray.get_runtime_context().get_node_id()
            mark = self.marks / node
            if not mark.exists():
                mark.touch()
                for _ in range(600):
                    if (self.marks / "over").exists():
                        break
                    time.sleep(0.1)
        return carry_out(job)


def main(config: Path, stage: str, group: int, said: Path) -> None:
    """Run; when the stage is at work on both nodes, or on the second alone, the second one's processes are killed."""
    marks = said.with_suffix(".marks")
    marks.mkdir()
    held = Held(stage, marks)

    def answer(job: bytes) -> bytes:
        return held(job)

    cluster.carry_out = answer
    threading.Thread(target=_lose, args=(marks, group), daemon=True).start()
    run(config, None, said)


def _lose(marks: Path, group: int) -> None:
    import ray

    while not ray.is_initialized():
        time.sleep(0.05)
    second = next(node["NodeID"] for node in ray.nodes() if node["NodeName"] == "node 2")
    while not (marks / second).exists():
        time.sleep(0.05)
    os.killpg(group, signal.SIGKILL)
    (marks / "over").touch()


if __name__ == "__main__":
    main(Path(sys.argv[1]), sys.argv[2], int(sys.argv[3]), Path(sys.argv[4]))
