"""Shards by weight: open_clip's own reader finds the shards, and the factors are the rows' rates."""

import json
import shlex
from pathlib import Path

import numpy as np
import pytest

from storage.errors import InputError
from storage.export.forms.buckets import write_weight_buckets
from tests.storage.export.curated import curated, row, samples

open_clip_data = pytest.importorskip("open_clip_train.data")


def test_factors_are_mean_rates(tmp_path: Path) -> None:
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


def test_drawn_rows_keep_what_is_left_of_their_weight(tmp_path: Path) -> None:
    """Poisson: kept with probability min(1, w / 2); what is left is 2, and the weight itself from 2 on."""
    rows = [row(n, weight=w, inclusion=min(1.0, w / 2)) for n, w in enumerate((0.1, 0.5, 1.0, 2.0, 8.0))]
    done = write_weight_buckets(curated(tmp_path / "in", rows), tmp_path / "out", buckets=3)
    assert [(bucket.rows, bucket.factor, bucket.deviation) for bucket in done.buckets] == [
        (4, 1.0, 0.0),
        (1, 4.0, 0.0),
    ]


@pytest.mark.parametrize("weight", [0.0, -1.0, float("inf"), None])
def test_bad_weights(tmp_path: Path, weight: float | None) -> None:
    with pytest.raises(InputError, match=r"row 1 of curated-00000\.parquet"):
        write_weight_buckets(curated(tmp_path / "in", [row(0), row(1, weight=weight)]), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_nothing_to_write(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="no rows"):
        write_weight_buckets(curated(tmp_path / "in", []), tmp_path / "out")
