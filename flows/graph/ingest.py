"""Ingestion: every source, a run for each group of its rows, and the survey over all."""

from collections.abc import Sequence
from pathlib import Path

from flows.engine.engine import Engine, Ref
from storage.places.remember import remembering
from storage.record.external import externals
from tasks.ingest.config import SourceConfig
from tasks.ingest.groups import plan_groups, sources_of
from tasks.ingest.task import ingest
from tasks.reporting.inputs.untrusted import legible


def ingest_graph(engine: Engine, sources: Sequence[SourceConfig], store: Path, of: str = "") -> list[Ref]:
    """Sources → groups of pairs, in the order of the sources.

    of: what labels end with, where that is done more than once.
    """
    with remembering(store / ".answers.json"):
        planned = [(source, group) for source in sources for group in plan_groups(source)]
    wanted = [sources_of(source, group) for source, group in planned]
    places = list(dict.fromkeys(place for each in wanted for place in each))  # groups may share a folder of images
    known = dict(zip(places, externals(places, store), strict=True))
    return [
        engine.submit(
            ingest,
            label=legible(f"ingest {source.name} {group.label}{of}", breaks=False),
            config=source,
            group=group,
            files=[known[place] for place in places],
        )
        for (source, group), places in zip(planned, wanted, strict=True)
    ]
