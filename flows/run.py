"""Running a verb: what every run begins with, whoever walks its graph, and what it ends with."""

from collections.abc import Callable, Sequence

from flows.engine.engine import Follower, Node
from flows.engine.here import LocalEngine
from flows.engine.status import StatusEngine
from flows.graph.build import AnyExperiment, build
from flows.narration import Narration
from flows.preflight import require
from flows.records.book import enter
from flows.records.results import EARLIER, deliver, differences, make_room
from flows.remarks import remarks
from flows.verbs import Verb
from storage.hashing import hash_json
from storage.progress import Report
from storage.record.keys import KeyParts
from storage.store.experiments import Ledger
from storage.store.store import Store
from tasks.reporting.lineage.nodes import LineageNode


def run_here(config: AnyExperiment, verb: Verb, announce: Callable[[str], None]) -> list[Node]:
    """Run a verb in this process, without a server, in the same store. Raises the first failure."""
    watch = begin(config, verb, announce)
    engine = LocalEngine(config.runtime, parallel=config.parallel, follower=watch)
    build(engine, config, verb)
    nodes = engine.finish()
    enter_results(config, verb, nodes)
    conclude(config, verb, nodes, watch)
    return nodes


class Watch(Follower):
    """A run as it is followed: told to a person, and entered in the experiment's ledger."""

    def __init__(self, narration: Narration, ledger: Ledger) -> None:
        self._narration, self.ledger = narration, ledger

    def started(self, label: str, parts: KeyParts) -> None:
        """The work of a run begins; its checkpoints are in use."""
        self.ledger.add(parts.stage, parts.key)
        self._narration.started(label)

    def ended(self, node: Node) -> None:
        """A run is over; what it made or found is in use."""
        if node.manifest is not None:
            self.ledger.add(node.manifest.stage, node.manifest.key)
        self._narration.ended(node.label, node.state, node.error)

    def report(self, label: str) -> Report:
        """Who is told how far a run is."""
        return self._narration.report(label)


def begin(config: AnyExperiment, verb: Verb, tell: Callable[[str], None]) -> Watch:
    """What a run begins with: what is missing, how much there is to do, what it will set aside. Raises `InputError`."""
    require(config, verb)
    status = StatusEngine(config.runtime)
    build(status, config, verb)
    cached = sum(plan.action == "cached" for plan in status.plans)
    tell(f"{config.name}: {len(status.plans)} stage runs, {cached} of them in the store {config.runtime.store}")
    for remark in remarks(config, verb):
        tell(remark)
    if config.uses_own_store:
        tell(
            f"{config.runtime.store} is this run's own, from before experiments shared one; to share it, move it to "
            f"{config.shared_store}"
        )
    if changed := differences(config):
        some = ", ".join(changed[:3]) + (f" and {len(changed) - 3} more" if len(changed) > 3 else "")
        tell(f"{config.folder} holds results of another configuration ({some}); they go to {config.folder / EARLIER}")
    ledger = Ledger(Store(config.runtime.store), config.name, config.folder, hash_json(config.computes()))
    return Watch(Narration(tell, len(status.plans)), ledger)


def enter_results(
    config: AnyExperiment, verb: Verb, nodes: Sequence[Node], *, flow_run: str | None = None
) -> list[LineageNode]:
    """Make room in the run's folder, and write the lineage there and into the book of runs; the nodes as shown."""
    make_room(config, verb)
    return enter(config, verb, nodes, flow_run=flow_run)


def conclude(config: AnyExperiment, verb: Verb, nodes: Sequence[Node], watch: Watch) -> None:
    """What a run ends with: the first failure, or the report and the curated shards."""
    raise_first(nodes)
    deliver(config, verb, nodes, next((node.manifest for node in nodes if node.label == "report"), None))
    if config.covers(verb):
        watch.ledger.settle(node.manifest for node in nodes if node.manifest)


def raise_first(nodes: Sequence[Node]) -> None:
    """Raise the first failure among the nodes, with a note of where it happened, and of how many more there were."""
    failed = [node for node in nodes if node.state == "failed" and node.error is not None]
    if not failed:
        return
    first, *others = failed
    assert first.error is not None
    more = f"; {len(others)} more failed: {', '.join(node.label for node in others[:5])}" if others else ""
    first.error.add_note(f"in {first.label}{more}")
    raise first.error
