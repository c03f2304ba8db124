"""What the scale benchmark says of its runs: figures by stage, exponents, and the tables that are printed."""

from __future__ import annotations

import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from benchmarks.timing.watched import Watched
from storage.record.manifest import Manifest
from tasks.resampling.stats import RealiseStats


@dataclass(frozen=True)
class StageRuns:
    """All runs of one stage."""

    runs: int = 0
    seconds: float = 0.0
    processor: float = 0.0
    peak: float = 0.0


@dataclass(frozen=True)
class Curation:
    """One run of the project's own curation; `ingested` and `matched`: captions that were not cached."""

    rows: int
    whole: Watched
    stages: Mapping[str, StageRuns]
    realised: RealiseStats
    store_bytes: int
    ingested: int
    matched: int


def stages_of(manifests: Sequence[Manifest], whole: Watched) -> dict[str, StageRuns]:
    """Figures by stage, in the order in which the stages began."""
    ends = [each.created.timestamp() for each in manifests]
    spans = sorted((end - each.seconds, end, each.stage) for end, each in zip(ends, manifests))
    found: dict[str, StageRuns] = {}
    for start, end, stage in spans:
        so_far = found.get(stage, StageRuns())
        peak = max(so_far.peak, whole.peak_between(start, end))
        found[stage] = replace(so_far, runs=so_far.runs + 1, seconds=so_far.seconds + end - start, peak=peak)
    for (before, _, used), (moment, _, more) in itertools.pairwise(whole.samples):
        middle = (before + moment) / 2
        at_work = [stage for start, end, stage in spans if start <= middle <= end]
        for stage in at_work:
            share = max(0.0, more - used) / len(at_work)
            found[stage] = replace(found[stage], processor=found[stage].processor + share)
    return found


def exponent(rows: Sequence[int], seconds: Sequence[float]) -> float:
    """The slope of log seconds on log rows; NaN where there is nothing to fit."""
    if len(rows) < 2 or min(seconds) <= 0:
        return float("nan")
    return float(np.polyfit(np.log(rows), np.log(seconds), 1)[0])


def show_growth(runs: Sequence[Curation]) -> None:
    """Seconds, processor seconds and memory of every stage at every size; exponents, and memory's last ratio."""
    rows = [run.rows for run in runs]
    whole = [StageRuns(1, run.whole.seconds, run.whole.processor, run.whole.peak) for run in runs]
    names = [*runs[-1].stages, "whole"]
    tables = {name: [run.stages.get(name, StageRuns()) for run in runs] for name in names[:-1]} | {"whole": whole}
    for unit, attribute in {"s": "seconds", "cpu": "processor"}.items():
        _head(unit, rows, ["exponent", "last", "runs"])
        for name in names:
            values = [getattr(each, attribute) for each in tables[name]]
            slopes = [exponent(rows, values), exponent(rows[-2:], values[-2:])]
            cells = [*(f"{value:.2f}" for value in values), *map(_number, slopes), str(tables[name][-1].runs)]
            print(f"{name:<12}" + "".join(cell.rjust(10) for cell in cells))
    _head("MB", rows, ["ratio"])
    for name in names:
        peaks = [each.peak for each in tables[name]]
        ratio = peaks[-1] / peaks[-2] if len(peaks) > 1 and peaks[-2] else float("nan")
        print(f"{name:<12}" + "".join(cell.rjust(10) for cell in [*(f"{peak:.0f}" for peak in peaks), _number(ratio)]))


def _head(unit: str, rows: Sequence[int], more: Sequence[str]) -> None:
    sizes = [f"{unit} {size:.1e}".replace(".0e", "e").replace("e+0", "e") for size in rows]
    print(f"\n{'stage':<12}" + "".join(head.rjust(10) for head in [*sizes, *more]))


def _number(value: float) -> str:
    return "–" if np.isnan(value) else f"{value:.2f}"


def show_run(run: Curation, captions: int) -> None:
    """One curation in a few lines."""
    realised, whole = run.realised, run.whole
    print(
        f"\n{run.rows:,} captions: {whole.seconds:.1f} s, {run.rows / whole.seconds:,.0f} rows/s, "
        f"peak {whole.peak:,.0f} MB, captions {captions / 1e6:,.0f} MB, store {run.store_bytes / 1e6:,.0f} MB on disk"
    )
    print(
        f"  drawn {realised.size:,} ({realised.distinct:,} different), total variation {realised.total_variation:.4f}, "
        f"effective size {realised.effective_sample_size:,.0f}, keywords lost {realised.lost_keywords}",
        flush=True,
    )


def show_again(runs: Mapping[str, Curation], added: int) -> None:
    """What later runs in the same store did again, by stage: with another target, and with `added` captions more.

    Raises:
        AssertionError: the one read captions or keywords again, or the other read captions that are not new.
    """
    names = list(dict.fromkeys(name for run in runs.values() for name in run.stages))
    print(f"  {'runs, processor seconds':<26}" + "".join(f"{name:>20}" for name in runs))
    for name in names:
        cells = [run.stages.get(name, StageRuns()) for run in runs.values()]
        print(f"  {name:<26}" + "".join(f"{each.runs:>10}{each.processor:>10.2f}" for each in cells))
    whole = [run.whole for run in runs.values()]
    print(f"  {'whole':<26}" + "".join(f"{each.seconds:>8.1f} s{each.processor:>10.2f}" for each in whole), flush=True)
    _, target, file = runs.values()
    assert "metadata" not in {*target.stages, *file.stages}, "the keyword list was made again"
    assert (target.ingested, target.matched) == (0, 0), "another target: captions were read again"
    assert (file.ingested, file.matched) == (added, added), "one more file: captions of others were read again"


def show_peers(run: Curation, peers: Mapping[str, Watched]) -> None:
    """Rates at one size, and how many times ours each is, by time and by processor time."""
    heads = f"{'rows/s':>12}{'ours / it':>12}{'cpu s / 1e6':>14}{'its / ours':>12}{'peak MB':>10}{'kept':>12}"
    print(f"  {'whole curation, Parquet to Parquet':<36}{heads}")
    for name, each in {"equipoise": run.whole, **peers}.items():
        own = each is run.whole
        kept = run.realised.size if own else int(each.output)
        ratio, cost = each.seconds / run.whole.seconds, each.processor / run.whole.processor
        print(
            f"  {name:<36}{run.rows / each.seconds:>12,.0f}{'' if own else f'{ratio:.2f}':>12}"
            f"{each.processor / run.rows * 1e6:>14.2f}{'' if own else f'{cost:.2f}':>12}{each.peak:>10,.0f}{kept:>12,}",
            flush=True,
        )
