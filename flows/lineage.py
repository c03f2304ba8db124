"""Lineage on disk: what was used, from what, and whether it ran."""

import json
from collections.abc import Sequence
from pathlib import Path

from flows.engine.engine import Node
from storage.atomic import write_whole
from tasks.reporting.lineage import LineageNode, lineage_json


def write_lineage(folder: Path, nodes: Sequence[Node]) -> None:
    """Write `lineage.json` below the run's folder, whole or not at all."""
    write_whole(folder / "lineage.json", json.dumps(lineage_json(describe(nodes)), indent=1, allow_nan=False))


def describe(nodes: Sequence[Node]) -> list[LineageNode]:
    """The nodes as the report draws them; a run that failed, or waited for one that did, has no digest."""
    return [_describe(node) for node in nodes]


def _describe(node: Node) -> LineageNode:
    manifest = node.manifest
    if manifest is None:
        return LineageNode(node.label, node.stage, f"{node.stage}: {node.label}", "", (), node.state,
                           stats={"error": str(node.error)})  # fmt: skip
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
    )
