"""The two stages, run without a server."""

import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from flows.engine.here import LocalEngine
from flows.engine.status import Plan, StatusEngine
from storage.caching.stage import stage
from storage.errors import InputError
from storage.record.external import external
from storage.record.manifest import Manifest
from storage.store.workspace import Runtime, Workspace
from storage.tables.ids import row_ids
from storage.tables.schemas import COUNTS, ENTRIES, MATCHES, PAIRS
from storage.tables.shards import ShardWriter, read_table
from tasks.matching.config import (
    BigramEntries,
    ExplicitEntries,
    JsonEntries,
    MatchingConfig,
    MetadataConfig,
    Spacing,
    TextEntries,
)
from tasks.matching.counts import merge_counts
from tasks.matching.task import match, metadata
from tests.tasks.matching.texts import plain_loop

CAPTIONS = ("a cat", "two dogs, one cat", "", "no words", "cat", "a dog", "CAT")
ENTRIES_LIST = ("cat", "dog", "U.S.A.", "", "two dogs", "cat")


@stage("corpus", version=1, modules=("storage.draws",))
def corpus(captions: tuple[str, ...], keys: tuple[str, ...], *, work: Workspace) -> dict[str, int]:
    """Pairs without images, three a shard."""
    columns = [
        pa.array(row_ids("test", keys), pa.uint64()),
        pa.array(keys, pa.string()),
        pa.array(captions, pa.large_string()),
        pa.nulls(len(keys), PAIRS.field("image").type),
        pa.nulls(len(keys), pa.int32()),
        pa.array(["test"] * len(keys), pa.string()),
    ]
    with ShardWriter(work.output, "pairs", PAIRS, rows_per_shard=3) as writer:
        writer.write(pa.table(columns, schema=PAIRS))
    return {"rows": len(keys)}


def make_pairs(runtime: Runtime, captions: tuple[str, ...] = CAPTIONS, keys: tuple[str, ...] = ()) -> Manifest:
    return corpus.run(captions, keys or tuple(str(row) for row in range(len(captions))), runtime=runtime)


def make_metadata(runtime: Runtime, entries: tuple[str, ...] = ENTRIES_LIST, **options: object) -> Manifest:
    config = MetadataConfig(sources=(ExplicitEntries(entries=entries),), **options)  # type: ignore[arg-type]
    return metadata.run(config, None, runtime=runtime)


def folder(runtime: Runtime, manifest: Manifest) -> Path:
    return runtime.store / manifest.stage / manifest.key


def matches_of(runtime: Runtime, manifest: Manifest) -> pa.Table:
    return read_table(sorted(folder(runtime, manifest).glob("matches-*.parquet")))


def test_metadata_files_and_stats(runtime: Runtime) -> None:
    manifest = make_metadata(runtime)
    table = read_table(folder(runtime, manifest) / "entries.parquet")
    assert table.schema.equals(ENTRIES)
    assert table["text"].to_pylist() == list(ENTRIES_LIST)
    assert table["status"].to_pylist() == ["live", "live", "dead", "dead", "live", "duplicate"]
    audit = json.loads((folder(runtime, manifest) / "audit.json").read_text(encoding="utf-8"))
    assert [dead["character"] for dead in audit["dead"]] == [".", None]
    assert [manifest.stats[name] for name in ("entries", "dead", "duplicates")] == [6, 2, 1]


def test_matches_and_counts(runtime: Runtime) -> None:
    pairs, entries = make_pairs(runtime), make_metadata(runtime)
    manifest = match.run(MatchingConfig(), entries, pairs, runtime=runtime)
    table = matches_of(runtime, manifest)
    assert table.schema.equals(MATCHES)
    # As the plain loop has it, without the empty entry, which is dead.
    expected = [[entry for entry in row if entry != 3] for row in plain_loop(ENTRIES_LIST, CAPTIONS)]
    assert table["entries"].to_pylist() == expected
    assert [file.path for file in manifest.files if file.path.startswith("matches")] == [
        "matches-00000.parquet", "matches-00001.parquet", "matches-00002.parquet"
    ]  # fmt: skip
    for shard in range(3):
        ids = read_table(folder(runtime, pairs) / f"pairs-{shard:05d}.parquet", ["id"])["id"]
        assert read_table(folder(runtime, manifest) / f"matches-{shard:05d}.parquet")["id"].equals(ids)
    counts = read_table(folder(runtime, manifest) / "counts.parquet")
    assert counts.schema.equals(COUNTS)
    assert merge_counts([counts], 6).tolist() == [3, 1, 0, 0, 1, 3]
    assert [manifest.stats[name] for name in ("rows", "matched", "matches")] == [7, 4, 8]


