"""The scores of a run as other programs read them: a folder a model, of clip-benchmark's files and DataComp's."""

import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from flows.engine.engine import Node
from storage.store.store import Store
from tasks.evaluation.exchange.folder import Scored, write_folder

DOCUMENT = "scores.json"
LABEL = re.compile(r"(?:evaluate|probe) (?P<variant>.+), seed (?P<seed>\d+), (?P<benchmark>.+)")
"""What the graph calls a scoring (`flows.graph.evaluate`)."""


def write_scores(folder: Path, name: str, store: Store, nodes: Sequence[Node]) -> list[Path]:
    """Write `NAME-VARIANT-seedN/*.json` and `…/eval_results.jsonl` for every model that was scored; the files.

    Args:
        folder: where they go; it is not made where nothing was scored.
        name: the experiment's, which the models' names begin with.
        store: of the run.
        nodes: every stage run; one without an output has no scores.
    """
    return write_folder(folder, _scored(name, store, nodes))


def _scored(name: str, store: Store, nodes: Sequence[Node]) -> Iterator[Scored]:
    for node in nodes:
        told = LABEL.fullmatch(node.label)
        if told is None or node.manifest is None or all(file.path != DOCUMENT for file in node.manifest.files):
            continue
        place = store.directory(node.manifest.stage, node.manifest.key) / DOCUMENT
        document = json.loads(place.read_text(encoding="utf-8"))
        yield Scored(f"{name}-{told['variant']}", f"seed{told['seed']}", told["benchmark"], document)
