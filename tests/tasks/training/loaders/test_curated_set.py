"""A curated set for others' code: all rows, all copies, whoever reads them."""

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pyarrow as pa
import pytest

from storage.tables.schemas import CURATED
from storage.tables.shards import write_table
from tasks.training.loaders.curated_set import CuratedSet
from tests.paths import ROOT
from tests.tasks.training.conftest import png

COPIES = {f"caption {number}": number % 4 for number in range(40)}


@pytest.fixture
def curated(tmp_path: Path) -> CuratedSet:
    """Three shards; a row without a picture, and rows that are not drawn."""
    rows = [
        {
            "id": number, "key": str(number), "caption": caption, "label": None, "source": "test", "weight": 1.0,
            "image": {"bytes": png((number * 5, 0, 0), size=8), "path": None}, "inclusion": None,
            "multiplicity": many, "entries": [],
        }
        for number, (caption, many) in enumerate(COPIES.items())
    ]  # fmt: skip
    rows[7]["image"] = None
    paths = []
    for number in range(3):
        paths.append(tmp_path / f"curated-{number:05d}.parquet")
        write_table(paths[-1], pa.Table.from_pylist(rows[number * 14 : number * 14 + 14], schema=CURATED))
    return CuratedSet(tuple(paths))


SEEN = Counter({caption: many for caption, many in COPIES.items() if many and caption != "caption 7"})


def test_arrow_has_every_row_once(curated: CuratedSet) -> None:
    data = curated.arrow()
    assert data.count_rows() == 40 and data.schema.field("caption").type == pa.large_string()
    table = data.to_table(columns=["caption", "multiplicity"])
    assert dict(zip(table["caption"].to_pylist(), table["multiplicity"].to_pylist())) == COPIES


@pytest.mark.parametrize(("nodes", "workers"), [(1, 1), (2, 2), (1, 7)])
def test_all_nodes_and_workers_together_read_every_copy(
    curated: CuratedSet, monkeypatch: pytest.MonkeyPatch, nodes: int, workers: int
) -> None:
    seen = Counter[str]()
    monkeypatch.setenv("WORLD_SIZE", str(nodes))
    monkeypatch.setenv("NUM_WORKERS", str(workers))
    for rank in range(nodes):
        for worker in range(workers):
            monkeypatch.setenv("RANK", str(rank))
            monkeypatch.setenv("WORKER", str(worker))
            seen.update(caption for _, caption in curated.torch())
    assert seen == SEEN


def test_copies_lie_apart_and_epochs_have_orders_of_their_own(curated: CuratedSet) -> None:
    pairs = curated.torch()
    first = [caption for _, caption in pairs]
    assert [caption for _, caption in pairs] == first
    assert len(set(first[: len(SEEN)])) == len(SEEN)  # each row comes once before any comes twice
    pairs.set_epoch(1)
    second = [caption for _, caption in pairs]
    assert first != second and Counter(first) == Counter(second)
    assert [caption for _, caption in curated.torch(seed=1)] != first


LOADING = """
import json, sys
from collections import Counter
from pathlib import Path

import numpy as np
from torch.utils.data import DataLoader

from tasks.training.loaders.curated_set import CuratedSet

pairs = CuratedSet(tuple(map(Path, sys.argv[1:]))).torch(np.asarray, lambda caption: int(caption.split()[1]))
seen = Counter()
for pictures, captions in DataLoader(pairs, batch_size=8, num_workers=2):
    assert pictures.shape[1:] == (8, 8, 3)
    seen.update(captions.tolist())
print(json.dumps(seen))
"""


def test_in_batches_of_a_loader(curated: CuratedSet) -> None:
    """In a process of its own, as users have it: workers are forks, and other tests have left threads in this one."""
    done = subprocess.run(
        [sys.executable, "-c", LOADING, *map(str, curated.paths)], capture_output=True, text=True, cwd=ROOT, check=False
    )
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {caption.split()[1]: many for caption, many in SEEN.items()}
