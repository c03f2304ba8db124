"""One tar of samples as WebDataset reads it, the same bytes for the same rows."""

import io
import json
import tarfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from storage.export.samples import Sample
from storage.tables.ids import spelled_id

SAMPLES_PER_SHARD = 10_000


@contextmanager
def new_tar(path: Path) -> Iterator[tarfile.TarFile]:
    """A tar to be written; what stood at its path is replaced."""
    with tarfile.open(path, "w", format=tarfile.USTAR_FORMAT) as tar:
        yield tar


def add_sample(tar: tarfile.TarFile, name: str, sample: Sample) -> int:
    """Append `<name>.jpg|png|webp`, `<name>.txt` and `<name>.json`; their bytes without padding."""
    facts: dict[str, object] = {
        "key": sample.key,
        "uid": sample.key,
        "id": spelled_id(sample.id),
        "source": sample.source,
        "label": sample.label,
        "weight": sample.weight,
        "inclusion": sample.inclusion,
        "multiplicity": sample.multiplicity,
    }
    text = sample.caption.encode()
    described = json.dumps(sample.described(facts), ensure_ascii=False).encode()
    add(tar, f"{name}.{sample.extension}", sample.image)
    add(tar, f"{name}.txt", text)
    add(tar, f"{name}.json", described)
    return len(sample.image) + len(text) + len(described)


def add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Append a member with no owner and the time 0."""
    member = tarfile.TarInfo(name)
    member.size, member.mode = len(content), 0o644
    tar.addfile(member, io.BytesIO(content))
