"""New shards cost only themselves; a changed list matches everything anew, and `status` says why."""

from flows.engine.here import LocalEngine
from flows.engine.status import Plan, StatusEngine
from storage.store.workspace import Runtime
from tasks.matching.config import ExplicitEntries, MatchingConfig, MetadataConfig
from tasks.matching.task import match, metadata
from tests.tasks.matching.test_task import corpus

Groups = tuple[tuple[str, ...], ...]


def graph(engine: StatusEngine | LocalEngine, groups: Groups, entries: tuple[str, ...]) -> None:
    config = MetadataConfig(sources=(ExplicitEntries(entries=entries),))
    listed = engine.submit(metadata, config=config, files=None, label="metadata")
    for number, captions in enumerate(groups):
        keys = tuple(f"{number}/{row}" for row in range(len(captions)))
        pairs = engine.submit(corpus, captions=captions, keys=keys, label=f"pairs {number}")
        engine.submit(match, config=MatchingConfig(), entries=listed, pairs=pairs, label=f"match {number}")


def run(runtime: Runtime, groups: Groups, entries: tuple[str, ...]) -> dict[str, str]:
    engine = LocalEngine(runtime, parallel=2)
    graph(engine, groups, entries)
    return {node.label: node.state for node in engine.finish() if node.stage != "corpus"}


def status(runtime: Runtime, groups: Groups, entries: tuple[str, ...]) -> list[Plan]:
    engine = StatusEngine(runtime)
    graph(engine, groups, entries)
    return [plan for plan in engine.plans if plan.stage != "corpus"]


def test_a_new_shard_costs_only_itself_and_a_changed_list_everything(runtime: Runtime) -> None:
    first, second = ("a cat", "dogs"), ("a dog", "", "cat, dog")
    entries = ("cat", "dog")
    assert set(run(runtime, (first,), entries).values()) == {"ran"}
    more = run(runtime, (first, second), entries)
    assert more == {"metadata": "cached", "match 0": "cached", "match 1": "ran"}

    longer = (*entries, "bird")
    plans = status(runtime, (first, second), longer)
    assert [(plan.label, plan.action) for plan in plans] == [
        ("metadata", "run"), ("match 0", "wait"), ("match 1", "wait")
    ]  # fmt: skip
    assert plans[0].reasons == ("parameter config.sources[0].entries[2] (absent) → bird",)
    assert plans[1].reasons == ("waits for metadata",)

    LocalEngine(runtime, parallel=1).submit(
        metadata, label="metadata", config=MetadataConfig(sources=(ExplicitEntries(entries=longer),)), files=None
    ).result()
    plans = status(runtime, (first, second), longer)
    assert [(plan.action, plan.reasons) for plan in plans[1:]] == [("run", ("input entries changed",))] * 2
    assert run(runtime, (first, second), longer) == {"metadata": "cached", "match 0": "ran", "match 1": "ran"}


def test_a_list_that_comes_out_equal_leaves_the_matches_cached(runtime: Runtime) -> None:
    """Early cut-off: the list is read anew, its content is the same."""
    groups = (("a cat",),)
    run(runtime, groups, ("cat",))
    config = MetadataConfig(sources=(ExplicitEntries(entries=("cat", "dog")),), limit=1)
    listed = metadata.run(config, None, [], runtime=runtime)
    pairs = corpus.run(groups[0], ("0/0",), runtime=runtime)
    before = match.run(MatchingConfig(), metadata.run(
        MetadataConfig(sources=(ExplicitEntries(entries=("cat",)),)), None, [], runtime=runtime), pairs, runtime=runtime
    )  # fmt: skip
    assert match.run(MatchingConfig(), listed, pairs, runtime=runtime).key == before.key
