"""Exports, read back by those they are made for."""

import io
import json
import shlex
import tarfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
import webdataset
from hypothesis import given
from hypothesis import strategies as st
from pandas._libs.parsers import STR_NA_VALUES
from PIL import Image

from storage.errors import InputError
from storage.export import write_datacomp_subset, write_open_clip_csv, write_webdataset, write_weight_buckets
from storage.export.open_clip_csv import MISSING, plain_title
from storage.tables.schemas import CURATED
from storage.tables.shards import ShardWriter, read_table

open_clip_data = pytest.importorskip("open_clip_train.data")


def picture(value: int, form: str = "JPEG") -> bytes:
    stream = io.BytesIO()
    Image.new("RGB", (8, 8), (value, 0, 0)).save(stream, form)
    return stream.getvalue()


def row(number: int, **other: object) -> dict[str, object]:
    return {
        "id": number,
        "key": f"{number:032x}",
        "caption": f"caption {number}",
        "image": {"bytes": picture(number % 256), "path": f"../../{number}.jpg"},
        "label": None,
        "source": "test",
        "weight": 1.0,
        "inclusion": None,
        "multiplicity": 1,
        "entries": [0],
    } | other


def curated(directory: Path, rows: Sequence[dict[str, object]], rows_per_shard: int = 7) -> list[Path]:
    directory.mkdir(exist_ok=True)
    with ShardWriter(directory, "curated", CURATED, rows_per_shard=rows_per_shard) as writer:
        writer.write(pa.Table.from_pylist(list(rows), schema=CURATED))
    return writer.paths


def samples(files: Sequence[Path]) -> list[dict[str, bytes]]:
    urls = [str(file) for file in files]
    return list(webdataset.WebDataset(urls, shardshuffle=False))


class TestWebdataset:
    def test_read_by_webdataset_and_open_clip(self, tmp_path: Path) -> None:
        rows = [row(number, multiplicity=1 + number % 3) for number in range(20)]
        rows[4] |= {"image": {"bytes": picture(4, "PNG"), "path": None}}
        rows[5] |= {"image": {"bytes": picture(5, "WEBP"), "path": None}, "caption": "two\nlines\t\x00é"}
        export = write_webdataset(curated(tmp_path / "in", rows), tmp_path / "out", samples_per_shard=10)
        copies = sum(1 + number % 3 for number in range(20))
        assert (export.rows, export.rejected) == (copies, 0)
        read = samples(export.files)
        counts = np.bincount([int(json.loads(sample["json"])["id"], 16) for sample in read])
        assert counts.tolist() == [1 + number % 3 for number in range(20)]
        for sample in read:
            number = int(json.loads(sample["json"])["id"], 16)
            (extension,) = {"jpg", "png", "webp"} & sample.keys()
            assert extension == {4: "png", 5: "webp"}.get(number, "jpg")
            assert sample[extension] == rows[number]["image"]["bytes"]  # type: ignore[index]
            assert sample["txt"].decode() == rows[number]["caption"]
        assert len({sample["__key__"] for sample in read}) == copies
        pattern = f"{tmp_path}/out/{{00000000..{len(export.files) - 1:08d}}}.tar"
        assert open_clip_data.get_dataset_size(pattern) == (copies, len(export.files))

    def test_copies_lie_apart(self, tmp_path: Path) -> None:
        paths = curated(tmp_path / "in", [row(number, multiplicity=2) for number in range(20)])
        ids = [json.loads(sample["json"])["id"] for sample in samples(write_webdataset(paths, tmp_path / "o").files)]
        assert ids[:20] == ids[20:] and len(set(ids)) == 20

    def test_names_from_the_source_stay_out(self, tmp_path: Path) -> None:
        paths = curated(
            tmp_path / "in", [row(1, key="../../etc/passwd", image={"bytes": picture(0), "path": "/etc/x"})]
        )
        (file,) = write_webdataset(paths, tmp_path / "out").files
        with tarfile.open(file) as tar:
            assert tar.getnames() == ["0000000000.jpg", "0000000000.txt", "0000000000.json"]

    def test_bytes_depend_on_the_rows_alone(self, tmp_path: Path) -> None:
        rows = [row(number) for number in range(20)]
        one = write_webdataset(curated(tmp_path / "a", rows), tmp_path / "one", samples_per_shard=8)
        two = write_webdataset(curated(tmp_path / "b", rows, 3), tmp_path / "two", samples_per_shard=8)
        assert [file.read_bytes() for file in one.files] == [file.read_bytes() for file in two.files]

    def test_unusable_rows_are_kept_with_reasons(self, tmp_path: Path) -> None:
        rows = [
            row(0, image=None, multiplicity=3),
            row(1, image={"bytes": None, "path": "x.jpg"}),
            row(2, image={"bytes": b"GIF89a", "path": None}),
            row(3, caption=" \n "),
            row(4),
        ]
        export = write_webdataset(curated(tmp_path / "in", rows), tmp_path / "out")
        assert (export.rows, export.rejected) == (1, 4)
        rejected = read_table(tmp_path / "out" / "rejected.parquet").to_pylist()
        reasons = ["missing image", "missing image", "unsupported image format", "empty caption"]
        assert [found["reason"] for found in rejected] == reasons

    def test_nothing_to_write(self, tmp_path: Path) -> None:
        export = write_webdataset(curated(tmp_path / "in", []), tmp_path / "out")
        assert export.files == () and json.loads((tmp_path / "out" / "sizes.json").read_text()) == {}

    def test_target_in_use_and_errors(self, tmp_path: Path) -> None:
        paths = curated(tmp_path / "in", [row(1)])
        (tmp_path / "out").mkdir()
        (tmp_path / "out" / "mine").write_text("x")
        with pytest.raises(InputError, match="exists already"):
            write_webdataset(paths, tmp_path / "out")
        with pytest.raises(FileNotFoundError):
            write_webdataset([*paths, tmp_path / "none.parquet"], tmp_path / "new")
        assert sorted(path.name for path in tmp_path.iterdir()) == ["in", "out"]


