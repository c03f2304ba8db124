"""A selection from tars that exist: every chosen sample so often as it is drawn, whoever reads it."""

import io
import json
import tarfile
from collections import Counter
from collections.abc import Mapping
from itertools import count
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from torch.utils.data import DataLoader

from storage.errors import InputError
from tasks.training.loaders import choice
from tasks.training.loaders.choice import Choice, tar_name
from tasks.training.loaders.selected_tars import select
from tests.tasks.training.conftest import png

TARS, SAMPLES = 5, 12
COPIES = {number: (number * 7) % 5 for number in range(TARS * SAMPLES)}


def uid(number: int) -> str:
    return f"{number:032x}"


def text(number: int) -> bytes:
    return f"caption {number}".encode()


def write_tar(path: Path, members: Mapping[str, bytes]) -> None:
    with tarfile.open(path, "w") as tar:
        for name, content in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            tar.addfile(member, io.BytesIO(content))


@pytest.fixture(scope="module")
def tars(tmp_path_factory: pytest.TempPathFactory) -> str:
    """Five tars whose samples' keys repeat from tar to tar."""
    folder = tmp_path_factory.mktemp("tars")
    for tar in range(TARS):
        members = {}
        for place in range(SAMPLES):
            number = tar * SAMPLES + place
            members |= {
                f"{place:04d}.png": png((number * 4, 0, 0)),
                f"{place:04d}.txt": text(number),
                f"{place:04d}.json": json.dumps({"uid": uid(number)}).encode(),
            }
        write_tar(folder / f"{tar:05d}.tar", members)
    return f"{folder}/{{00000..{TARS - 1:05d}}}.tar"


WEIGHTS = {uid(number): many for number, many in COPIES.items()}
CHOSEN = Counter({text(number): many for number, many in COPIES.items() if many})


@pytest.mark.parametrize(("nodes", "workers", "passes"), [(1, 1, 1), (2, 2, 1), (3, 1, 2), (4, 2, 3), (1, 5, 1)])
def test_all_nodes_and_workers_together_read_the_selection(
    tars: str, monkeypatch: pytest.MonkeyPatch, nodes: int, workers: int, passes: int
) -> None:
    read = Counter[bytes]()
    monkeypatch.setenv("WORLD_SIZE", str(nodes))
    monkeypatch.setenv("NUM_WORKERS", str(workers))
    for rank in range(nodes):
        for worker in range(workers):
            monkeypatch.setenv("RANK", str(rank))
            monkeypatch.setenv("WORKER", str(worker))
            read.update(sample["txt"] for sample in select(tars, WEIGHTS, key="json.uid", passes=passes))
    assert read == CHOSEN


def test_in_processes_that_live_on_epoch_by_epoch(tars: str) -> None:
    chosen = select(tars, WEIGHTS, key="json.uid", shuffle=20)
    loader = DataLoader(chosen.to_tuple("txt"), batch_size=None, num_workers=2, persistent_workers=True)
    orders = []
    for epoch in (0, 1, 0):
        chosen.set_epoch(epoch)
        orders.append([each for (each,) in loader])
        assert Counter(orders[-1]) == CHOSEN
    assert orders[0] == orders[2] != orders[1]


def test_the_order_is_the_seeds(tars: str) -> None:
    def order(seed: int) -> list[bytes]:
        return [sample["txt"] for sample in select(tars, WEIGHTS, key="json.uid", seed=seed)]

    assert order(1) == order(1) != order(2)


def test_copies_are_dealt_out_among_passes(tars: str) -> None:
    """With as many passes as copies, no pass has a sample twice."""
    chosen = Choice.of({"00000.tar:0003": 4, "00000.tar:0004": 2})
    url = f"{Path(tars).parent}/00000.tar"
    import webdataset

    parts = [
        [sample["__key__"] for sample in chosen.part(webdataset.tarfile_to_samples()([{"url": url}]), number, 4)]
        for number in range(4)
    ]
    assert all(len(set(part)) == len(part) for part in parts)
    assert Counter(key for part in parts for key in part) == {"0003": 4, "0004": 2}


def test_samples_are_known_by_their_tar_by_their_key_or_by_their_uid(tars: str, tmp_path: Path) -> None:
    by_tar = {f"{n // SAMPLES:05d}.tar:{n % SAMPLES:04d}": many for n, many in COPIES.items()}
    assert Counter(sample["txt"] for sample in select(tars, by_tar)) == CHOSEN
    one = f"{Path(tars).parent}/00001.tar"
    assert [sample["txt"] for sample in select(one, {"0002": 3}, key="sample")] == [text(SAMPLES + 2)] * 3
    table = pa.table({"uid": list(WEIGHTS), "copies": pa.array(WEIGHTS.values(), pa.uint32())})
    pq.write_table(table, tmp_path / "weights.parquet")
    subset = sorted((int(key[:16], 16), int(key[16:], 16)) for key, many in WEIGHTS.items() for _ in range(many))
    np.save(tmp_path / "subset.npy", np.array(subset, "u8,u8"))
    for weights in (table, tmp_path, str(tmp_path / "weights.parquet"), tmp_path / "subset.npy"):
        chosen = select(tars, weights, key="json.uid")
        assert chosen.choice.total == sum(CHOSEN.values())
        assert Counter(sample["txt"] for sample in chosen) == CHOSEN


