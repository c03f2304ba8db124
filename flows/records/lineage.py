"""Lineage on disk: what was used, from what, whether it ran and why, and who made what was reused."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path

from flows.engine.engine import Node
from storage.atomic import write_changed
from storage.record.manifest import Manifest
from storage.store.runs import RunRecord, Use
from tasks.limits import Finding
from tasks.reporting.lineage.nodes import LineageNode, lineage_json

ROWS = ("rows", "size", "entries", "points", "images", "concepts")
"""Names under which stages state the rows of what they wrote, the first that is there."""


Judge = Callable[[Manifest], tuple[Finding, ...]]
"""What the checks say of an output."""


def unjudged(manifest: Manifest) -> tuple[Finding, ...]:
    """Nothing is said."""
    return ()


def write_lineage(folder: Path, nodes: Sequence[LineageNode]) -> None:
    """Write `lineage.json` below the run's folder, whole or not at all."""
    write_changed(folder / "lineage.json", json.dumps(lineage_json(nodes), indent=1, allow_nan=False))


def describe(
    nodes: Sequence[Node], made: Mapping[str, RunRecord] | None = None, judge: Judge = unjudged
) -> list[LineageNode]:
    """The nodes as readers are shown them; a run that failed, or waited for one that did, has no digest.

    Args:
        nodes: of a whole run, so that rows of inputs are known.
        made: which run made what was reused, by key.
        judge: what the checks say of an output.
    """
    manifests = {node.manifest.key: node.manifest for node in nodes if node.manifest}
    return [describe_one(node, manifests, made or {}, judge) for node in nodes]


def describe_one(
    node: Node, manifests: Mapping[str, Manifest], made: Mapping[str, RunRecord], judge: Judge = unjudged
) -> LineageNode:
    """One node, from the manifests that are known by now."""
    manifest = node.manifest
    if manifest is None:
        sentence = str(node.error)
        return LineageNode(node.label, node.stage, f"{node.stage}: {node.label}", "", (), node.state,
                           stats={"error": sentence}, why=(sentence,))  # fmt: skip
    inputs = dict.fromkeys(parent.key for parent in manifest.parents)
    read = [(key, manifests[key].stage, rows_of(manifests[key])) for key in inputs if key in manifests]
    return LineageNode(
        label=node.label,
        stage=node.stage,
        key=manifest.key,
        digest=manifest.digest,
        parents=tuple(parent.key for parent in manifest.parents),
        state="ran" if node.state == "ran" else "cached",
        seconds=manifest.seconds if node.state == "ran" else None,
        stats=manifest.stats,
        version=manifest.version,
        code=manifest.code,
        parameters=manifest.parameters,
        why=node.why if node.state == "ran" else (_maker(manifest, made),),
        rows=rows_of(manifest),
        inputs=tuple((key, stage, rows) for key, stage, rows in read if rows is not None),
        folder=manifest.name,
        checks=judge(manifest),
    )


def rows_of(manifest: Manifest) -> int | None:
    """Rows of an output as its stage counts them; None for a model, a score or a report."""
    stated = (manifest.stats.get(name) for name in ROWS)
    return next((rows for rows in stated if isinstance(rows, int) and not isinstance(rows, bool)), None)


def uses(nodes: Iterable[Node]) -> tuple[Use, ...]:
    """The nodes as the book of runs keeps them."""
    return tuple(
        Use(
            label=node.label,
            stage=node.stage,
            key=node.manifest.key if node.manifest else "",
            digest=node.manifest.digest if node.manifest else "",
            state=node.state,
        )
        for node in nodes
    )


def _maker(manifest: Manifest, made: Mapping[str, RunRecord]) -> str:
    record = made.get(manifest.key)
    return f"made by {record.words}" if record else f"made {manifest.created:%Y-%m-%d %H:%M}"