class TestOpenClipCsv:
    CAPTIONS = (
        "plain", 'with "quotes"', '"', "tab\there", "two\r\nlines", "nul\x00byte", "nan", "NA", "None", "null", "'",
        ",", "  spaces  ", "\u2028separator", "é ✓ 漢", "#comment", "1e5", "=1+1", "\x1b[31mred", "x" * 5_000,
    )  # fmt: skip

    def test_read_by_open_clip(self, tmp_path: Path) -> None:
        rows = [row(number, caption=text) for number, text in enumerate(self.CAPTIONS)]
        export = write_open_clip_csv(curated(tmp_path / "in", rows), tmp_path / "out")
        data = open_clip_data.CsvDataset(
            str(export.files[0]), transforms=lambda image: image.size, img_key="filepath", caption_key="title",
            tokenizer=lambda texts: texts,
        )  # fmt: skip
        assert len(data) == export.rows == len(rows)
        for number, text in enumerate(self.CAPTIONS):
            size, read = data[number]
            assert size == (8, 8)
            assert read.split() == text.replace("\x00", " ").replace("\x1b", " ").split()
            assert Path(data.images[number]).read_bytes() == rows[number]["image"]["bytes"]  # type: ignore[index]

    def test_images_stay_in_the_folder(self, tmp_path: Path) -> None:
        rows = [row(2**64 - 1, key="../../x", image={"bytes": picture(1), "path": "/etc/passwd"}, multiplicity=3)]
        export = write_open_clip_csv(curated(tmp_path / "in", rows), tmp_path / "out")
        frame = pd.read_csv(export.files[0], sep="\t")
        assert frame["filepath"].tolist() == [str(tmp_path / "out/images/ff/ffffffffffffffff.jpg")] * 3

    def test_unprintable_captions_are_rejected_once(self, tmp_path: Path) -> None:
        rows = [row(1, caption="\x00\x01", multiplicity=2), row(2)]
        export = write_open_clip_csv(curated(tmp_path / "in", rows), tmp_path / "out")
        assert (export.rows, export.rejected) == (1, 1)

    @given(st.lists(st.text(min_size=1) | st.sampled_from(sorted(STR_NA_VALUES)), min_size=1, max_size=8))
    def test_titles_survive_pandas(self, captions: list[str]) -> None:
        import csv

        titles = ["word", *filter(None, map(plain_title, captions))]
        stream = io.StringIO()
        writer = csv.writer(stream, delimiter="\t", lineterminator="\n")
        writer.writerow(["filepath", "title"])
        writer.writerows([["f", title] for title in titles])
        stream.seek(0)
        assert pd.read_csv(stream, sep="\t")["title"].tolist() == titles

    def test_missing_values_are_those_of_pandas(self) -> None:
        assert set(STR_NA_VALUES) <= MISSING


