"""The runs that the study of retrieval compares; light to load, as the graph names them."""

from collections.abc import Sequence
from dataclasses import dataclass

from storage.record.manifest import Manifest
from tasks.studies.selfsupervised.config import ArmLabel

BEFORE = "0 steps"
"""The arm of the model before it is fine-tuned."""


@dataclass(frozen=True)
class RetrievalRun:
    """One model's embeddings of the test pairs."""

    label: ArmLabel
    embeddings: Sequence[Manifest]
    pairs: Sequence[Manifest]
