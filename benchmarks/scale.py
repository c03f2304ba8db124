"""Does curation grow with its rows and no faster, in constant memory, and how fast is it beside others' ways?

    python -m benchmarks.scale                                # 1e5, 1e6, 1e7 captions; peers up to 1e6
    python -m benchmarks.scale --sizes 1e8 --peer-rows 0 --folder /somewhere/large
    python -m benchmarks.scale --sizes 1e7 --second-run       # another target, one more file: what is done again

Captions: real titles recombined (`inputs/recombined.py`), all different, with their real word frequencies, in
Parquet files of a million rows. Keywords: the most frequent words and pairs of words of the first captions.
Ours: `equipoise run --verb curate --no-server` in a fresh store, in a process of its own: ingest, match, rake to a
capped target, draw, shuffle, write curated Parquet, a random control, the report. Peers (`scale_parts/peers.py`):
MetaCLIP's way in plain Python, in one process and in as many as there are workers, and a polars pipeline. Ours is asked
for a quarter of the captions, and t is such that MetaCLIP's rule keeps a quarter too, in expectation.

Seconds of a stage: the sum over its runs, from their manifests (runs of one stage work side by side, so that the whole
is less than the sum). Processor seconds: what the process used while the stage was at work, shared out evenly among the
runs at work together; a busy machine stretches them less. Memory of a stage: the most that the process held while one
of its runs was at work, whatever else was at work then. Exponents: slope of log seconds on log rows by least squares;
"last" is the slope between the two largest sizes alone, which a start-up cost flatters least. A first run, which
compiles, is not counted; what it compiles is kept, whatever PYTHONDONTWRITEBYTECODE says here.
"""

from __future__ import annotations

import argparse
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import yaml

from benchmarks.inputs.recombined import (
    ROWS_PER_FILE,
    Pieces,
    make_captions,
    make_keywords,
    read_pieces,
    write_captions,
    write_file,
)
from benchmarks.scale_parts.figures import Curation, show_again, show_growth, show_peers, show_run, stages_of
from benchmarks.timing.watched import Watched, watch
from storage.store.store import Store
from tasks.balancing.threshold_rule import threshold
from tasks.ingest.stats import IngestStats
from tasks.matching.matcher import KeywordMatcher
from tasks.matching.stats import MatchStats
from tasks.resampling.stats import RealiseStats

KEPT = 0.25
SAMPLE = 200_000
"""Captions that the keywords are made from."""
UNSEEN = 10_000_000_000
"""From here on are those that t is solved on: in the first ones rare keywords are too frequent, being chosen there."""
WARM = 3_000
PEER_ROWS = 1_000_000
"""The most that peers are given where nothing else is asked for, and polars ever: it holds every word as a row."""


