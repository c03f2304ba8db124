"""Pictures are drawn anew: nothing of a source's bytes reaches the page."""

import base64
import io
from pathlib import Path

from PIL import Image

from storage.tables.shards import write_table
from tasks.reporting.inputs.pictures import fetch_rows, pictures, thumbnail
from tests.paths import CASES
from tests.tasks.reporting.conftest import HOSTILE, pairs_table, png


def test_rows_are_fetched_by_id(tmp_path: Path) -> None:
    path = tmp_path / "pairs-00000.parquet"
    write_table(path, pairs_table())
    found = fetch_rows([path], [1_000_003, 77], ["caption"])
    assert list(found) == [1_000_003] and found[1_000_003]["caption"] == pairs_table()["caption"][1].as_py()


def test_thumbnails_are_drawn_anew() -> None:
    payload = png(1, side=200) + b"<script>alert(1)</script>"
    uri, tiny = thumbnail(payload, 50)
    assert uri is not None and not tiny and uri.startswith("data:image/jpeg;base64,")
    content = base64.b64decode(uri.partition(",")[2])
    assert b"script" not in content
    with Image.open(io.BytesIO(content)) as picture:
        assert max(picture.size) <= 100
    small, tiny = thumbnail(png(2), 50)
    assert small is not None and tiny and small.startswith("data:image/png;base64,")


def test_unusable_images_have_no_thumbnail() -> None:
    for content in (None, b"", b"text", b"%!PS-Adobe", b"<svg/>", png(1)[:40]):
        assert thumbnail(content, 50) == (None, False)


def test_pictures_have_what_stands_under_them(tmp_path: Path) -> None:
    path = tmp_path / "pairs-00000.parquet"
    write_table(path, pairs_table())
    ids = pairs_table()["id"].to_pylist()
    found = pictures([path], [ids[0], ids[1], ids[3], ids[9], 77], 50)
    assert set(found) == {ids[0], ids[1], ids[3], ids[9]}
    assert found[ids[0]].caption == HOSTILE[0] and found[ids[0]].key == "0" and found[ids[0]].pixelated
    assert found[ids[1]].image is None and found[ids[3]].image is None
    assert (found[ids[9]].image or "").startswith("data:image/jpeg") and not found[ids[9]].pixelated


def test_pictures_are_rendered_as_models_see_them() -> None:
    """A drawing on transparency was a black square."""
    uri, _ = thumbnail((CASES / "black_on_transparency_palette.png").read_bytes(), 50)
    assert uri is not None
    with Image.open(io.BytesIO(base64.b64decode(uri.partition(",")[2]))) as picture:
        assert picture.mode == "RGB" and picture.getpixel((0, 0)) == (255, 255, 255)
