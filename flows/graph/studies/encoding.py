"""Pairs to frozen features, as several studies begin."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from flows.config.studies.encoding import EncodedData
from flows.engine.engine import Engine, Ref
from flows.graph.ingest import ingest_graph
from storage.record.external import external
from tasks.embedding.record import EncoderRecord
from tasks.embedding.task import embed


@dataclass(frozen=True)
class Features:
    """Pairs, what encodes them, and their features, group by group."""

    pairs: Sequence[Ref]
    encoder: EncoderRecord
    embeddings: Sequence[Ref]


def features_graph(engine: Engine, data: EncodedData, store: Path, of: str = "") -> Features:
    """Sources → pairs → features of images and captions. of: what labels end with, where there are several encoders."""
    pairs = ingest_graph(engine, data.sources, store, of)
    plan = data.encoder
    model = external(plan.model, store) if plan.uses_model and isinstance(plan.model, Path) else None
    image_model, text_model = (external(path, store) if path else None for path in (plan.image_model, plan.text_model))
    encoder = EncoderRecord(plan.settings, model, image_model, text_model)
    embeddings = [
        engine.submit(embed, label=f"embed {index}{of}", encoder=encoder, pairs=shard, gone=None)
        for index, shard in enumerate(pairs)
    ]
    return Features(pairs, encoder, embeddings)
