"""Copies of pictures: cropped, shifted, zoomed, mirrored and recoloured ones are near, others are not."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image, ImageEnhance
from typer.testing import CliRunner

from flows.command import app
from storage.errors import InputError
from tasks.embedding.pictures.pixels import local_detail, pixel_vectors, thumbnail
from tasks.screening.pictures.alignment import SIDE, aligned_distances
from tasks.screening.pictures.same_pictures import SAME_PICTURE, nearest_pictures
from tasks.screening.pictures.thumbnails import encoded_pictures, read_pictures


def scene(seed: int, side: int = 128) -> Image.Image:
    """A picture with shapes of all sizes: octaves of noise."""
    rng = np.random.default_rng(seed)
    noise = [Image.fromarray(rng.integers(0, 256, (n, n, 3), np.uint8)) for n in (3, 6, 12, 24)]
    layers = [np.asarray(layer.resize((side, side), Image.Resampling.BICUBIC)) for layer in noise]
    return Image.fromarray(np.mean(layers, axis=0).astype(np.uint8))


COPIES = {
    "shifted and cropped": lambda p: p.crop((10, 4, 122, 116)),
    "zoomed": lambda p: p.crop((8, 8, 120, 120)),
    "mirrored": lambda p: p.transpose(Image.Transpose.FLIP_LEFT_RIGHT),
    "brighter, less contrast": lambda p: ImageEnhance.Contrast(ImageEnhance.Brightness(p).enhance(1.2)).enhance(0.6),
    "compressed": lambda p: Image.open(io.BytesIO(encoded(p, "JPEG", quality=40))),
}


def encoded(picture: Image.Image, kind: str, **options: int) -> bytes:
    buffer = io.BytesIO()
    picture.save(buffer, kind, **options)
    return buffer.getvalue()


def thumbnails(pictures: list[Image.Image]) -> np.ndarray:
    return np.stack([thumbnail(picture, SIDE) for picture in pictures])


@pytest.mark.parametrize("how", COPIES)
def test_a_copy_is_found_among_others(how: str) -> None:
    train = [scene(seed) for seed in range(60)]
    evaluation = [scene(100), COPIES[how](train[17]), scene(101), COPIES[how](train[42])]
    found = nearest_pictures(thumbnails(train), thumbnails(evaluation), workers=2)
    assert found.position[[1, 3]].tolist() == [17, 42]
    assert (found.distance[[1, 3]] < SAME_PICTURE).all() and (found.distance[[0, 2]] > 1.3 * SAME_PICTURE).all()
    assert found.mirrored[[1, 3]].all() == (how == "mirrored")


def test_equals_correlation_by_numpy() -> None:
    left, right = thumbnails([scene(0)]), thumbnails([scene(1), scene(2)])
    detail = [local_detail(some, 1 / 8) for some in (left, right)]
    template = detail[0][0][:, 4:28, 4:28].astype(np.float64)
    template -= template.mean(axis=(1, 2), keepdims=True)
    expected = []
    for picture in detail[1].astype(np.float64):
        windows = np.lib.stride_tricks.sliding_window_view(picture, (24, 24), axis=(1, 2)).transpose(1, 2, 0, 3, 4)
        windows = windows - windows.mean(axis=(3, 4), keepdims=True)
        inner = (windows * template).sum(axis=(2, 3, 4))
        expected.append((inner / np.linalg.norm(template) / np.sqrt((windows**2).sum(axis=(2, 3, 4)))).max())
    found = aligned_distances(left, right, np.array([[0, 0], [0, 1]]), np.zeros(2, bool))
    assert (1 - found**2 / 2 >= np.array(expected) - 1e-5).all()  # two more crops may do better, never worse
    same = aligned_distances(left, left, np.array([[0, 0]]), np.zeros(1, bool))
    assert same[0] == pytest.approx(0, abs=2e-3)


def test_order_workers_and_flat_pictures_do_not_matter() -> None:
    pictures = thumbnails([scene(seed) for seed in range(40)])
    flat = np.full((3, 3, SIDE, SIDE), 90, np.uint8)
    train, evaluation = np.concatenate([flat, pictures[:30]]), np.concatenate([pictures[25:], flat[:1]])
    one, two = (nearest_pictures(train, evaluation, workers=workers) for workers in (1, 2))
    assert np.array_equal(one.distance, two.distance) and np.array_equal(one.position, two.position)
    assert one.distance[:5].max() < 2e-3 and one.distance[-1] > 1.4 and np.isfinite(one.distance).all()
    assert (pixel_vectors(flat) == 0).all()


def table(path: Path, pictures: list[bytes | None], labels: list[int]) -> Path:
    images = [None if content is None else {"bytes": content, "path": f"{i}.png"} for i, content in enumerate(pictures)]
    kind = pa.struct([("bytes", pa.binary()), ("path", pa.string())])
    pq.write_table(pa.table({"image": pa.array(images, kind), "label": labels}), path, row_group_size=4)
    return path


def test_the_study_writes_pairs_pictures_and_numbers(tmp_path: Path) -> None:
    train = [scene(seed) for seed in range(20)]
    copy = COPIES["mirrored"](train[9])
    files = (
        table(tmp_path / "train.parquet", [b"broken", *(encoded(p, "PNG") for p in train)], list(range(21))),
        table(tmp_path / "test.parquet", [encoded(scene(50), "PNG"), None, encoded(copy, "PNG")], [0, 0, 10]),
    )
    arguments = ["study", "leakage", "--train", files[0], "--evaluation", files[1], "--to", tmp_path / "out"]
    done = CliRunner().invoke(app, [str(item) for item in arguments])
    assert done.exit_code == 0, done.output
    numbers = json.loads((tmp_path / "out" / "leakage.json").read_text())
    assert numbers["same_pictures"] == 1 and numbers["mirrored"] == 1 and numbers["unreadable"] == 2
    assert next(row for row in numbers["by_distance"] if row["distance"] == 0.55)["same_class"] == 1.0
    first = pq.read_table(tmp_path / "out" / "leakage.parquet").to_pylist()[0]
    assert (first["evaluation_row"], first["train_row"], first["train_path"]) == (2, 10, "10.png")
    assert first["same_picture"] and first["mirrored"] and first["distance"] < 0.1
    for name in ("leakage.png", "leakage-border.png"):
        assert Image.open(tmp_path / "out" / name).format == "PNG"
    again = read_pictures([files[0], files[1]])
    assert encoded_pictures(again, np.array([21, 3]))[0] == encoded(copy, "PNG")


def test_unusable_files_are_named(tmp_path: Path) -> None:
    (tmp_path / "no.parquet").write_bytes(b"nothing")
    with pytest.raises(InputError, match=r"no\.parquet cannot be read"):
        read_pictures([tmp_path / "no.parquet"])
    pq.write_table(pa.table({"picture": [b"x"]}), tmp_path / "other.parquet")
    with pytest.raises(InputError, match="no column `image`"):
        read_pictures([tmp_path / "other.parquet"])
    with pytest.raises(InputError, match="none of the 2 rows"):
        read_pictures([table(tmp_path / "broken.parquet", [b"x", None], [0, 1])])