def test_workers_do_not_change_a_byte(runtime: Runtime, tmp_path: Path) -> None:
    digests = set()
    for workers in (1, 4):
        other = Runtime(store=tmp_path / str(workers), workers=workers)
        digests.add(match.run(MatchingConfig(), make_metadata(other), make_pairs(other), runtime=other).digest)
    assert len(digests) == 1


def test_spacing_enters_the_key_of_matching(runtime: Runtime) -> None:
    """Equal entries with equal faults, spaced otherwise: another digest, so that matching runs again."""
    plain = make_metadata(runtime, ("cat",))
    folded = make_metadata(runtime, ("cat",), spacing=Spacing(normalise="unicode", fold_case=True))
    assert plain.digest != folded.digest
    pairs = make_pairs(runtime)
    assert match.run(MatchingConfig(), plain, pairs, runtime=runtime).stats["matched"] == 3
    assert match.run(MatchingConfig(), folded, pairs, runtime=runtime).stats["matched"] == 4


def test_one_text_an_image_is_counted_after_the_choice(runtime: Runtime) -> None:
    captions = ("cat", "dog", "cat", "dog", "cat", "cat")
    pairs = make_pairs(runtime, captions, ("a#0", "a#1", "b#0", "b#1", "b#2", "c"))
    entries = make_metadata(runtime, ("cat", "dog"))
    every = match.run(MatchingConfig(), entries, pairs, runtime=runtime)
    one = match.run(MatchingConfig(choose_text="one", seed=1), entries, pairs, runtime=runtime)
    assert every.stats["matches"] == 6
    assert [one.stats[name] for name in ("rows", "matched", "matches")] == [6, 3, 3]
    kept = [len(row) for row in matches_of(runtime, one)["entries"].to_pylist()]
    assert [sum(kept[:2]), sum(kept[2:5]), kept[5]] == [1, 1, 1]
    all_rows = matches_of(runtime, every)["entries"].to_pylist()
    assert all(row in ([], full) for row, full in zip(matches_of(runtime, one)["entries"].to_pylist(), all_rows))


def test_files_and_bigrams(runtime: Runtime, tmp_path: Path) -> None:
    lists = tmp_path / "lists"
    lists.mkdir()
    (lists / "metaclip.json").write_text('["cat", "dog"]', encoding="utf-8")
    (lists / "more.txt").write_text("dog\nbird\n", encoding="utf-8")
    sources = (
        JsonEntries(file="metaclip.json"),
        TextEntries(file="more.txt"),
        BigramEntries(minimum_count=1, minimum_pmi=0.0),
    )
    config = MetadataConfig(sources=sources, files=lists)
    manifest = metadata.run(config, external(lists, runtime.store), (make_pairs(runtime),), runtime=runtime)
    table = read_table(folder(runtime, manifest) / "entries.parquet")
    assert table["text"].to_pylist()[:3] == ["cat", "dog", "bird"]
    assert table["provenance"].to_pylist()[:3] == ["json", "json+text", "text"]
    assert "two dogs" in table["text"].to_pylist()
    (lists / "more.txt").write_text("dog\nowl\n", encoding="utf-8")
    again = metadata.run(config, external(lists, runtime.store), (make_pairs(runtime),), runtime=runtime)
    assert again.key != manifest.key


def test_an_empty_list_is_refused(runtime: Runtime, tmp_path: Path) -> None:
    (tmp_path / "list.txt").write_text("\n\n", encoding="utf-8")
    with pytest.raises(InputError, match="the metadata list is empty"):
        metadata.run(
            MetadataConfig(sources=(TextEntries(),)), external(tmp_path / "list.txt", runtime.store), runtime=runtime
        )
    with pytest.raises(InputError, match="there are no pairs"):
        metadata.run(MetadataConfig(sources=(BigramEntries(),)), None, runtime=runtime)


def test_no_pairs(runtime: Runtime) -> None:
    pairs = make_pairs(runtime, (), ())
    manifest = match.run(MatchingConfig(), make_metadata(runtime), pairs, runtime=runtime)
    assert manifest.stats["rows"] == 0
    assert matches_of(runtime, manifest).num_rows == 0
    assert np.all(merge_counts([read_table(folder(runtime, manifest) / "counts.parquet")], 6) == 0)


def test_folding_without_unicode_is_refused() -> None:
    with pytest.raises(ValueError, match="fold_case needs"):
        Spacing(fold_case=True)


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
