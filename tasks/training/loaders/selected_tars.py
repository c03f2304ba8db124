"""Training from tars that exist already, by a selection, without copying a byte of them."""

import random
from collections.abc import Iterable, Iterator, Mapping, Sequence
from multiprocessing import Value
from pathlib import Path

import pyarrow as pa
import webdataset
from torch.utils.data import IterableDataset
from webdataset.compat import FluidInterface
from webdataset.utils import pytorch_worker_info

from storage.errors import InputError
from tasks.training.loaders.choice import Choice, Sample

SHUFFLE = 1_000


class SelectedTars(webdataset.DataPipeline, FluidInterface):
    """A webdataset pipeline of the chosen samples; `.decode`, `.to_tuple`, `.batched`, … go on from it.

    Attributes:
        choice: how often each sample is drawn; `choice.total` are the samples of an epoch.
    """

    def __init__(self, source: "_ChosenSamples") -> None:
        super().__init__(source)
        self.choice = source.choice
        self._epoch = source.epoch

    def set_epoch(self, epoch: int) -> None:
        """Which order comes next, also in workers that live on. Without it every epoch has the order of the first."""
        self._epoch.value = epoch


def select(
    tars: str | Path | Sequence[str | Path],
    weights: Path | str | pa.Table | Mapping[str, int],
    *,
    key: str | None = None,
    seed: int = 0,
    passes: int = 1,
    shuffle: int = SHUFFLE,
) -> SelectedTars:
    """The samples of some tars, each as often as a selection says, shuffled: a loader for users of webdataset.

    An epoch holds every chosen sample exactly so often, whatever the nodes and workers: each (tar, pass) is read by one
    of them. The order depends on `seed`, the epoch (`set_epoch`) and the number of nodes and workers, and on nothing
    else. Nodes get different numbers of samples, so ranks that wait for each other need `.with_epoch(n)`, as ever in
    webdataset.

    Args:
        tars: paths or addresses that webdataset opens, or patterns of them such as `data/{00000..00041}.tar`.
        weights: what `equipoise export --format weights` or `datacomp` writes (`weights.parquet`, its folder, or
            `subset.npy`), a table with `uid` and `copies`, or copies by key.
        key: where a sample's key stands: `json.<field>`, such as `json.uid` in DataComp's tars; `sample` for its key in
            the tar; None for `<tar's name>:<key in the tar>`. It is the `key` of a source of kind `webdataset`.
        seed: of the order.
        passes: how often a tar is read in an epoch; the copies of a sample are dealt out among them, so that they lie
            apart. More passes also make more pieces for workers to share.
        shuffle: samples in the buffer from which they are drawn; 0: as they come.

    Raises:
        InputError: weights that cannot be read or draw nothing; when it is read, fewer (tar, pass) than workers, or a
            worker that finds none of its samples chosen.

    Example:
        >>> import io, tarfile, tempfile
        >>> from pathlib import Path
        >>> from equipoise import select
        >>> tar = Path(tempfile.mkdtemp()) / "0.tar"
        >>> with tarfile.open(tar, "w") as file:
        ...     for name in ("a", "b", "c"):
        ...         member = tarfile.TarInfo(f"{name}.txt")
        ...         member.size = 1
        ...         file.addfile(member, io.BytesIO(name.encode()))
        >>> chosen = select(tar, {"a": 2, "c": 1}, key="sample")
        >>> sorted(sample["txt"].decode() for sample in chosen), chosen.choice.total
        (['a', 'a', 'c'], 3)
    """
    if passes < 1 or shuffle < 0:
        raise ValueError("there must be at least one pass, and no fewer than 0 samples in the buffer")
    given = [tars] if isinstance(tars, str | Path) else list(tars)
    urls = [url for each in given for url in webdataset.shardlists.expand_urls(str(each))]
    if not urls:
        raise InputError("there are no tars to select from")
    return SelectedTars(_ChosenSamples(urls, Choice.of(weights, key), seed, passes, shuffle))


class _ChosenSamples(IterableDataset[Sample]):
    """This node's and worker's share of the samples of an epoch."""

    def __init__(self, urls: Sequence[str], choice: Choice, seed: int, passes: int, shuffle: int) -> None:
        self.choice = choice
        self.epoch = Value("q", 0)
        self._urls, self._seed, self._passes, self._shuffle = urls, seed, passes, shuffle

    def __iter__(self) -> Iterator[Sample]:
        rank, nodes, worker, workers = pytorch_worker_info()
        place, places = rank * workers + worker, nodes * workers
        pieces = [(url, number) for number in range(self._passes) for url in self._urls]
        if len(pieces) < places:
            raise InputError(
                f"{places} workers have only {len(pieces)} tars to read: give fewer, or `passes` of at least "
                f"{-(-places // len(self._urls))}"
            )
        order = f"{self._seed} {self.epoch.value}"
        random.Random(order).shuffle(pieces)
        samples = self._samples(pieces[place::places])
        if not self._shuffle:
            return samples
        rng = random.Random(f"{order} {place} of {places}")
        shuffled: Iterator[Sample] = webdataset.shuffle(self._shuffle, rng=rng)(samples)
        return shuffled

    def _samples(self, pieces: Sequence[tuple[str, int]]) -> Iterator[Sample]:
        seen, found = 0, False
        last: Sample = {}

        def watched(samples: Iterable[Sample]) -> Iterator[Sample]:
            nonlocal seen, last
            for last in samples:
                seen += 1
                yield last

        for number in range(self._passes):
            urls = [{"url": url} for url, own in pieces if own == number]
            for sample in self.choice.part(watched(webdataset.tarfile_to_samples()(urls)), number, self._passes):
                found = True
                yield sample
        # A worker may well have no chosen sample where few are chosen; where more than 20 were to be expected, not.
        expected = self.choice.total * len(pieces) / (len(self._urls) * self._passes)
        if seen and not found and (expected > 20 or len(pieces) == len(self._urls) * self._passes):
            raise self.choice.nothing_found(seen, last)
