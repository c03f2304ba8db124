"""Duplicates and leaks: found, listed with pictures, dropped, and the same whatever the order."""

import io
import subprocess
import sys
import tarfile
from pathlib import Path

import pytest
from PIL import Image

from storage.record.external import external
from storage.record.manifest import External
from storage.store.workspace import Runtime
from storage.tables.schemas import GONE
from storage.tables.shards import read_table
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.record import EncoderRecord
from tasks.embedding.task import benchmark_images, embed
from tasks.geometry.config import GeometryConfig
from tasks.geometry.task import geometry
from tasks.screening.config import DeduplicateConfig, DropConfig, LeakageConfig
from tasks.screening.task import deduplicate, drop, hash_images, leakage
from tests.paths import ROOT
from tests.tasks.embedding.conftest import CAPTIONS, png, write_pairs
from tests.tasks.screening.conftest import encoded, scene


def blurred(content: bytes) -> bytes:
    """Nearly the same picture: resized there and back, and compressed."""
    picture = Image.open(io.BytesIO(content))
    buffer = io.BytesIO()
    picture.resize((36, 30)).resize(picture.size).save(buffer, "JPEG", quality=90)
    return buffer.getvalue()


def smooth(seed: int) -> bytes:
    picture = Image.open(io.BytesIO(png(seed, (6, 5)))).resize((48, 40), Image.Resampling.BICUBIC)
    buffer = io.BytesIO()
    picture.save(buffer, "PNG")
    return buffer.getvalue()


