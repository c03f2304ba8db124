"""Small tars."""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

from tasks.ingest.groups import plan_groups
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tests.tasks.ingest.conftest import rows_of

Members = Iterable[tuple[str, bytes]]


def tar_bytes(members: Members, form: int = tarfile.USTAR_FORMAT) -> bytes:
    """A tar of named contents."""
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w", format=form) as tar:
        for name, content in members:
            info = tarfile.TarInfo(name)
            info.size = len(content)
            tar.addfile(info, io.BytesIO(content))
    return buffer.getvalue()


def write_tar(path: Path, members: Members) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(tar_bytes(members))
    return path


def taken(path: Path | str, **options: object) -> tuple[list[dict], list[dict]]:
    """Accepted and rejected rows of a source called `w`."""
    config = WebdatasetConfig(name="w", path=path, **options)
    return rows_of(config, plan_groups(config))
