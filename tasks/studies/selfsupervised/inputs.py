"""What the page of a comparison of trainings is given."""

from dataclasses import dataclass

from storage.record.manifest import Manifest
from tasks.studies.selfsupervised.config import ArmLabel


@dataclass(frozen=True)
class Run:
    """One training and its probe; the untrained network has none."""

    label: ArmLabel
    model: Manifest | None
    probed: Manifest
