"""Rows of tars: every form of caption, label and key, and a stated outcome for everything that is amiss."""

import gzip
import hashlib
import io
import json
import tarfile
from pathlib import Path

import pyarrow as pa
import pytest

from storage.errors import InputError
from storage.export.forms.webdataset import write_webdataset
from storage.tables.ids import row_ids
from storage.tables.references import content_of, embedded
from storage.tables.schemas import IMAGE
from tasks.ingest.groups import plan_groups
from tasks.ingest.sources.webdataset import read
from tasks.ingest.sources.webdataset.config import WebdatasetConfig
from tests.storage.export.curated import curated, row
from tests.tasks.ingest.conftest import image_bytes, rows_of
from tests.tasks.ingest.sources.webdataset.conftest import taken, tar_bytes, write_tar

RED, BLUE = image_bytes("red"), image_bytes("blue", kind="PNG")


def one(path: Path, **parts: bytes) -> Path:
    """A tar of one sample `a`."""
    return write_tar(path / "0.tar", [(f"a.{extension}", content) for extension, content in parts.items()])


def test_images_captions_and_keys(tmp_path: Path) -> None:
    write_tar(tmp_path / "0.tar", [("a.jpg", RED), ("a.txt", b"red"), ("b.PNG", BLUE), ("b.txt", "bl\u00fc".encode())])
    write_tar(tmp_path / "s" / "1.tar", [("./a.txt", b"again\n"), ("./a.jpeg", RED), ("./a.npy", b"?")])
    accepted, rejected = taken(tmp_path)
    assert not rejected
    assert [(row["key"], row["caption"], row["image"]["path"]) for row in accepted] == [
        ("0.tar:a", "red", "a.jpg"), ("0.tar:b", "bl\u00fc", "b.PNG"), ("s/1.tar:a", "again\n", "a.jpeg"),
    ]  # fmt: skip
    assert [row["image"]["bytes"] for row in accepted] == [RED, BLUE, RED]
    assert [row["id"] for row in accepted] == row_ids("w", [row["key"] for row in accepted]).tolist()


@pytest.mark.parametrize(
    ("options", "parts", "captions"),
    [
        ({}, {"txt": b"one\ntwo"}, ["one\ntwo"]),
        ({"lines": True}, {"txt": b"one\r\n\n two \n"}, ["one", " two "]),
        ({"caption": "json.text"}, {"json": b'{"text": "one"}'}, ["one"]),
        ({"caption": "json.text"}, {"json": b'{"text": ["one", "two"]}'}, ["one", "two"]),
        ({"caption": "caption.txt"}, {"caption.txt": b"one", "txt": b"other"}, ["one"]),
        ({"caption": ".txt"}, {"txt": b"one"}, ["one"]),
        ({"caption": None}, {}, [""]),
    ],
)
def test_captions(tmp_path: Path, options: dict, parts: dict, captions: list[str]) -> None:
    accepted, rejected = taken(one(tmp_path, jpg=RED, **parts), **options)
    assert [row["caption"] for row in accepted] == captions and not rejected
    several = len(captions) > 1
    assert [row["key"] for row in accepted] == [
        f"0.tar:a#{number}" if several else "0.tar:a" for number in range(len(captions))
    ]
    assert all(row["image"]["bytes"] == RED for row in accepted)


@pytest.mark.parametrize(
    ("options", "label"),
    [
        ({"label": "cls"}, 7),
        ({"label": "json.class"}, 3),
        ({"label": "none"}, None),
        ({"label": "json.none"}, None),
        ({}, None),
    ],
)
def test_labels(tmp_path: Path, options: dict, label: int | None) -> None:
    accepted, _ = taken(one(tmp_path, jpg=RED, txt=b"x", cls=b"7\n", json=b'{"class": 3}'), **options)
    assert [row["label"] for row in accepted] == [label]


