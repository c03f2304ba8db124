"""Probes along a training: scikit-learn's on the same features, learnt from each labelled picture once."""

from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
import torch
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import balanced_accuracy_score
from sklearn.preprocessing import StandardScaler

from storage.errors import InputError
from storage.tables.shards import write_table
from tasks.embedding.benchmarks.layout import Layout
from tasks.evaluation.probe.config import ProbeConfig
from tasks.evaluation.zeroshot.encoded import EncodedBenchmark
from tasks.studies.zero_shot.probed import labelled_pictures, probe_steps
from tasks.training.data.embeddings import EmbeddingSet
from tasks.training.models.heads import Heads
from tasks.training.models.saved import save_heads

ROWS, PICTURES, CLASSES = 300, 240, ("cat", "dog", "frog")


def _vectors(labels: np.ndarray, seed: int) -> np.ndarray:
    generator = np.random.default_rng(seed)
    centres = np.random.default_rng(9).normal(size=(3, 6))
    vectors = (centres[labels] + generator.normal(size=(len(labels), 6))).astype(np.float32)
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


@pytest.fixture(scope="module")
def examples() -> tuple[EmbeddingSet, np.ndarray]:
    """Rows in an order of their own, of which the last repeat pictures of the first; and every row's class."""
    picture = np.arange(ROWS) % PICTURES
    classes = (picture % 3).astype(np.int64)
    image = _vectors(np.arange(PICTURES) % 3, 0)[picture]
    order = np.random.default_rng(1).permutation(ROWS)
    ids = (np.arange(ROWS) * 5 + 2).astype(np.uint64)
    found = EmbeddingSet(ids, np.ones(ROWS), order, picture[order].astype(np.uint64), image, image)
    return found, classes[order]


def _pairs(folder: Path, ids: np.ndarray, labels: list[int | None]) -> list[Path]:
    path = folder / "pairs-00000.parquet"
    write_table(path, pa.table({"id": ids, "label": pa.array(labels, pa.int64())}))
    return [path]


def test_every_labelled_picture_is_learnt_from_once(examples: tuple[EmbeddingSet, np.ndarray], tmp_path: Path) -> None:
    given, classes = examples
    shuffled = np.random.default_rng(2).permutation(ROWS)
    labels = [None if row < 20 else int(classes[row]) for row in shuffled]
    strangers = np.array([1, 10**9], np.uint64)  # pairs whose vectors were refused
    ids = np.concatenate([given.ids[shuffled], strangers])
    found = labelled_pictures(given, _pairs(tmp_path, ids, [*labels, 0, 1]), CLASSES)
    rows = np.searchsorted(given.ids, found.ids)
    assert (np.diff(found.ids.astype(np.int64)) > 0).all() and (rows >= 20).all()
    assert len(set(given.same_picture[rows].tolist())) == len(rows) == len(set(given.same_picture[20:].tolist()))
    assert found.labels.tolist() == classes[rows].tolist()
    assert np.array_equal(found.features.numpy(), given.image[given.place[rows]])


@pytest.mark.parametrize(("label", "said"), [(None, "no pair has a label"), (3, "from 3 to 3, but .* has 3 classes")])
def test_labels_that_name_no_class(
    examples: tuple[EmbeddingSet, np.ndarray], tmp_path: Path, label: int | None, said: str
) -> None:
    with pytest.raises(InputError, match=said):
        labelled_pictures(examples[0], _pairs(tmp_path, examples[0].ids, [label] * ROWS), CLASSES)


def test_probes_are_scikit_learns(examples: tuple[EmbeddingSet, np.ndarray], tmp_path: Path) -> None:
    given, classes = examples
    known = labelled_pictures(given, _pairs(tmp_path, given.ids, classes.tolist()), CLASSES)
    asked = np.arange(90) % 3
    images = torch.from_numpy(_vectors(asked, 3))
    layout = Layout(name="animals", root=tmp_path, split="test", kind="classification", shards=(), classes=CLASSES,
                    templates=("a {c}",), images=90)  # fmt: skip
    benchmark = EncodedBenchmark(layout, images, images[:3], asked.tolist())
    kept = {}
    for step in (20, 10):
        torch.manual_seed(step)
        kept[step] = tmp_path / str(step)
        kept[step].mkdir()
        save_heads(kept[step], Heads(6, 6, hidden=8, outputs=4))
    config = ProbeConfig(resamples=100, neighbours=5, penalties=(1e-2,), tolerance=1e-7)
    found = probe_steps(kept, known, benchmark, config, log=lambda line: None)
    assert found.steps == (10, 20) and found.converged and found.pictures == len(known.ids)
    for step, linear in zip(found.steps, found.linear, strict=True):
        torch.manual_seed(step)
        heads = Heads(6, 6, hidden=8, outputs=4).eval()
        with torch.no_grad():
            learnt, told = (torch.nn.functional.normalize(heads.encode_image(each), dim=1).double().numpy()
                            for each in (known.features, images))  # fmt: skip
        scaler = StandardScaler().fit(learnt)
        model = LogisticRegression(C=1 / (1e-2 * len(learnt)), tol=1e-10, max_iter=10_000)
        model.fit(scaler.transform(learnt), known.labels.numpy())
        assert linear == pytest.approx(balanced_accuracy_score(asked, model.predict(scaler.transform(told))), abs=0.012)
    assert all(each > 0.34 for each in found.neighbours)