class Bench:
    """A folder with the keyword list, the captions of one size at a time, and what is made of them."""

    def __init__(self, folder: Path, pieces: Pieces, keywords: int, workers: int) -> None:
        self.folder, self.pieces, self.workers = folder, pieces, workers
        texts = make_keywords(make_captions(pieces, 0, SAMPLE).to_pylist(), keywords)
        sample = make_captions(pieces, UNSEEN, UNSEEN + SAMPLE)
        found = KeywordMatcher(texts).match(sample)
        self.hits = len(found.values) / SAMPLE
        rule = threshold(found.offsets, found.values, columns=len(texts), size=KEPT * SAMPLE)
        assert rule.threshold is not None
        self.share = rule.threshold / SAMPLE
        self.keywords = folder / "keywords.txt"
        self.keywords.write_text("\n".join(texts) + "\n", encoding="utf-8")
        names = ("OMP_NUM_THREADS", "POLARS_MAX_THREADS", "NUMBA_NUM_THREADS", "OPENBLAS_NUM_THREADS")
        kept = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
        self.environment = {**kept, **dict.fromkeys(names, str(workers))}

    @contextmanager
    def captions(self, rows: int) -> Iterator[Path]:
        """The folder of so many captions, for a while."""
        folder = self.folder / f"captions-{rows}"
        write_captions(self.pieces, rows, folder)
        yield folder
        shutil.rmtree(folder)

    def curate(self, rows: int, captions: Path, *, share: float = 1.0, keep: bool = False) -> Curation:
        """The project's own curation of so many captions, in the store that an earlier one kept, or a fresh one.

        Args:
            rows: how many; their number decides the target and the size of the selection.
            captions: their folder.
            share: the target's t, over that of a first run.
            keep: the store, for another run of as many rows.
        """
        place = self.folder / f"run-{rows}"
        source = {"kind": "huggingface_parquet", "name": "captions", "path": str(captions), "image_column": None}
        target = {"kind": "capped", "t": share * self.share * rows}
        config = {
            "name": "scale",
            "output": str(place),
            "store": str(place / "store"),
            "workers": self.workers,
            "parallel": self.workers,
            "sources": [{**source, "rows_per_group": 250_000}],
            "metadata": {"sources": [{"kind": "text"}], "files": str(self.keywords)},
            "balancing": {"method": "rake", "target": target, "steps": ["y"]},
            "resampling": {"size": round(KEPT * rows)},
        }
        file = self.folder / f"run-{rows}.yaml"
        file.write_text(yaml.safe_dump(config), encoding="utf-8")
        started = time.time()
        whole = watch("flows.command", ["run", str(file), "--verb", "curate", "--no-server"], self.environment)
        manifests = [each for each in Store(place / "store").manifests() if each.created.timestamp() > started]
        realised = next(RealiseStats.of(each) for each in manifests if each.stage == "realise")
        size = sum(path.stat().st_size for path in place.rglob("*") if path.is_file())
        if not keep:
            shutil.rmtree(place)
        ingested = sum(IngestStats.of(each).rows for each in manifests if each.stage == "ingest")
        matched = sum(MatchStats.of(each).rows for each in manifests if each.stage == "match")
        return Curation(rows, whole, stages_of(manifests, whole), realised, size, ingested, matched)

    def again(self, rows: int, captions: Path, more: int) -> dict[str, Curation]:
        """A run; one with another target; and one with the first target and one more file of so many captions."""
        runs = {"first": self.curate(rows, captions, keep=True)}
        runs["another target"] = self.curate(rows, captions, share=1.5, keep=True)
        write_file(self.pieces, rows, rows + more, captions / f"captions-{-(-rows // ROWS_PER_FILE):05d}.parquet")
        runs["one more file"] = self.curate(rows, captions)
        return runs

    def peers(self, rows: int, captions: Path) -> dict[str, Watched]:
        """Every peer once, by name."""
        ways = {"plain Python, 1 process": ("plain", 1)}
        if rows <= PEER_ROWS:
            ways["polars"] = ("polars", self.workers)
        if self.workers > 1:
            ways[f"plain Python, {self.workers} processes"] = ("plain", self.workers)
        found = {}
        for name, (peer, workers) in ways.items():
            output = self.folder / "peer"
            shutil.rmtree(output, ignore_errors=True)
            paths = [str(captions), str(self.keywords), str(output)]
            options = ["--t", repr(self.share * rows), "--workers", str(workers)]
            found[name] = watch("benchmarks.scale_parts.peers", [peer, *paths, *options], self.environment)
        return found


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sizes", nargs="*", default=["1e5", "1e6", "1e7"], help="captions")
    parser.add_argument("--keywords", type=int, default=40_000)
    parser.add_argument("--workers", type=int, default=os.cpu_count() or 1, help="threads, and stage runs, at a time")
    parser.add_argument("--peer-rows", default=str(PEER_ROWS), help="the most captions that peers are given; 0: none")
    parser.add_argument("--second-run", action="store_true", help="what another target costs, and one more file")
    parser.add_argument("--data", type=Path, default=Path(os.environ.get("EQUIPOISE_DATA", "../shared/data")))
    parser.add_argument("--folder", type=Path, help="where captions and stores lie meanwhile; default a temporary one")
    options = parser.parse_args()
    sizes, peer_rows = sorted(int(float(size)) for size in options.sizes), int(float(options.peer_rows))
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        bench = Bench(Path(folder), read_pieces(options.data), options.keywords, options.workers)
        print(
            f"{os.cpu_count()} cores, load {os.getloadavg()[0]:.1f}, {options.workers} workers; {options.keywords:,} "
            f"keywords, {bench.hits:.1f} a caption; peers up to {peer_rows:,} captions"
        )
        with bench.captions(WARM) as captions:
            bench.curate(WARM, captions)
        runs = []
        for rows in sizes:
            with bench.captions(rows) as captions:
                size = sum(path.stat().st_size for path in captions.iterdir())
                more = min(rows, ROWS_PER_FILE)
                again = bench.again(rows, captions, more) if options.second_run else {}
                run = again.get("first") or bench.curate(rows, captions)
                runs.append(run)
                show_run(run, size)
                if again:
                    show_again(again, more)
                elif rows <= peer_rows:
                    show_peers(run, bench.peers(rows, captions))
        show_growth(runs)


if __name__ == "__main__":
    main()
