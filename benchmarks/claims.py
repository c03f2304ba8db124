"""Every claim of speed: which benchmark shows it, against which peer, and where its ratio stands in what is printed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True)
class Claim:
    """A sentence that a benchmark can prove wrong.

    Attributes:
        says: what is claimed.
        peer: against what.
        line: a pattern whose group `ratio` is the number; the claim is about every line that it finds.
        least: the ratio is at least this, or None.
        most: the ratio is at most this, or None.
        why: what stands in the way where it does not hold; empty where nothing is known to.
    """

    says: str
    peer: str
    line: str
    least: float | None = None
    most: float | None = None
    why: str = ""

    def ratios(self, output: str) -> list[float]:
        """The ratios in what a benchmark printed; none where it did not come to the lines."""
        return [float(found["ratio"]) for found in re.finditer(self.line, output, re.MULTILINE)]

    def holds(self, ratios: Sequence[float]) -> bool | None:
        """Whether all are within bounds; None where nothing was measured, or where it is told without a bound."""
        if not ratios or (self.least is None and self.most is None):
            return None
        return all((self.least or float("-inf")) <= each <= (self.most or float("inf")) for each in ratios)

    @property
    def bound(self) -> str:
        """In words, for a table."""
        if self.least is not None:
            return f"≥ {self.least:g}"
        return f"≤ {self.most:g}" if self.most is not None else "–"


@dataclass(frozen=True)
class Benchmark:
    """A program in this folder.

    Attributes:
        module: `benchmarks.<module>`.
        about: what it asks, in one line.
        arguments: for the run whose results are kept.
        claims: what it is to show.
        gpu: it needs one; `make bench` leaves it out where there is none.
    """

    module: str
    about: str
    arguments: tuple[str, ...] = ()
    claims: tuple[Claim, ...] = ()
    gpu: bool = False


NUMBER = r"(?P<ratio>\d+(?:\.\d+)?)"
_CELL = r"\s+[\d.,e+-]+"


def _column(start: str, before: int) -> str:
    """The ratio that stands after so many columns of a row that begins so."""
    return rf"^\s*{start}(?:{_CELL}){{{before}}}\s+{NUMBER}"


BENCHMARKS: dict[str, Benchmark] = {
    "matching": Benchmark("matching", "captions a second of the matcher, and the stage `match` beside it", claims=(
        Claim("12 times as many captions of real text a second", "pyahocorasick as MetaCLIP calls it",
              rf"^real.*pyahocorasick.*\s{NUMBER}x", 12),
        Claim("two threads are 1.7 times as fast", "one thread", rf"\s2\s+[\d,]+\s+{NUMBER}x", 1.7,
              why="two processes with nothing in common gain no more there (last column): the machine is the bound"),
    )),
    "raking": Benchmark("raking", "what a full iteration of raking costs", claims=(
        Claim("an iteration takes at most 0.55 of the time", "scipy, from a million rows on",
              _column(r"1e\+0[6-9]", 7), most=0.55),
        Claim("an iteration is never slower", "torch, compressed rows", _column(r"1e\+0\d", 8), most=1),
        Claim("a hundred iterations ten times as fast", "POT, dense", rf"^\s*POT .*ms\s+{NUMBER} × ours", 10),
    )),
    "calibration": Benchmark("calibration", "how near a selection comes to its target, by method"),
    "losses": Benchmark("losses", "forward and backward of the balanced loss and of T-REG", claims=(
        Claim("forward and backward twice as fast", "the chain of log-softmaxes, B = 4,096",
              rf"^B=4096 k=\d.*chain [\d.]+ ms \({NUMBER}x\)", 2),
        Claim("at most two B × B matrices of extra memory", "none; B = 4,096",
              rf"^B=4096 k=\d ours\s+extra peak memory {NUMBER} ", most=2),
        Claim("T-REG of both branches takes at most half of the time", "open_clip's ClipLoss, B ≥ 2,048",
              rf"^B=(?:2048|4096) features.*T-REG, both [\d.]+ ms \({NUMBER}x\)", most=0.5),
    )),
    "treg_share": Benchmark("treg_share", "the share of T-REG in a step of CLIP on a GPU", ("--device", "cuda"), (
        Claim("at most 5 % of a ViT-B/32 step", "the whole step", rf"T-REG {NUMBER} % of it", most=5),
    ), gpu=True),
    "mst": Benchmark("mst", "spanning trees of batches and of ten thousand points", claims=(
        Claim("the tree of a batch takes at most 1.1 of the time", "hdbscan's core, B ≥ 1,024",
              _column(r"(?:1024|4096)", 3), most=1.1),
        Claim("the tree of a batch fifteen times as fast", "scipy's csgraph, B ≥ 1,024",
              _column(r"(?:1024|4096)", 4), 15,
              why="half of ours (B = 1,024) to nine tenths (4,096) is the Gram matrix, which the peer needs as well"),
    )),
    "embedding": Benchmark("embedding", "pictures encoded, JPEG in and rows out", claims=(
        Claim("the stage's time, as a multiple", "the model on batches in memory",
              rf"^\s*model.*stage takes {NUMBER} ×"),
    )),
    "ingest": Benchmark("ingest", "every source against a plain reading of its files", ("../shared/data",), (
        Claim("rows a second of tars that are not decoded, as a multiple", "webdataset's reading alone",
              rf"^not decoded: {NUMBER}×"),
    )),
    "training_heads": Benchmark("training", "the loop on the paper's heads", ("heads",), (
        Claim("examples a second, as a multiple", "a DataLoader on the same stored embeddings",
              rf"^DataLoader loop.*is {NUMBER}x"),
    )),
    "training_clip": Benchmark("training", "the loop on a small CLIP", ("clip",), (
        Claim("at least as many examples a second", "open_clip's program", rf"^open_clip_train.*is {NUMBER}x", 1),
    )),
    "training_stream": Benchmark("training_stream", "streamed training against training from memory", claims=(
        Claim("trains at 0.9 of the rate at least", "the same pictures decoded in memory",
              rf"^train .* is {NUMBER} of", 0.9),
    )),
    "scale": Benchmark("scale", "a whole curation against MetaCLIP's way and polars",
                       ("--sizes", "1e5", "1e6", "1e7", "--peer-rows", "1e7"), (
        Claim("ten million captions curated twice as fast", "MetaCLIP's way in plain Python, one process",
              rf"^10,000,000 captions[\s\S]*?plain Python, 1 process\s+[\d,]+\s+{NUMBER}", 2),
        Claim("a million captions curated no slower", "the same",
              rf"^1,000,000 captions[\s\S]*?plain Python, 1 process\s+[\d,]+\s+{NUMBER}", 1,
              why="some six seconds do not depend on rows (imports, compiled code, report, provenance), which the rule "
              "alone has not; by these rates ours is ahead from about a million and a half"),
        Claim("ten million captions, as a multiple", "MetaCLIP's way in a process a core",
              rf"^10,000,000 captions[\s\S]*?plain Python, [2-9]\d* processes\s+[\d,]+\s+{NUMBER}"),
        Claim("the peak memory of ten million captions is at most 1.3 times", "that of a million",
              rf"^whole(?:\s+\d+){{2,}}\s+{NUMBER}$", most=1.3),
    )),
    "workers": Benchmark("workers", "what stage runs cost on processes and on Ray, and a worker's start", claims=(
        Claim("the first stage run on Ray has ended after half of the time", "Prefect's RayTaskRunner, one machine",
              rf"^ *\d+  the first run has ended on ray after {NUMBER} of", most=0.5),
    )),
    "evaluation": Benchmark("evaluation", "thirty checkpoints of heads on three benchmarks", claims=(
        Claim("thirty checkpoints on three sets fifteen times as fast", "clip-benchmark thirty times, the same scores",
              rf"^all three sets of 64: .* ratio {NUMBER};", 15),
    )),
    "verify": Benchmark("verify", "hashing a store's files against reading them", claims=(
        Claim("`verify` takes at most 1.1 times as long", "reading the same files from the disk",
              rf"^from the disk: .*takes {NUMBER} ×", most=1.1),
    )),
    "cached": Benchmark("cached", "a run from the cache beside Prefect's own part of it", claims=(
        Claim("a run of some 100 stage runs, all in the store, takes at most 3 s more", "as many empty cached tasks",
              rf"^longer by {NUMBER} s", most=3.0),
    )),
    "interval_coverage": Benchmark("interval_coverage", "what 95 % intervals of scores cover"),
}  # fmt: skip
