"""Pairs to look at: kept most often, kept once, matched but dropped, and never matched."""

import base64
import io
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
from PIL import Image

from storage.draws import hash_order
from tasks.ingest.images import FORMATS

MOST_PIXELS = 64_000_000
SMALL = 64  # images up to this side are shown pixel by pixel


@dataclass(frozen=True)
class Example:
    """One pair of the report; `image` is a data URI, None where the picture cannot be shown."""

    identity: int
    caption: str
    image: str | None
    pixelated: bool
    multiplicity: int
    weight: float | None
    keywords: tuple[str, ...]


@dataclass(frozen=True)
class ExampleGroup:
    """Pairs of one fate: `title`, `meaning` in a sentence, how many there are in all, and the examples shown."""

    title: str
    meaning: str
    total: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Chosen:
    """The ids of a group, before their captions and images are fetched."""

    title: str
    meaning: str
    total: int
    ids: tuple[int, ...]


def choose(
    weights: pl.DataFrame, selection: pl.DataFrame, unmatched: np.ndarray, count: int, seed: int
) -> list[Chosen]:
    """The ids of each group: the extreme ones by multiplicity and weight, the others by a hash draw.

    Args:
        weights: `id`, `weight` of all matched pairs.
        selection: `id`, `multiplicity` of the kept ones.
        unmatched: [n] ids of captions without a keyword.
    """
    kept = selection.join(weights.select("id", pl.col("weight").alias("mass")), on="id", how="left")
    repeated = kept.filter(pl.col("multiplicity") > 1)
    most = repeated.sort(["multiplicity", "mass", "id"], descending=[True, True, False], nulls_last=True)
    once = kept.filter(pl.col("multiplicity") == 1)["id"].to_numpy()
    dropped = weights.join(selection.select("id"), on="id", how="anti")["id"].to_numpy()

    def drawn(ids: np.ndarray, purpose: str) -> tuple[int, ...]:
        ids = np.sort(ids.astype(np.uint64))
        return tuple(int(each) for each in ids[hash_order(ids, seed=seed, purpose=purpose)[:count]])

    groups = [
        Chosen("Repeated most", "rare keywords give these pairs the largest weights", len(repeated),
               tuple(most["id"].head(count).to_list())),
        Chosen("Kept once", "a random few", len(once), drawn(once, "report kept once")),
        Chosen("Dropped", "matched a keyword, but were not drawn; a random few", len(dropped),
               drawn(dropped, "report dropped")),
        Chosen("Never matched", "their captions hold no keyword; a random few", len(unmatched),
               drawn(unmatched, "report unmatched")),
    ]  # fmt: skip
    return [group for group in groups if group.ids]


def fetch_rows(paths: Sequence[Path], ids: Sequence[int], columns: Sequence[str]) -> dict[int, dict[str, object]]:
    """The rows with these ids; only row groups that hold one are read beyond their id column."""
    wanted = pa.array(sorted(set(ids)), pa.uint64())
    rows: dict[int, dict[str, object]] = {}
    for path in paths:
        with pq.ParquetFile(path) as file:
            for group in range(file.num_row_groups):
                found = pa.compute.is_in(file.read_row_group(group, columns=["id"])["id"], value_set=wanted)
                if pa.compute.any(found).as_py():
                    table = file.read_row_group(group, columns=["id", *columns]).filter(found)
                    rows |= {row["id"]: row for row in table.to_pylist()}
    return rows


def thumbnail(content: bytes | None, side: int) -> tuple[str | None, bool]:
    """A data URI of the picture, drawn anew (nothing of the source's bytes is passed on), and whether it is tiny.

    Small pictures become PNG at their own size, larger ones JPEG at most `side` pixels wide and high.
    """
    if not content:
        return None, False
    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as source:
            if source.width * source.height > MOST_PIXELS:
                return None, False
            picture = source.convert("RGB")
    except Exception:  # decoders raise nearly anything on hostile bytes; the report does without the picture
        return None, False
    tiny = max(picture.size) <= SMALL
    if not tiny:
        picture.thumbnail((2 * side, 2 * side), Image.Resampling.LANCZOS)  # twice, for fine screens
    stream = io.BytesIO()
    if tiny:
        picture.save(stream, "PNG", optimize=True)
    else:
        picture.save(stream, "JPEG", quality=82)
    kind = "png" if tiny else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(stream.getvalue()).decode('ascii')}", tiny


def describe(
    chosen: Sequence[Chosen],
    *,
    pairs: Sequence[Path],
    matches: Sequence[Path],
    weights: pl.DataFrame,
    selection: pl.DataFrame,
    keywords: Sequence[str],
    side: int,
) -> list[ExampleGroup]:
    """The chosen pairs with captions, pictures, keywords, weights and multiplicities."""
    ids = [each for group in chosen for each in group.ids]
    found = fetch_rows(pairs, ids, ["caption", "image"])
    entries = fetch_rows(matches, ids, ["entries"])
    mass = dict(
        weights.filter(pl.col("id").is_in(pl.Series(ids, dtype=pl.UInt64).implode())).select("id", "weight").iter_rows()
    )
    copies = dict(
        selection.filter(pl.col("id").is_in(pl.Series(ids, dtype=pl.UInt64).implode()))
        .select("id", "multiplicity")
        .iter_rows()
    )

    def example(identity: int) -> Example:
        image = found[identity]["image"]
        uri, tiny = thumbnail(_content(image), side)
        numbers = entries.get(identity, {}).get("entries") or []
        assert isinstance(numbers, list)
        return Example(
            identity=identity,
            caption=str(found[identity]["caption"]),
            image=uri,
            pixelated=tiny,
            multiplicity=int(copies.get(identity, 0)),
            weight=mass.get(identity),
            keywords=tuple(keywords[number] for number in numbers if number < len(keywords)),
        )

    return [
        ExampleGroup(
            group.title, group.meaning, group.total, tuple(example(each) for each in group.ids if each in found)
        )
        for group in chosen
    ]


def _content(image: object) -> bytes | None:
    content = image.get("bytes") if isinstance(image, dict) else None
    return content if isinstance(content, bytes) else None
