"""The tars of a benchmark: what is dangerous, broken or incomplete is refused before it is decoded."""

import io
import pickle
import tarfile
from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from tasks.embedding.benchmarks.archive import check_archives, read_samples, walk_archives
from tasks.embedding.benchmarks.layout import inspect_layout
from tests.tasks.evaluation.conftest import picture, write_classification, write_multilabel, write_tar


class Bomb:
    """Unpickling it would raise: the test proves that nobody does."""

    def __reduce__(self) -> tuple[object, tuple[str]]:
        return (exec, ("raise SystemExit('unpickled')",))


@pytest.mark.parametrize(
    ("members", "message"),
    [
        ([("a.png", b"@"), ("a.cls", b"0")], "not a JPEG, PNG or WebP"),
        ([("a.jpg", b"%!PS-Adobe-3.0 EPSF-3.0"), ("a.cls", b"0")], "not a JPEG, PNG or WebP"),
        ([("a.png", picture("red", 0)), ("a.cls", b"0"), ("a.pickle", pickle.dumps(Bomb()))], "could run code"),
        ([("a.png", picture("red", 0)), ("a.cls", b"0"), ("a.x.pyd", pickle.dumps(Bomb()))], "could run code"),
        ([("a.png", picture("red", 0)), ("a.PTH", b"0"), ("a.cls", b"0")], "could run code"),
        ([("a.png.gz", b"0"), ("a.cls", b"0")], "could run code"),
        ([("v1.5_0.png", picture("red", 0)), ("v1.5_0.cls", b"0")], "dot inside its name.*to 'v1_5_0.png'"),
        ([("x.y/v.1.2.cls", b"0")], "dot inside its name.*to 'x.y/v_1_2.cls'"),
        ([("a.gif", b"GIF89a"), ("a.cls", b"0")], r"is a \.gif picture, and the layout has jpg, png and webp only"),
        ([("a.TIFF", b"II*"), ("a.cls", b"0")], r"is a \.tiff picture"),
        ([("a.png", picture("red", 0)), ("a.cls", b"0"), ("a.mp4", b"0")], "which the layout does not know"),
        ([("a.png", picture("red", 0)), ("a.cls", b"2")], "from 0 to 1"),
        ([("a.png", picture("red", 0)), ("a.cls", b"-1")], "from 0 to 1"),
        ([("a.png", picture("red", 0)), ("a.cls", b"")], "from 0 to 1"),
        ([("a.png", picture("red", 0))], "0 .cls files"),
        ([("a.cls", b"0")], "0 image files"),
        ([("a.png", picture("red", 0)), ("a.jpg", picture("red", 0, "JPEG")), ("a.cls", b"0")], "2 image files"),
        ([("a.png", picture("red", 0)), ("b.cls", b"0")], "0 .cls files"),
        ([], "no samples"),
    ],
)
def test_dangerous_or_broken_members(tmp_path: Path, members: list[tuple[str, bytes]], message: str) -> None:
    root = write_classification(tmp_path / "set", ["red", "green"], images=2, shards=1)
    write_tar(root / "test" / "0.tar", members)
    with pytest.raises(InputError, match=message):
        inspect_layout(root, name="set")


def test_truncated_tar(colours: Path) -> None:
    path = colours / "test" / "0.tar"
    path.write_bytes(path.read_bytes()[:1100])
    with pytest.raises(InputError, match=r"readable tar|exactly one"):
        inspect_layout(colours, name="colours")


def test_samples_are_counted_over_all_tars(colours: Path, captions: Path) -> None:
    assert check_archives(sorted((colours / "test").glob("*.tar")), classes=6) == 40
    assert check_archives(sorted((captions / "test").glob("*.tar")), classes=None) == 12
    with pytest.raises(InputError, match="from 0 to 2"):
        check_archives(sorted((colours / "test").glob("*.tar")), classes=3)


def test_members_that_webdataset_skips_are_skipped(tmp_path: Path) -> None:
    path = tmp_path / "0.tar"
    with tarfile.open(path, "w") as archive:
        for name, kind in (("folder", tarfile.DIRTYPE), ("a.pickle", tarfile.SYMTYPE), ("a.pth", tarfile.FIFOTYPE)):
            info = tarfile.TarInfo(name)
            info.type = kind
            archive.addfile(info)
        for name, content in (("README", b"no extension"), ("a.png", picture("red", 0)), ("a.cls", b"1\n")):
            info = tarfile.TarInfo(name)
            info.size = len(content)
            archive.addfile(info, io.BytesIO(content))
    assert check_archives([path], classes=2) == 1


def test_a_caption_file_without_a_caption(tmp_path: Path) -> None:
    write_tar(tmp_path / "0.tar", [("a.png", picture("red", 0)), ("a.txt", b"")])
    with pytest.raises(InputError, match="holds no caption"):
        check_archives([tmp_path / "0.tar"], classes=None)
    write_tar(tmp_path / "0.tar", [("a.png", picture("red", 0)), ("a.txt", b"\xff\xfe")])
    with pytest.raises(InputError, match="not UTF-8"):
        check_archives([tmp_path / "0.tar"], classes=None)


def vector(values: object, dtype: object = np.int64) -> bytes:
    stream = io.BytesIO()
    np.save(stream, np.array(values, dtype), allow_pickle=True)
    return stream.getvalue()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (vector([0, 1]), "of shape \\(2,\\)"),
        (vector([[0, 1, 0]]), "of shape \\(1, 3\\)"),
        (vector([0, 2, 0]), "other than 0 and 1"),
        (vector([0, None, 0], object), "holds object"),
        (vector([0, np.nan, 0], np.float32), "other than 0 and 1"),
        (vector([0, 1, 0])[:-3], "of shape"),
        (
            b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f8', 'fortran_order': False, 'shape': (10**12,), }".ljust(80),
            "no .npy file",
        ),
        (
            b"\x93NUMPY\x01\x00\x46\x00{'descr': '<f8', 'fortran_order': False, 'shape': (99999999999,), }".ljust(80),
            "of shape",
        ),
        (b"cosposix", "no .npy file"),
    ],
)
def test_a_vector_of_labels_is_looked_at_before_it_is_made(tmp_path: Path, content: bytes, message: str) -> None:
    write_tar(tmp_path / "0.tar", [("s0.png", picture("red", 0)), ("s0.npy", content)])
    with pytest.raises(InputError, match=message):
        walk_archives([tmp_path / "0.tar"], classes=3, several=True)


def test_images_of_each_class_are_counted(colours: Path, tmp_path: Path) -> None:
    shards = sorted((colours / "test").glob("*.tar"))
    walked = walk_archives(shards, classes=6)
    assert walked.images == sum(walked.of_class) == 40 and len(walked.of_class) == 6
    several = write_multilabel(tmp_path / "several")
    found = walk_archives([several / "test" / "0.tar"], classes=6, several=True)
    assert found.images == 30 < sum(found.of_class) and found.of_class[-1] == 0
    samples = list(read_samples([several / "test" / "0.tar"], classes=6, several=True))
    assert samples[2].labels == (2, 4) and samples[0].labels == (0,)
    with pytest.raises(InputError, match=r"has the extension \.npy"):
        walk_archives([several / "test" / "0.tar"], classes=6)
