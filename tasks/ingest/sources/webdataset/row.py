"""A sample of a tar as a row that will be drafted."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from tasks.ingest.tars.samples import Fault


@dataclass
class Row:
    """A sample as it will be drafted.

    Attributes:
        key: of the sample, as ids are made of it.
        captions: as found; a row each.
        numbered: whether the captions' keys have a number each.
        label: its class, if it has one.
        image: the file's content.
        path: the image's name in the tar.
        lies: where in the tar the image begins, and its bytes.
        fields: of its `.json`.
        fault: why it is not taken.
    """

    key: bytes
    captions: list[bytes | None]
    numbered: bool = False
    label: int | None = None
    image: bytes | None = None
    path: str | None = None
    lies: tuple[int, int] = (0, 0)
    fields: Mapping[str, object] = field(default_factory=dict)
    fault: Fault | None = None
