"""Duplicates and leaks: found, listed with pictures, dropped, and the same whatever the order."""

import io
import tarfile
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from storage.errors import InputError
from storage.record.manifest import External
from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.task import benchmark_images, embed
from tasks.geometry.config import GeometryConfig
from tasks.geometry.task import geometry
from tasks.screening.config import DeduplicateConfig, LeakageConfig
from tasks.screening.duplicates.rows_to_drop import SameAs, rows_to_drop
from tasks.screening.leakage.nearest_evaluation import nearest_evaluation, plain_words, repeated_prompts
from tasks.screening.task import deduplicate, drop, leakage
from tests.tasks.embedding.conftest import CAPTIONS, png, write_pairs
from tests.tasks.geometry.conftest import gaussian


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
    (folder / "classnames.txt").write_text("circle\nred circle\n")
    (folder / "zeroshot_classification_templates.txt").write_text("a photo of a {c}.\na {c}\n")
    with tarfile.open(folder / "test" / "0.tar", "w") as tar:
        for number, content in enumerate(images):
            for suffix, data in (("png", content), ("cls", str(number % 2).encode())):
                member = tarfile.TarInfo(f"s{number:07d}.{suffix}")
                member.size = len(data)
                tar.addfile(member, io.BytesIO(data))
    return External(path=folder, fingerprint="benchmark")


PIXELS = EmbeddingConfig(encoder="pixels", modality="image", pixel_side=8)


def test_duplicates_are_found_and_dropped(tmp_path: Path, runtime: Runtime) -> None:
    images = [smooth(0), smooth(1), smooth(2), smooth(3), smooth(0), blurred(smooth(1)), smooth(4)]
    pairs = write_pairs(tmp_path / "pairs", images[:4], images[4:])
    embedded = embed.run(PIXELS, pairs, None, None, runtime=runtime)
    measured = geometry.run(GeometryConfig(), [embedded], None, runtime=runtime)
    listed = deduplicate.run(DeduplicateConfig(content="image", near=0.2), [pairs], measured, runtime=runtime)
    ids = read_table(sorted(pairs.path.glob("*")))["id"].to_pylist()
    dropped = {row["id"]: row for row in read_table(runtime.store / listed.name / "dropped.parquet").to_pylist()}
    assert sorted(dropped) == sorted([max(ids[0], ids[4]), max(ids[1], ids[5])])
    assert dropped[max(ids[0], ids[4])]["reason"] == "equal image"
    assert dropped[max(ids[1], ids[5])] == {
        "id": max(ids[1], ids[5]), "kept": min(ids[1], ids[5]), "reason": "near-duplicate",
    }  # fmt: skip
    kept = drop.run(pairs, [listed], runtime=runtime)
    folder = runtime.store / kept.name
    assert sorted(path.name for path in folder.glob("pairs-*")) == ["pairs-00000.parquet", "pairs-00001.parquet"]
    rest = read_table(sorted(folder.glob("pairs-*")))
    assert rest["id"].to_pylist() == [value for value in ids if value not in dropped]
    assert len(read_table(folder / "rejected.parquet")) == 2 and kept.stats["rows"] == 5


def test_pair_content_keeps_another_caption_of_an_image(tmp_path: Path, runtime: Runtime) -> None:
    pairs = write_pairs(tmp_path / "pairs", [smooth(0), smooth(0), smooth(1), smooth(2), smooth(0)])
    same_pair = deduplicate.run(DeduplicateConfig(content="pair"), [pairs], None, runtime=runtime)
    same_image = deduplicate.run(DeduplicateConfig(content="image"), [pairs], None, runtime=runtime)
    assert (same_pair.stats["dropped"], same_image.stats["dropped"]) == (1, 2)
    assert deduplicate.run(DeduplicateConfig(content="none"), [pairs], None, runtime=runtime).stats["dropped"] == 0


