"""How far a run goes."""

from typing import Literal

Verb = Literal["curate", "train", "evaluate", "pipeline", "selfsupervise"]