@pytest.mark.parametrize(("key", "expected"), [("sample", "a"), ("json.uid", "u1"), ("json.number", "12")])
def test_keys(tmp_path: Path, key: str, expected: str) -> None:
    accepted, _ = taken(one(tmp_path, jpg=RED, txt=b"x", json=b'{"uid": "u1", "number": 12}'), key=key)
    assert [row["key"] for row in accepted] == [expected]


def test_captions_alone(tmp_path: Path) -> None:
    accepted, rejected = taken(one(tmp_path, jpg=b"not an image", txt=b"x"), image=None)
    assert [(row["caption"], row["image"]) for row in accepted] == [("x", None)] and not rejected


def test_scores(tmp_path: Path) -> None:
    members = [("a.jpg", RED), ("a.txt", b"x"), ("a.json", b'{"clip": 0.5, "nsfw": NaN}')]
    members += [("b.jpg", RED), ("b.txt", b"x"), ("b.json", b'{"clip": "high"}')]
    accepted, _ = taken(write_tar(tmp_path / "0.tar", members), scores=("clip", "nsfw"))
    assert [row["scores"] for row in accepted] == [{"clip": 0.5, "nsfw": None}, {"clip": None, "nsfw": None}]
    with pytest.raises(InputError, match=r"has 'aesthetic' in its \.json"):
        taken(tmp_path / "0.tar", scores=("aesthetic",))


def test_an_image_of_a_preferred_kind_is_taken(tmp_path: Path) -> None:
    path = one(tmp_path, jpg=RED, png=BLUE, txt=b"x")
    assert [row["image"]["bytes"] for row in taken(path, image=("png", "jpg"))[0]] == [BLUE]


DEEP = b'{"text": ' + b"[" * 100_000 + b"]" * 100_000 + b"}"


@pytest.mark.parametrize(
    ("members", "options", "reason", "said"),
    [
        ([("a.txt", b"x")], {}, "missing image", "the sample has txt alone"),
        ([("a.jpg", RED)], {}, "empty caption", "no txt: the sample has jpg alone"),
        ([("a.jpg", RED), ("a.txt", b" \n")], {}, "empty caption", "characters of white space"),
        ([("a.jpg", RED), ("a.txt", b"\n\n")], {"lines": True}, "empty caption", "no txt"),
        ([("a.jpg", RED), ("a.txt", b"\xff\xfe")], {}, "invalid UTF-8", "not UTF-8"),
        ([("a.jpg", RED), ("a.txt", b"x" * 20_000)], {}, "caption too long", "20000 characters"),
        ([("a.jpg", RED), ("a.txt", b"x" * 2_000_000)], {}, "caption too long", "2000000 bytes"),
        ([("a.jpg", b""), ("a.txt", b"x")], {}, "unreadable image", "the file is empty"),
        ([("a.jpg", RED[:200]), ("a.txt", b"x")], {}, "unreadable image", ""),
        ([("a.jpg", RED), ("a.txt", b"x")], {"max_image_bytes": 100}, "image file too large", "633 bytes in"),
        ([("a.jpg", RED), ("a.txt", b"x"), ("a.jpg", BLUE)], {}, "duplicate key", "holds 'a.jpg' twice"),
        ([("v1.5_0.jpg", RED), ("v1.txt", b"x")], {}, "missing image", "5_0.jpg, txt alone"),
        ([("a.jpg", RED)], {"caption": "json.t"}, "empty caption", "no json.t"),
        ([("a.jpg", RED), ("a.json", b'{"t": 3}')], {"caption": "json.t"}, "malformed row", "neither a text nor"),
        ([("a.jpg", RED), ("a.json", b'{"t": []}')], {"caption": "json.t"}, "empty caption", "no json.t"),
        ([("a.jpg", RED), ("a.json", b'{"t": "\\ud800"}')], {"caption": "json.t"}, "invalid UTF-8", "surrogate"),
        ([("a.jpg", RED), ("a.json", b"{")], {"caption": "json.t"}, "malformed row", "cannot be read"),
        ([("a.jpg", RED), ("a.json", b"[1]")], {"caption": "json.t"}, "malformed row", "is a list, no object"),
        ([("a.jpg", RED), ("a.json", DEEP)], {"caption": "json.t"}, "malformed row", "cannot be read"),
        ([("a.jpg", RED), ("a.json", b'{"t": ' + b"9" * 5_000 + b"}")], {"caption": "json.t"}, "malformed row", ""),
        ([("a.jpg", RED), ("a.txt", b"x"), ("a.cls", b"cat")], {"label": "cls"}, "malformed row", "cls is 'cat'"),
        ([("a.jpg", RED), ("a.txt", b"x"), ("a.cls", b"9" * 30)], {"label": "cls"}, "label out of range", "32 bits"),
        ([("a.jpg", RED), ("a.txt", b"x"), ("a.cls", b"9" * 12)], {"label": "cls"}, "label out of range", "32 bits"),
        ([("a.jpg", RED), ("a.txt", b"x")], {"key": "json.uid"}, "malformed row", "json.uid is 'None', no key"),
        ([("../a.jpg", RED), ("../a.txt", b"x")], {}, "unsafe member", "leads out of the archive"),
        ([("a\udcff.jpg", RED), ("a\udcff.txt", b"x")], {}, "invalid UTF-8", "is not UTF-8"),
        ([("README", b"hello")], {}, "malformed row", "has no key"),
    ],
)  # fmt: skip
def test_rejections(tmp_path: Path, members: list, options: dict, reason: str, said: str) -> None:
    accepted, rejected = taken(write_tar(tmp_path / "0.tar", members), **options)
    assert accepted == []
    assert [row["reason"] for row in rejected] == [reason]
    assert said in rejected[0]["detail"] and "0.tar" in rejected[0]["detail"]