def write_benchmark(folder: Path, images: list[bytes]) -> External:
    (folder / "test").mkdir(parents=True)
    (folder / "test" / "nshards.txt").write_text("1")
    (folder / "classnames.txt").write_text("circle\nred circle\n")
    (folder / "zeroshot_classification_templates.txt").write_text("a photo of a {c}.\na {c}\n")
    with tarfile.open(folder / "test" / "0.tar", "w") as tar:
        for number, content in enumerate(images):
            for suffix, data in (("png", content), ("cls", str(number % 2).encode())):
                member = tarfile.TarInfo(f"s{number:07d}.{suffix}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return external(folder, folder.parent)


def best_first(pairs: External, *ids: int) -> list[int]:
    """Ids in the order in which they would be kept: longer captions first, then lower ids."""
    table = read_table(sorted(pairs.path.glob("*")))
    length = dict(zip(table["id"].to_pylist(), map(len, table["caption"].to_pylist()), strict=True))
    return sorted(ids, key=lambda each: (-length[each], each))


PIXELS = EmbeddingConfig(encoder="pixels", modality="image", pixel_side=8)


def test_duplicates_are_found_and_dropped(tmp_path: Path, runtime: Runtime) -> None:
    images = [smooth(0), smooth(1), smooth(2), smooth(3), smooth(0), blurred(smooth(1)), smooth(4)]
    pairs = write_pairs(tmp_path / "pairs", images[:4], images[4:])
    embedded = embed.run(EncoderRecord(PIXELS), pairs, runtime=runtime)
    measured = geometry.run(GeometryConfig(), [embedded], None, runtime=runtime)
    listed = deduplicate.run(DeduplicateConfig(content="image", near=0.2), [pairs], measured, runtime=runtime)
    ids = read_table(sorted(pairs.path.glob("*")))["id"].to_pylist()
    dropped = {row["id"]: row for row in read_table(runtime.store / listed.name / "dropped.parquet").to_pylist()}
    assert sorted(dropped) == sorted([max(ids[0], ids[4]), max(ids[1], ids[5])])
    assert dropped[max(ids[0], ids[4])]["reason"] == "equal image"
    assert dropped[max(ids[1], ids[5])] == {
        "id": max(ids[1], ids[5]), "kept": min(ids[1], ids[5]), "reason": "near-duplicate",
    }  # fmt: skip
    kept = drop.run(DropConfig(), pairs, [listed], runtime=runtime)
    folder = runtime.store / kept.name
    assert sorted(path.name for path in folder.glob("*.parquet")) == ["gone.parquet", "rejected.parquet"]
    gone = read_table(folder / "gone.parquet")
    assert gone.schema.equals(GONE) and gone["id"].to_pylist() == sorted(dropped)
    assert len(read_table(folder / "rejected.parquet")) == 2 and kept.stats["rows"] == 5


@pytest.mark.parametrize("content", ["image", "none"])
def test_no_row_goes_for_one_that_was_taken_down(tmp_path: Path, runtime: Runtime, content: str) -> None:
    """Of two that are the same, the one that would stay is taken down: the other stays, as in a rebuild."""
    images = [smooth(0), smooth(1), smooth(2), smooth(0), blurred(smooth(1)), smooth(1)]
    pairs = write_pairs(tmp_path / "pairs", images[:4], images[4:])
    ids = read_table(sorted(pairs.path.glob("*")))["id"].to_pylist()
    down = (best_first(pairs, ids[0], ids[3])[0], best_first(pairs, ids[1], ids[4], ids[5])[0])
    taken = drop.run(DropConfig(takedown=down), pairs, [], runtime=runtime)
    embedded = embed.run(EncoderRecord(PIXELS), pairs, taken, runtime=runtime)
    measured = geometry.run(GeometryConfig(), [embedded], None, runtime=runtime)
    config = DeduplicateConfig(content=content, near=0.2)
    listed = deduplicate.run(config, [pairs], measured, gone=[taken], runtime=runtime)
    rows = read_table(runtime.store / listed.name / "dropped.parquet").to_pylist()
    rest = best_first(pairs, *({ids[1], ids[4], ids[5]} - set(down)))
    assert [(row["id"], row["kept"]) for row in rows] == [(rest[1], rest[0])]
    assert listed.stats["rows"] == 4
    last = drop.run(DropConfig(takedown=down), pairs, [listed], runtime=runtime)
    gone = read_table(runtime.store / last.name / "gone.parquet")["id"].to_pylist()
    assert gone == sorted([*down, rest[1]]) and last.stats["reasons"]["taken down"] == 2


def test_pair_content_keeps_another_caption_of_an_image(tmp_path: Path, runtime: Runtime) -> None:
    pairs = write_pairs(tmp_path / "pairs", [smooth(0), smooth(0), smooth(1), smooth(2), smooth(0)])
    same_pair = deduplicate.run(DeduplicateConfig(content="pair"), [pairs], None, runtime=runtime)
    same_image = deduplicate.run(DeduplicateConfig(content="image"), [pairs], None, runtime=runtime)
    assert (same_pair.stats["dropped"], same_image.stats["dropped"]) == (1, 2)
    assert deduplicate.run(DeduplicateConfig(content="none"), [pairs], None, runtime=runtime).stats["dropped"] == 0


def test_copies_of_another_size_and_format_are_found_by_perceptual_hash(tmp_path: Path, runtime: Runtime) -> None:
    """Neither their bytes are equal, nor is there an embedding: a copy in each group, one of them taken down."""
    copy = encoded(scene(1).resize((64, 48)), "JPEG", quality=60)
    first = [encoded(scene(k), "PNG") for k in range(3)]
    second = [copy, encoded(scene(5), "PNG"), None, b"broken", copy]
    pairs = write_pairs(tmp_path / "pairs", first, second)
    ids = read_table(sorted(pairs.path.glob("*")))["id"].to_pylist()
    hashed = hash_images.run(pairs, runtime=runtime)
    assert (hashed.stats["rows"], hashed.stats["hashed"]) == (8, 6)
    config = DeduplicateConfig(content="none", near=None, perceptual=24)
    listed = deduplicate.run(config, [pairs], None, (), (), [hashed], runtime=runtime)
    rows = read_table(runtime.store / listed.name / "dropped.parquet").to_pylist()
    same = best_first(pairs, ids[1], ids[3], ids[7])
    assert [(row["id"], row["kept"]) for row in rows] == [(each, same[0]) for each in sorted(same[1:])]
    assert listed.stats["reasons"] == {"alike by perceptual hash": 2}
    taken = drop.run(DropConfig(takedown=(same[0],)), pairs, [], runtime=runtime)
    left = deduplicate.run(config, [pairs], None, (), [taken], [hashed], runtime=runtime)
    rows = read_table(runtime.store / left.name / "dropped.parquet").to_pylist()
    assert [(row["id"], row["kept"]) for row in rows] == [(same[2], same[1])]
    both = DeduplicateConfig(content="image", near=None, perceptual=24)
    reasons = deduplicate.run(both, [pairs], None, (), (), [hashed], runtime=runtime).stats["reasons"]
    assert reasons == {"alike by perceptual hash": 2}  # equal to each other, and only alike to the one that is kept


def test_leaks_are_listed_with_pictures_and_dropped(tmp_path: Path, runtime: Runtime) -> None:
    pairs = write_pairs(tmp_path / "pairs", [smooth(k) for k in range(6)])
    dataset = write_benchmark(tmp_path / "benchmark", [smooth(20), blurred(smooth(2)), smooth(4)])
    tested = benchmark_images.run("", dataset, runtime=runtime)
    rows = read_table(runtime.store / tested.name / "pairs-00000.parquet").to_pylist()
    assert [row["key"] for row in rows] == ["0/s0000000", "0/s0000001", "0/s0000002"]
    assert rows[1]["caption"] == "a photo of a red circle." and rows[1]["label"] == 1
    vectors = [embed.run(EncoderRecord(PIXELS), source, runtime=runtime) for source in (pairs, tested)]
    config = LeakageConfig(distance=0.2, drop="both", listed=4)
    found = leakage.run(config, "", [vectors[0]], [vectors[1]], [pairs], [tested], dataset, runtime=runtime)
    folder = runtime.store / found.name
    given = read_table(pairs.path / "pairs-00000.parquet")
    leaks = read_table(folder / "leaks.parquet").to_pylist()
    assert [row["id"] for row in leaks if row["leak"]] == [given["id"][4].as_py(), given["id"][2].as_py()]
    assert len(leaks) == 4 and [row["distance"] for row in leaks] == sorted(row["distance"] for row in leaks)
    repeated = read_table(folder / "captions.parquet")
    assert repeated["prompt"].to_pylist() == ["a red circle"] * 3
    assert CAPTIONS[0] == CAPTIONS[4] == "a red circle"  # rows 0, 4 and 5
    assert found.stats["leaks"] == 2 and found.stats["dropped"] == 4
    sheet = Image.open(folder / "leaks.png")
    assert sheet.format == "PNG" and sheet.size[0] > 4 * 2 * 96
    dropped = drop.run(DropConfig(), pairs, [found], runtime=runtime)
    assert dropped.stats["rows"] == 2
    why = {
        row["key"]: row["detail"] for row in read_table(runtime.store / dropped.name / "rejected.parquet").to_pylist()
    }
    assert why["row-0"] == "prompt: a red circle"
    assert why["row-4"] == f"evaluation row: id {rows[2]['id']}, at distance 0"
    assert why["row-2"].startswith(f"evaluation row: id {rows[1]['id']}, at distance 0.")
    taken = drop.run(DropConfig(takedown=(given["id"][0].as_py(),)), pairs, [], runtime=runtime)
    inputs = (config, "", [vectors[0]], [vectors[1]], [pairs], [tested], dataset)
    left = leakage.run(*inputs, gone=[taken], runtime=runtime)
    captions = read_table(runtime.store / left.name / "captions.parquet")
    assert captions["id"].to_pylist() == [given["id"][4].as_py(), given["id"][5].as_py()]


def test_declaring_the_stages_loads_nothing_large() -> None:
    heavy = "{'numba', 'scipy', 'torch', 'prefect', 'matplotlib', 'sklearn', 'transformers', 'open_clip', 'faiss'}"
    script = f"import sys, tasks.screening.task, tasks.screening.config; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
