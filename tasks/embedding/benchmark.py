"""A benchmark's images, from clip-benchmark's `wds/` layout, as pairs that can be embedded like any others."""

import tarfile
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

import pyarrow as pa

from storage.errors import InputError
from storage.tables.ids import row_ids
from storage.tables.schemas import PAIRS
from tasks.ingest.pictures.images import SUFFIXES

MOST_BYTES = 64 << 20
ROWS = 1_024
MOST_DIGITS = 9
"""Of a label; a longer number is none."""


def benchmark_pairs(root: Path, benchmark: str, split: str = "test") -> Iterator[pa.Table]:
    """Tables in the `PAIRS` schema: one row an image, its caption its own text or the first prompt of its class.

    root: a folder that holds `<benchmark>/<split>/*.tar` with `key.jpg|png|webp` and `key.cls` (or `key.txt`) side by
    side; nothing is extracted, and other members are passed over. Raises `InputError` where there is no such folder
    or a tar cannot be read.
    """
    relative = PurePosixPath(benchmark)
    if relative.is_absolute() or ".." in relative.parts:
        raise InputError(f"the benchmark {benchmark!r} leads out of its data set; name a sub-folder such as 'shape'")
    folder = root / relative
    archives = sorted((folder / split).glob("*.tar"), key=lambda path: (len(path.name), path.name))
    if not archives:
        raise InputError(f"{folder / split} holds no *.tar; give a benchmark in clip-benchmark's wds layout")
    captions = [every[0] for every in prompts(folder)]
    rows: list[tuple[str, str, bytes, str, int | None]] = []
    for archive in archives:
        for key, content, name, text, label in _samples(archive):
            caption = text or (captions[label] if label is not None and label < len(captions) else key)
            rows.append((f"{archive.stem}/{key}", caption, content, name, label))
            if len(rows) >= ROWS:
                yield _table(rows, f"{benchmark or root.name} {split}")
                rows = []
    if rows:
        yield _table(rows, f"{benchmark or root.name} {split}")


def class_names(folder: Path) -> list[str]:
    """The lines of `classnames.txt`; none where there is no such file (retrieval)."""
    return _lines(folder / "classnames.txt")


def prompts(folder: Path) -> list[list[str]]:
    """For every class the prompts that zero-shot evaluation uses: each template with `{c}` replaced by the name."""
    templates = _lines(folder / "zeroshot_classification_templates.txt") or ["a photo of a {c}."]
    return [[template.replace("{c}", name) for template in templates] for name in class_names(folder)]


def _lines(file: Path) -> list[str]:
    if not file.is_file():
        return []
    try:
        content = file.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{file} is not UTF-8 text (byte {error.start}); save it as UTF-8") from error
    return [line.strip() for line in content.splitlines() if line.strip()]


def _samples(archive: Path) -> Iterator[tuple[str, bytes, str, str | None, int | None]]:
    """(key, image bytes, image name, first line of its text, label) of each sample of a tar, in its order."""
    parts: dict[str, dict[str, tuple[str, bytes]]] = {}
    try:
        with tarfile.open(archive) as tar:
            for member in tar:
                path = PurePosixPath(member.name)
                stem, dot, suffix = path.name.partition(".")
                key = str(path.parent / stem)
                if not member.isfile() or not dot or member.size > MOST_BYTES:
                    continue
                kind = "image" if f".{suffix.lower()}" in SUFFIXES else suffix.lower()
                if kind in ("image", "cls", "txt"):
                    file = tar.extractfile(member)
                    parts.setdefault(key, {})[kind] = (member.name, file.read() if file else b"")
    except (tarfile.TarError, OSError, EOFError) as error:
        raise InputError(f"{archive} cannot be read as a tar ({error}); build the benchmark again") from error
    for key, found in parts.items():
        if "image" in found:
            name, content = found["image"]
            label = found.get("cls", ("", b""))[1].strip()
            text = found.get("txt", ("", b""))[1].decode("utf-8", "replace").strip()
            number = int(label) if label.isdigit() and len(label) <= MOST_DIGITS else None
            yield key, content, name, text.splitlines()[0] if text else None, number


def _table(rows: list[tuple[str, str, bytes, str, int | None]], source: str) -> pa.Table:
    keys = [row[0] for row in rows]
    images = [{"bytes": row[2], "path": row[3]} for row in rows]
    columns = [row_ids(source, keys), keys, [row[1] for row in rows], images, [row[4] for row in rows]]
    columns.append([source] * len(rows))
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, PAIRS, strict=True)], schema=PAIRS)