def test_missing_images_may_be_kept(tmp_path: Path) -> None:
    accepted, rejected = taken(one(tmp_path, txt=b"x"), missing_images="keep")
    assert [(row["caption"], row["image"]) for row in accepted] == [("x", None)] and not rejected


def test_links_and_devices_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "secret.jpg").write_bytes(RED)
    with tarfile.open(tmp_path / "0.tar", "w") as tar:
        for name, kind in (("a.jpg", tarfile.SYMTYPE), ("b.jpg", tarfile.LNKTYPE), ("c.jpg", tarfile.CHRTYPE)):
            info = tarfile.TarInfo(name)
            info.type, info.linkname = kind, str(tmp_path / "secret.jpg")
            tar.addfile(info)
            info = tarfile.TarInfo(name.replace("jpg", "txt"))
            info.size = 1
            tar.addfile(info, io.BytesIO(b"x"))
    before = sorted(tmp_path.iterdir())
    accepted, rejected = taken(tmp_path)
    assert accepted == [] and [row["reason"] for row in rejected] == ["unsafe member"] * 3
    assert [row["detail"].split("' ")[1].split(",")[0] for row in rejected] == ["is a link", "is a link", "is a device"]
    assert sorted(tmp_path.iterdir()) == before


def test_members_in_another_order_are_told(tmp_path: Path) -> None:
    _, rejected = taken(
        write_tar(tmp_path / "0.tar", [("a.jpg", RED), ("b.jpg", RED), ("a.txt", b"x"), ("b.txt", b"x")])
    )
    assert [row["reason"] for row in rejected] == ["empty caption"] * 2 + ["missing image"] * 2
    assert all("must follow one another" in row["detail"] for row in rejected)


def test_keys_that_repeat(tmp_path: Path) -> None:
    sample = [("a.jpg", RED), ("a.txt", b"x"), ("b.txt", b"x"), ("b.jpg", RED)]
    write_tar(tmp_path / "0.tar", [*sample, *sample])
    accepted, rejected = taken(tmp_path)
    assert [row["key"] for row in accepted] == ["0.tar:a", "0.tar:b"]
    assert [row["reason"] for row in rejected] == ["duplicate key"] * 2