def test_captions_of_one_picture_are_told_apart(tmp_path: Path) -> None:
    """A source of kind webdataset that takes every line for a caption calls its rows `key#0`, `key#1`, …."""
    write_tar(tmp_path / "0.tar", {"a.png": b"p", "a.txt": b"one\n\ntwo\nthree\n", "b.png": b"p", "b.txt": b"four"})
    read = [sample["txt"] for sample in select(tmp_path / "0.tar", {"0.tar:a#1": 2, "0.tar:a#2": 1, "0.tar:b": 1})]
    assert Counter(read) == {b"two": 2, b"three": 1, b"four": 1}


def test_decoded_and_batched_as_ever(tars: str) -> None:
    chosen = select(tars, WEIGHTS, key="json.uid").decode("pilrgb").to_tuple("jpg;png", "txt").batched(8)
    pictures, captions = next(iter(chosen))
    assert len(pictures) == len(captions) == 8 and pictures[0].size == (32, 32)


def test_mistakes_are_told(tars: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(
        InputError, match=r"none of 60 samples, such as '0000\d\.tar:0011', is among the 1 .*'elsewhere'"
    ):
        list(select(tars, {"elsewhere": 1}))
    with pytest.raises(InputError, match="draw no sample"):
        select(tars, {"a": 0})
    with pytest.raises(InputError, match="below 0"):
        select(tars, {"a": -1})
    with pytest.raises(InputError, match="no readable weights"):
        select(tars, tmp_path / "absent.parquet")
    with pytest.raises(InputError, match=r"key must be `sample` or `json\."):
        select(tars, WEIGHTS, key="uid")
    pq.write_table(pa.table({"uid": ["a"]}), tmp_path / "w.parquet")
    with pytest.raises(InputError, match="no column 'copies'"):
        select(tars, tmp_path / "w.parquet")
    np.save(tmp_path / "x.npy", np.arange(3))
    with pytest.raises(InputError, match="not DataComp's uids"):
        select(tars, tmp_path / "x.npy")
    (tmp_path / "y.npy").write_bytes(b"no")
    with pytest.raises(InputError, match="no readable uid subset"):
        select(tars, tmp_path / "y.npy")
    with pytest.raises(InputError, match="there are no tars"):
        select([], WEIGHTS)
    with pytest.raises(ValueError, match="at least one pass"):
        select(tars, WEIGHTS, passes=0)
    monkeypatch.setenv("WORLD_SIZE", "8")
    monkeypatch.setenv("RANK", "0")
    with pytest.raises(InputError, match=r"8 workers have only 5 tars .* `passes` of at least 2"):
        next(iter(select(tars, WEIGHTS, key="json.uid")))


@pytest.mark.parametrize(
    "url", ["data/00001.tar", "/x/00001.tar", "https://h/b/00001.tar?sig=a/b", "pipe:cat /x y/00001.tar", "00001.tar"]
)
def test_a_tars_name(url: str) -> None:
    assert tar_name(url) == "00001.tar"


def test_a_sample_without_its_key_is_passed_over(tmp_path: Path) -> None:
    write_tar(
        tmp_path / "0.tar", {"a.txt": b"a", "a.json": b'{"uid": "k"}', "b.txt": b"b", "c.txt": b"c", "c.json": b"["}
    )
    assert [sample["txt"] for sample in select(tmp_path / "0.tar", {"k": 1}, key="json.uid")] == [b"a"]


def test_a_worker_without_a_chosen_sample_has_none(tars: str, monkeypatch: pytest.MonkeyPatch) -> None:
    read = []
    monkeypatch.setenv("NUM_WORKERS", "5")
    for worker in range(5):
        monkeypatch.setenv("WORKER", str(worker))
        read += [sample["txt"] for sample in select(tars, {uid(7): 1}, key="json.uid")]
    assert read == [text(7)]


def test_an_endless_stream_without_a_chosen_sample_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(choice, "PATIENCE", 30)
    stream = ({"__key__": str(number), "__url__": "0.tar"} for number in count())
    with pytest.raises(InputError, match=r"none of 31 samples, such as '0\.tar:30'"):
        next(Choice.of({"a": 1})(stream))
