"""Running a verb: what every run begins with, whoever walks its graph, and what it ends with."""

from collections.abc import Callable, Sequence

from flows.engine.engine import Follower, Node
from flows.engine.here import LocalEngine
from flows.engine.judgement import Judgement
from flows.engine.status import StatusEngine
from flows.graph.build import AnyExperiment, build
from flows.narration import Narration
from flows.preflight.check import require
from flows.records.before import keep_the_run_before
from flows.records.book import enter
from flows.records.results import EARLIER, deliver, differences, make_room
from flows.records.tracking import Tracking
from flows.remarks import remarks
from flows.verbs import Verb
from flows.workers.workers import elsewhere
from storage.caching.ahead import import_ahead
from storage.errors import CheckError
from storage.hashing import hash_json
from storage.progress import Report
from storage.record.keys import KeyParts
from storage.store.experiments import Ledger
from storage.store.store import Store
from tasks.checks import Verdict, verdicts
from tasks.reporting.lineage.nodes import LineageNode

SHOWN = 20
"""Refusals that an error names."""
FOR_THE_REPORT = ("polars", "tasks.reporting.page.svg", "tasks.reporting.page.templates")
"""What brings the libraries of the report, which take half a second to load."""


def run_here(config: AnyExperiment, verb: Verb, announce: Callable[[str], None]) -> list[Node]:
    """Run a verb in this process, without a server, in the same store. Raises the first failure."""
    watch = begin(config, verb, announce)
    with elsewhere(config) as there:
        engine = LocalEngine(
            config.runtime, parallel=config.parallel, follower=watch, judgement=watch.judgement, elsewhere=there
        )
        build(engine, config, verb)
        nodes = engine.finish()
    enter_results(config, verb, nodes, watch)
    conclude(config, verb, nodes, watch)
    return nodes


class Watch(Follower):
    """A run as it is followed: told to a person, entered in the experiment's ledger, and judged by its checks."""

    def __init__(self, narration: Narration, ledger: Ledger, judgement: Judgement, tracking: Tracking) -> None:
        self._narration, self.ledger, self.judgement, self.tracking = narration, ledger, judgement, tracking

    def started(self, label: str, parts: KeyParts) -> None:
        """The work of a run begins; its checkpoints are in use."""
        self.ledger.add(parts.stage, parts.key)
        self._narration.started(label)
        self.tracking.started(label, parts)

    def ended(self, node: Node) -> None:
        """A run is over; what it made or found is in use."""
        if node.manifest is not None:
            self.ledger.add(node.manifest.stage, node.manifest.key)
        self._narration.ended(node.label, node.state, node.error)
        self.tracking.ended(node)
        for finding in self.judgement.of(node.manifest) if node.manifest is not None else ():
            if finding.refuses:
                self._narration.refused(node.label, finding.said)

    def report(self, label: str) -> Report:
        """Who is told how far a run is."""
        return self._narration.report(label)


def begin(config: AnyExperiment, verb: Verb, tell: Callable[[str], None]) -> Watch:
    """What a run begins with: what is missing, how much there is to do, what it will set aside. Raises `InputError`."""
    require(config, verb)
    status = StatusEngine(config.runtime)
    build(status, config, verb)
    if config.runner == "threads" and any(plan.stage == "report" and plan.action != "cached" for plan in status.plans):
        import_ahead(FOR_THE_REPORT)
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
    judgement = Judgement(config.checks, config.runtime.store)
    return Watch(Narration(tell, len(status.plans)), ledger, judgement, Tracking(config))


def enter_results(
    config: AnyExperiment, verb: Verb, nodes: Sequence[Node], watch: Watch, *, flow_run: str | None = None
) -> list[LineageNode]:
    """Make room in the run's folder, and write the lineage there and into the book of runs; the nodes as shown."""
    watch.tracking.close(nodes)
    make_room(config, verb)
    keep_the_run_before(config.results(verb), nodes)
    return enter(config, verb, nodes, watch.judgement.of, flow_run=flow_run)


def conclude(config: AnyExperiment, verb: Verb, nodes: Sequence[Node], watch: Watch) -> None:
    """What a run ends with: the first failure, or the report and the curated shards; or what the checks refuse.

    Of a refused run the report is delivered where there is one, since it shows why, and no shards are.
    """
    raise_first(nodes)
    stopped = refusals(nodes, watch.judgement)
    report = next((node.manifest for node in nodes if node.label == "report"), None)
    deliver(config, verb, [] if stopped else nodes, report, checks_of(nodes, watch.judgement))
    if stopped:
        raise CheckError(_refused(config, stopped))
    if config.covers(verb):
        watch.ledger.settle(node.manifest for node in nodes if node.manifest)


def checks_of(nodes: Sequence[Node], judgement: Judgement) -> list[Verdict]:
    """What the checks say of all that a run made or found."""
    made = [(node.label, node.stage, node.manifest) for node in nodes if node.manifest is not None]
    found = [(label, stage, finding) for label, stage, manifest in made for finding in judgement.of(manifest)]
    return verdicts(found)


def refusals(nodes: Sequence[Node], judgement: Judgement) -> list[str]:
    """What the checks refuse, a sentence each: the run, the figure and its limit, and the check's name."""
    return [
        f"{node.label}: {finding.said}, by checks.{finding.check}"
        for node in nodes
        if node.manifest is not None
        for finding in judgement.of(node.manifest)
        if finding.refuses
    ]


def _refused(config: AnyExperiment, stopped: Sequence[str]) -> str:
    shown = stopped[0] if len(stopped) == 1 else "".join(f"\n  {each}" for each in stopped[:SHOWN])
    more = f"\n  and {len(stopped) - SHOWN} more" if len(stopped) > SHOWN else ""
    return (
        f"{config.name} was stopped by {'a check' if len(stopped) == 1 else f'{len(stopped)} checks'}: {shown}{more}"
        f"{'; ' if len(stopped) == 1 else chr(10)}what was made so far is in the store: mend its cause, or change the "
        "limit or its severity, and run again"
    )


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