@pytest.mark.parametrize(
    ("cut", "captions", "reasons"),
    [
        (5 * 512 + 100, ["x"], ["damaged archive"]),  # in a header
        (6 * 512 + 100, ["x"], ["damaged archive", "damaged archive"]),  # in an image: its sample, and the tar
        (8 * 512 + 100, ["x"], ["empty caption", "damaged archive"]),
    ],
)
def test_a_cut_tar_is_one_row_and_what_came_before_is_taken(
    tmp_path: Path, cut: int, captions: list[str], reasons: list[str]
) -> None:
    content = tar_bytes([("a.jpg", RED), ("a.txt", b"x"), ("b.jpg", RED), ("b.txt", b"y")])
    (tmp_path / "0.tar").write_bytes(content[:cut])
    accepted, rejected = taken(tmp_path)
    assert [row["caption"] for row in accepted] == captions
    assert [row["reason"] for row in rejected] == reasons
    assert rejected[-1]["key"] == "0.tar"


def test_other_tars_are_read_all_the_same(tmp_path: Path) -> None:
    (tmp_path / "0.tar").write_bytes(b"<html>404</html>" * 100)
    (tmp_path / "1.tar").touch()
    write_tar(tmp_path / "2.tar", [("a.jpg", RED), ("a.txt", b"z")])
    accepted, rejected = taken(tmp_path)
    assert [row["caption"] for row in accepted] == ["z"]
    assert [(row["key"], row["reason"]) for row in rejected] == [(f"{n}.tar", "damaged archive") for n in (0, 1)]


def test_packed_tars(tmp_path: Path) -> None:
    (tmp_path / "0.tar.gz").write_bytes(gzip.compress(tar_bytes([("a.jpg", RED), ("a.txt", b"x")])))
    accepted, _ = taken(tmp_path, pattern="*.tar.gz")
    assert [(row["key"], row["image"]["bytes"]) for row in accepted] == [("0.tar.gz:a", RED)]


