"""Readers of pairs wait for the survey over all of them; what reads none does not."""

from typing import Any

from flows.graph.after import After
from tests.flows.engine.test_engine import number, total
from tests.flows.graph.recorder import Recorder


def test_only_readers_wait() -> None:
    recorder = Recorder()
    engine: Any = After(recorder, ["pairs 0", "pairs 1"], ["survey"])
    engine.submit(total, label="reads", parts=["pairs 1"], after=("other",))
    engine.submit(total, label="reads another", parts=["matches 1"])
    engine.submit(number, label="reads nothing", value=1)
    assert recorder.after == {"reads": ("other", "survey"), "reads another": (), "reads nothing": ()}
    assert engine.finish() == []
