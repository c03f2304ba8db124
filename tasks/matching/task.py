"""The stages `metadata` (the list of keywords) and `match` (which keywords occur in which captions)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

from storage.caching.stage import stage
from storage.record.manifest import External, Manifest
from storage.store.workspace import Workspace
from tasks.matching.config import MatchingConfig, MetadataConfig
from tasks.matching.stats import MatchStats, MetadataStats


@stage("metadata", version=1, modules=())
def metadata(
    config: MetadataConfig,
    files: External | None,
    pairs: Sequence[Manifest] = (),
    installed: Mapping[str, str] = MappingProxyType({}),
    gone: Sequence[Manifest] = (),
    matching: MatchingConfig | None = None,
    *,
    work: Workspace,
) -> MetadataStats:
    """Unite the sources into one list, audited.

    Args:
        config: the sources, and how their keywords are matched.
        files: the file or folder that sources read.
        pairs: the corpus, needed by the sources `words`, `bigrams` and `concepts` only.
        installed: the versions of installed lists (`installed_versions.installed_lists`), which only enter the key.
        gone: what `drop` wrote of the corpus; its rows are not read.
        matching: where keywords are concepts, how those count; None: keywords are looked for in captions.
        work: where the output goes.
    """
    import json
    from collections.abc import Iterator
    from dataclasses import replace

    import numpy as np
    import pyarrow as pa

    from storage.errors import InputError
    from storage.tables.lookup import left
    from storage.tables.schemas import CONCEPTS
    from storage.tables.shards import iter_batches, read_table, write_table
    from tasks.matching.concepts import Detected
    from tasks.matching.lists.audit import dead_as_concepts
    from tasks.matching.lists.metadata import entries_table, unite
    from tasks.matching.lists.sources import read_source
    from tasks.matching.matcher_cache import SPACING, make_matcher

    shards = [path for manifest in pairs for path in work.paths(manifest, "pairs-*.parquet")]
    listed = [read_table(work.path(each, "gone.parquet"))["id"].to_numpy() for each in gone]
    dropped = np.sort(np.concatenate([np.empty(0, np.uint64), *listed]))

    def corpus(column: str) -> Iterator[pa.Array]:
        if not shards:
            raise InputError(
                "the metadata sources 'words', 'bigrams' and 'concepts' read the corpus: there are no pairs to read"
            )
        for batch in iter_batches(shards, ["id", column], rows=100_000):
            alive = left(batch.column("id").to_numpy(), dropped)
            yield batch.column(column).filter(pa.array(alive))

    folder = None if files is None else work.directory(files)
    detected = Detected(corpus(CONCEPTS), config.spacing, None if matching is None else matching.threshold)
    lists = [(source.kind, read_source(source, folder, corpus("caption"), detected)) for source in config.sources]
    entries, provenance = unite(lists, config.limit)
    if not entries:
        raise InputError("the metadata list is empty: none of its sources has an entry; name another source")
    matcher = make_matcher(entries, config.spacing)
    audit = matcher.audit()
    if matching is not None:
        audit = replace(audit, dead=dead_as_concepts(audit.dead, config.spacing))
    table = entries_table(entries, provenance, audit)
    write_table(work.output / "entries.parquet", table)
    (work.output / "audit.json").write_text(json.dumps(audit.as_json(), ensure_ascii=False, indent=1), encoding="utf-8")
    # In a file, and so in the digest: the same list spaced otherwise matches otherwise.
    (work.output / SPACING).write_text(config.spacing.model_dump_json(), encoding="utf-8")
    status = table["status"].to_pylist()
    return MetadataStats(
        entries=len(entries),
        dead=status.count("dead"),
        duplicates=len(audit.duplicates),
        shadowed=len(audit.shadowed),
        sources={name: len(texts) for name, texts in lists},
        index_bytes=matcher.index_bytes,
    )


@stage("match", version=2, modules=())
def match(
    config: MatchingConfig, entries: Manifest, pairs: Manifest, gone: Manifest | None = None, *, work: Workspace
) -> MatchStats:
    """Match one group of pairs against the list; one file of matches for each file of pairs, rows in the same order.

    Keywords are looked for in captions, or among the concepts that the pairs carry, as `config.kind` says.

    gone: what `drop` wrote of the group. Those rows keep their places, and have null in place of a list.

    Memory: the index, and as many shards' captions as there are workers.
    """
    from concurrent.futures import ThreadPoolExecutor
    from threading import Lock

    import numpy as np
    import pyarrow as pa

    from storage.tables.lookup import left
    from storage.tables.schemas import CONCEPTS
    from storage.tables.shards import read_table, write_table
    from tasks.matching.counts import count_entries, counts_table
    from tasks.matching.matcher import spread
    from tasks.matching.matcher_cache import concept_matcher, shared_matcher
    from tasks.matching.matches import kept_rows, write_matches

    concepts = config.kind == "concepts"
    matcher = None if concepts else shared_matcher(work.directory(entries), entries.digest)
    labels = concept_matcher(work.directory(entries)) if concepts else None
    size = MetadataStats.of(entries).entries
    shards = work.paths(pairs, "pairs-*.parquet")
    dropped = None if gone is None else read_table(work.path(gone, "gone.parquet"))["id"].to_numpy()
    kept = kept_rows(shards, config, dropped)

    total, lock = np.zeros(size, dtype=np.uint64), Lock()

    def run(shard: int) -> tuple[int, int]:
        column = "caption" if labels is None else CONCEPTS
        table = read_table(shards[shard], ["id", column], threads=False)
        values = table[column] if kept is None else table[column].filter(pa.array(kept[shard]))
        if labels is not None:
            matches = labels.match(values, config.threshold)
        else:
            assert matcher is not None
            matches = matcher.match(values, threads=1)
        if kept is not None:
            matches = spread(matches, kept[shard])
        alive = left(table["id"].to_numpy(), dropped)
        write_matches(work.output / f"matches-{shard:05d}.parquet", table["id"], matches, alive)
        held = matches if alive.all() else matches.filter(pa.array(alive))
        with lock:
            count_entries(held, total)
        return len(held), int(np.count_nonzero(np.diff(held.offsets)))

    with ThreadPoolExecutor(work.runtime.workers) as pool:
        sizes = list(pool.map(run, range(len(shards))))
    write_table(work.output / "counts.parquet", counts_table(total))
    rows, matched = (sum(part) for part in zip(*sizes)) if sizes else (0, 0)
    return MatchStats(rows=rows, matched=matched, matches=int(total.sum()))