def test_the_same_rows_whatever_the_blocks_and_groups(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for shard in range(40):
        members = [(f"{row}.{extension}", content) for row in range(5) for extension, content in
                   (("jpg", RED), ("txt", b"%d" % row), ("json", json.dumps({"n": row}).encode()))]  # fmt: skip
        write_tar(tmp_path / f"{shard:02d}.tar", members)
    config = WebdatasetConfig(name="w", path=tmp_path, scores=("n",))
    groups = plan_groups(config)
    assert [len(group.files) for group in groups] == [2] * 20

    def whole(blocks: int) -> list[dict]:
        monkeypatch.setattr(read, "SAMPLES_AT_ONCE", blocks)
        return rows_of(config, groups)[0]

    assert whole(1) == whole(3) == whole(4_096)
    assert len(whole(7)) == 200


def test_bytes_are_the_same_in_and_out(tmp_path: Path) -> None:
    contents = [image_bytes("red", (40, 30), kind) for kind in ("JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF")]
    names = ("jpg", "png", "webp", "gif", "bmp", "tiff")
    members = [(f"{name}.{part}", body) for name, content in zip(names, contents, strict=True)
               for part, body in ((name, content), ("txt", b"x"))]  # fmt: skip
    accepted, _ = taken(write_tar(tmp_path / "0.tar", members))
    assert [hashlib.sha256(row["image"]["bytes"]).hexdigest() for row in accepted] == [
        hashlib.sha256(content).hexdigest() for content in contents
    ]


def test_a_missing_tar_is_named(tmp_path: Path) -> None:
    write_tar(tmp_path / "0.tar", [])
    with pytest.raises(InputError, match=r"tar of the source 'w' .*1\.tar does not exist"):
        taken(f"{tmp_path}/{{0..1}}.tar")


@pytest.mark.parametrize("table", ["auto", "none"])
def test_our_own_export_is_read_back(tmp_path: Path, table: str) -> None:
    captions = [f"tab\t {number} \u2603\n" for number in range(9)]
    rows = [row(n, label=n % 3, multiplicity=1 + n % 2, caption=caption) for n, caption in enumerate(captions)]
    write_webdataset(curated(tmp_path / "curated", rows), tmp_path / "out", samples_per_shard=4)
    accepted, rejected = taken(tmp_path / "out", label="json.label", scores=("weight",), table=table)
    assert not rejected
    assert len(accepted) == 9 + 4
    written = {each["caption"]: each for each in rows}
    for each in accepted:
        origin = written[each["caption"]]
        assert each["image"]["bytes"] == origin["image"]["bytes"]
        assert (each["label"], each["scores"]) == (origin["label"], {"weight": 1.0})
    once, _ = taken(tmp_path / "out", key="json.uid")
    assert {each["key"] for each in once} == {each["key"] for each in rows}


def test_images_that_are_kept_in_the_tar_are_the_same_rows_and_bytes(tmp_path: Path) -> None:
    """A name that looks like a reference leads nowhere else, and a broken picture is refused here, too."""
    names = ("a", "b/#at=0+5/x", "c")
    members = [
        (f"{name}.{part}", body)
        for number, name in enumerate(names)
        for part, body in (("jpg", image_bytes("red", (8 + number, 6))), ("txt", b"x"))
    ]
    path = write_tar(tmp_path / "0.tar", [*members, ("d.jpg", image_bytes()[:99]), ("d.txt", b"x")])
    for verify in ("decode", "header", "none"):
        held, refused = taken(path, verify=verify)
        kept, also = taken(path, verify=verify, image_content="keep")
        assert refused == also and len(kept) == len(held)
        assert [row["image"]["bytes"] for row in kept] == [None] * len(held)
        assert [content_of(row["image"]) for row in kept] == [row["image"]["bytes"] for row in held]
        assert [row | {"image": None} for row in kept] == [row | {"image": None} for row in held]
    table = pa.array([row["image"] for row in kept], IMAGE)
    assert embedded(table).field("path").to_pylist()[:3] == ["a.jpg", "x.jpg", "c.jpg"]
    content = bytearray(path.read_bytes())
    content[600] ^= 1
    path.write_bytes(content)
    with pytest.raises(InputError, match="was changed after it was ingested by reference"):
        content_of(kept[0]["image"])
    path.unlink()
    with pytest.raises(InputError, match="cannot be read"):
        content_of(kept[0]["image"])


def test_images_in_a_packed_tar_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "0.tar.gz").write_bytes(gzip.compress(tar_bytes([("a.jpg", RED), ("a.txt", b"x")])))
    assert len(taken(tmp_path / "0.tar.gz")[0]) == 1
    with pytest.raises(InputError, match=r"0\.tar\.gz is packed by gzip.*unpack it, or leave image_content: keep out"):
        taken(tmp_path / "0.tar.gz", image_content="keep")


def test_concepts_as_cabs_has_them_and_kept_fields(tmp_path: Path) -> None:
    facts = {"uid": "u", "classes": ["house", "water", "house"], "class_scores": [0.5, 0.25, 0.75], "width": 640}
    members = [("a.jpg", RED), ("a.txt", b"x"), ("a.json", json.dumps(facts).encode())]
    members += [("b.jpg", RED), ("b.txt", b"x"), ("b.json", b'{"classes": ["a"], "class_scores": []}')]
    members += [("c.jpg", RED), ("c.txt", b"x"), ("c.json", b'{"width": null}')]
    path = write_tar(tmp_path / "0.tar", members)
    options = {"concepts": "json.classes", "concept_scores": "class_scores", "keep": ("width", "uid")}
    accepted, rejected = taken(path, **options)
    assert [row["concepts"] for row in accepted] == [
        [{"label": "house", "score": 0.75}, {"label": "water", "score": 0.25}],
        None,
    ]
    assert [row["kept"] for row in accepted] == [{"uid": "u", "width": "640"}, {"uid": None, "width": None}]
    assert [(row["reason"], row["detail"]) for row in rejected] == [
        ("malformed row", "0.tar: 'classes' is no list of concepts")
    ]