class TestDatacomp:
    def test_sorted_pairs_with_multiplicity(self, tmp_path: Path) -> None:
        uids = ["f" * 32, "0" * 31 + "1", "8" + "0" * 15 + "f" * 16, "8" + "0" * 15 + "0" * 16]
        rows = [row(number, key=uid, multiplicity=1 + (number == 2)) for number, uid in enumerate(uids)]
        export = write_datacomp_subset(curated(tmp_path / "in", rows), tmp_path / "deep" / "subset.npy")
        read = np.load(export.files[0], allow_pickle=False)
        assert read.dtype == np.dtype("u8,u8") and export.rows == 5
        assert [f"{high:016x}{low:016x}" for high, low in read.tolist()] == sorted([*uids, uids[2]])
        assert [path.name for path in (tmp_path / "deep").iterdir()] == ["subset.npy"]

    def test_other_keys_are_refused(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match=r"'cat\.jpg' is not a DataComp uid"):
            write_datacomp_subset(curated(tmp_path / "in", [row(1, key="cat.jpg")]), tmp_path / "subset.npy")
        assert not (tmp_path / "subset.npy").exists()


class TestWeightBuckets:
    def test_factors_are_mean_rates(self, tmp_path: Path) -> None:
        weights = np.exp(np.random.default_rng(0).normal(size=200))
        weights[:3] = 0.5, 0.5, 40.0
        rows = [row(number, weight=float(weight), multiplicity=2) for number, weight in enumerate(weights)]
        done = write_weight_buckets(curated(tmp_path / "in", rows), tmp_path / "out", buckets=6, samples_per_shard=20)
        assert sum(bucket.rows for bucket in done.buckets) == done.export.rows == 200
        assert done.buckets[0].factor == 1.0
        factors = [bucket.factor for bucket in done.buckets]
        assert factors == sorted(factors)
        width = (weights.max() / weights.min()) ** (1 / 6)
        assert max(bucket.deviation for bucket in done.buckets) <= width - 1 + 1e-9
        words = shlex.split(done.arguments)
        options = dict(zip(words[0:4:2], words[1:4:2]))
        urls, rates = open_clip_data.expand_urls(options["--train-data"], options["--train-data-upsampling-factors"])
        assert [Path(url) for url in urls] == list(done.export.files)
        assert open_clip_data.get_dataset_size(options["--train-data"])[0] == 200
        assert words[4:] == ["--dataset-resampled"]
        base = float(np.mean([float(w) for w in weights if w < weights.min() * width]))
        for url, rate in zip(urls, rates):
            for sample in samples([Path(url)]):
                own = json.loads(sample["json"])["weight"] / base
                assert rate / width * 0.999 <= own <= rate * width * 1.001

    def test_drawn_rows_keep_what_is_left_of_their_weight(self, tmp_path: Path) -> None:
        """Poisson: kept with probability min(1, w / 2); what is left is 2, and the weight itself from 2 on."""
        rows = [row(n, weight=w, inclusion=min(1.0, w / 2)) for n, w in enumerate((0.1, 0.5, 1.0, 2.0, 8.0))]
        done = write_weight_buckets(curated(tmp_path / "in", rows), tmp_path / "out", buckets=3)
        assert [(bucket.rows, bucket.factor, bucket.deviation) for bucket in done.buckets] == [
            (4, 1.0, 0.0),
            (1, 4.0, 0.0),
        ]

    @pytest.mark.parametrize("weight", [0.0, -1.0, float("inf"), None])
    def test_bad_weights(self, tmp_path: Path, weight: float | None) -> None:
        with pytest.raises(InputError, match="row 1 of the curated shards"):
            write_weight_buckets(curated(tmp_path / "in", [row(0), row(1, weight=weight)]), tmp_path / "out")
        assert not (tmp_path / "out").exists()

    def test_nothing_to_write(self, tmp_path: Path) -> None:
        with pytest.raises(InputError, match="no rows"):
            write_weight_buckets(curated(tmp_path / "in", []), tmp_path / "out")


def test_curated_schema_tells_datasets_of_the_image() -> None:
    features = json.loads(CURATED.metadata[b"huggingface"])["info"]["features"]
    assert list(features) == CURATED.names
    assert features["image"] == {"_type": "Image"} and features["weight"] == {"_type": "Value", "dtype": "float64"}
