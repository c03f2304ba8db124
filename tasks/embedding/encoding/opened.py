"""The encoders of a stage run, which a worker that keeps them opens once for many runs."""

from storage.kept import kept
from storage.store.workspace import Workspace
from tasks.embedding.encoding.encoders import Encoders, open_encoders
from tasks.embedding.record import EncoderRecord


def opened(encoder: EncoderRecord, work: Workspace, device: str) -> Encoders:
    """The encoders of a record on a torch device. Raises `InputError` for files that cannot be used."""
    return kept((encoder, device), lambda: open_encoders(encoder.settings, encoder.files(work), device))