@given(st.lists(st.tuples(st.integers(0, 9), st.integers(0, 9)), max_size=12), st.randoms())
def test_the_lowest_id_stays_whatever_the_order(links: list[tuple[int, int]], random: object) -> None:
    def dropped(pairs: list[tuple[int, int]]) -> pa.Table:
        ends = np.array(pairs, np.uint64).reshape(-1, 2)
        return rows_to_drop([SameAs(ends[:, 0], ends[:, 1], "same")])

    table = dropped(links)
    groups = {value: {value} for value in range(10)}
    for a, b in links:
        joined = groups[a] | groups[b]
        for member in joined:
            groups[member] = joined
    expected = [(value, min(groups[value])) for value in range(10) if value != min(groups[value])]
    assert list(zip(table["id"].to_pylist(), table["kept"].to_pylist(), strict=True)) == expected
    random.shuffle(links)  # type: ignore[attr-defined]
    assert dropped([(b, a) for a, b in links]).equals(table)


def test_leaks_are_listed_with_pictures_and_dropped(tmp_path: Path, runtime: Runtime) -> None:
    pairs = write_pairs(tmp_path / "pairs", [smooth(k) for k in range(6)])
    dataset = write_benchmark(tmp_path / "benchmark", [smooth(20), blurred(smooth(2)), smooth(4)])
    tested = benchmark_images.run("", dataset, runtime=runtime)
    rows = read_table(runtime.store / tested.name / "pairs-00000.parquet").to_pylist()
    assert [row["key"] for row in rows] == ["0/s0000000", "0/s0000001", "0/s0000002"]
    assert rows[1]["caption"] == "a photo of a red circle." and rows[1]["label"] == 1
    vectors = [embed.run(PIXELS, source, None, None, runtime=runtime) for source in (pairs, tested)]
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
    assert drop.run(pairs, [found], runtime=runtime).stats["rows"] == 2


def test_nearest_evaluation_is_brute_force() -> None:
    train, evaluation = gaussian(500, 6, 1), gaussian(90, 6, 2)
    found = nearest_evaluation(train, evaluation)
    distance = np.linalg.norm(train[:, None] - evaluation[None], axis=2)
    assert np.array_equal(found.position, distance.argmin(axis=1))
    np.testing.assert_allclose(found.distance, distance.min(axis=1), rtol=1e-5)
    with pytest.raises(InputError, match="same model"):
        nearest_evaluation(train, evaluation[:, :3])


def test_prompts_are_compared_by_words() -> None:
    assert plain_words(" A photo of_a  CAT! ") == "a photo of a cat"
    captions = pa.array(["A photo of a cat", "a photo of a cat sleeping", "cat", "a photo of a dog."])
    prompts = ["a photo of a cat.", "a photo of a dog.", "cat"]
    assert repeated_prompts(captions, prompts).to_pylist() == ["a photo of a cat.", None, "cat", "a photo of a dog."]


def test_a_folder_that_is_no_benchmark_is_refused(tmp_path: Path, runtime: Runtime) -> None:
    with pytest.raises(InputError, match=r"holds no \*\.tar"):
        benchmark_images.run("", External(path=tmp_path, fingerprint=""), runtime=runtime)
    with pytest.raises(InputError, match="leads out"):
        benchmark_images.run("../x", External(path=tmp_path, fingerprint=""), runtime=runtime)
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "0.tar").write_bytes(b"no tar at all")
    with pytest.raises(InputError, match="cannot be read as a tar"):
        benchmark_images.run("", External(path=tmp_path, fingerprint="2"), runtime=runtime)


def test_a_row_is_dropped_for_the_sake_of_one_that_stays() -> None:
    """1, 2 and 3 are the same; 1 is a leak, so 2 stays and 3 goes. Of 4 and 5, both leaks, nothing is listed."""
    relation = SameAs(np.array([2, 3, 5], np.uint64), np.array([1, 2, 4], np.uint64), "same")
    table = rows_to_drop([relation], np.array([1, 4, 5], np.uint64))
    assert table.to_pylist() == [{"id": 3, "kept": 2, "reason": "same"}]
