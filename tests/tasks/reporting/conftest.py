"""A small curation whose captions and keywords are hostile, as tables and as stage outputs."""

import io
import json
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from storage.caching.stage import stage
from storage.store.workspace import Runtime, Workspace
from storage.tables.schemas import CURATED, DROPPED, ENTRIES, GONE, MATCHES, PAIRS, REJECTED, SELECTION
from storage.tables.shards import write_table
from tasks.balancing.config import RakeConfig
from tasks.balancing.law.law import Law
from tasks.balancing.matrix.match_stream import as_block
from tasks.balancing.stats import BalanceStats
from tasks.evaluation.stats import BenchmarkStats
from tasks.geometry.config import GeometryConfig
from tasks.geometry.stats import ConceptsStats, ExcessStats, GeometryStats
from tasks.ingest.stats import IngestStats
from tasks.matching.config import ExplicitEntries, MetadataConfig
from tasks.matching.stats import MatchStats, MetadataStats
from tasks.reporting.config import Cell, RunLabel
from tasks.reporting.inputs.stage_outputs import Curation, Leaks, Scored, Screening, Trained, Training
from tasks.resampling.stats import GatherStats, RealiseStats, ScaleStats, SelectStats, ThinStats
from tasks.screening.config import DeduplicateConfig, LeakageConfig
from tasks.screening.leakage.leak_tables import CAPTIONS, LEAKS
from tasks.screening.stats import DeduplicateStats, DropStats, LeakageStats
from tasks.training.stats import ClipStats
from tests.tasks.reporting.figures import balance_stats, clip_stats, diversity_stats, geometry_stats, realise_stats

HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(2)>',
    "an \u202eelur\u202c override and \u2066isolates\u2069",
    "x" * 10_000,
    "'; </style><link rel=stylesheet href=//evil.example/x.css>",
    "nul \x00 and \x1b[31m escape",
    "{{ 7 * 7 }} {% raw %} {c}",
    "javascript:alert(3) <svg/onload=alert(4)> <!-- -->",
)
KEYWORDS = ("dog", "<b>bold</b>", "$x^2$ & <i>", "--><script>alert(5)</script>", "\u202egnirts", "cat")

RUNS = tuple(RunLabel(variant=variant, seed=seed) for seed in (0, 1) for variant in ("original", "balanced"))


def png(seed: int, side: int = 8) -> bytes:
    """A small noisy picture."""
    pixels = np.random.default_rng(seed).integers(0, 256, (side, side, 3), dtype=np.uint8)
    stream = io.BytesIO()
    Image.fromarray(pixels).save(stream, "PNG")
    return stream.getvalue()


def pairs_table() -> pa.Table:
    """40 pairs: hostile captions first, one image missing, one unreadable, one an SVG."""
    captions = [*HOSTILE, *(f"a plain caption {number}" for number in range(32))]
    images = [{"bytes": png(number), "path": None} for number in range(40)]
    images[1] = {"bytes": b"not an image", "path": "<x>.png"}
    images[2] = {"bytes": b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(6)'/>", "path": None}
    images[3] = None
    images[9] = {"bytes": png(9, side=200), "path": None}
    return pa.table(
        {
            "id": pa.array(np.arange(40, dtype=np.uint64) * 1_000_003),
            "key": [str(number) for number in range(40)],
            "caption": pa.array(captions, pa.large_string()),
            "image": pa.array(images, PAIRS.field("image").type),
            "label": pa.nulls(40, pa.int32()),
            "source": ["test"] * 40,
        },
        schema=PAIRS,
    )


def match_table() -> pa.Table:
    """Every pair but each tenth holds one or two keywords."""
    lists = [[] if number % 10 == 9 else sorted({number % 6, number % 4}) for number in range(40)]
    return pa.table({"id": pairs_table()["id"], "entries": lists}, schema=MATCHES)


def entries_table() -> pa.Table:
    """Six keywords with all four marginals."""
    count = np.array([12, 9, 8, 7, 3, 2])
    target = np.full(6, 1 / 6)
    observed = count / count.sum()
    return pa.table(
        {
            "entry": pa.array(range(6), pa.uint32()),
            "text": pa.array(KEYWORDS, pa.large_string()),
            "provenance": ["test"] * 6,
            "status": ["live"] * 5 + ["dead"],
            "fault": pa.array([None] * 5 + ["'.': spacing"], pa.string()),
            "count": pa.array(count, pa.uint64()),
            "observed": observed,
            "target": target,
            "balanced": 0.3 * observed + 0.7 * target,
            "realised": 0.4 * observed + 0.6 * target,
            "log_scale": np.zeros(6),
        },
        schema=ENTRIES,
    )


LISTED = MetadataConfig(sources=(ExplicitEntries(entries=KEYWORDS),))

LAW = Law("tilted", "pairs", 36, 36.0, np.log([0.5, 0.8, 1.0, 1.2, 1.5, 2.0]), bounds=(0.0, 9.0))


def selection_table() -> pa.Table:
    """The hostile pairs are kept several times, most others once, the last few not at all."""
    rows = np.array([number for number in range(40) if number % 10 != 9])[:30]
    block = as_block(match_table()["entries"])
    columns = {
        "id": pairs_table()["id"].take(pa.array(rows)),
        "weight": LAW.weights(block.indptr, block.indices)[rows],
        "inclusion": np.full(30, 0.5),
        "multiplicity": pa.array(np.where(np.arange(30) < 8, 3, 1), pa.uint16()),
        "row": pa.array(rows, pa.uint32()),
    }
    return pa.table(columns, schema=SELECTION)


@stage("ingest", version=1, modules=())
def fake_pairs(name: str, *, work: Workspace) -> IngestStats:
    write_table(work.output / "pairs-00000.parquet", pairs_table())
    rejected = pa.table({"key": ["k"], "reason": ["unreadable image"], "detail": ["<b>"]}, schema=REJECTED)
    write_table(work.output / "rejected.parquet", rejected)
    return IngestStats(
        source=name,
        kind="csv",
        images="<i>theirs</i>",
        class_names=(),
        group="1/1",
        rows=40,
        rejected=3,
        reasons={"unreadable image": 2, "<empty> caption": 1},
        rows_with_image=39,
        mean_caption_characters=20.0,
        labels={},
        bytes=4_000,
    )


@stage("metadata", version=1, modules=())
def fake_entries(config: MetadataConfig, *, work: Workspace) -> MetadataStats:
    write_table(work.output / "entries.parquet", entries_table())
    audit = {
        "entries": 6,
        "dead": [{"entry": 5, "text": "<u>U.S.A.</u>", "fault": "'.': spacing <hr>"}],
        "duplicates": [{"entry": 3, "text": "twin", "fault": 'the same as entry 1, "twin"'}],
        "shadowed": [],
    }
    (work.output / "audit.json").write_text(json.dumps(audit))
    return MetadataStats(entries=6, dead=1, duplicates=1, shadowed=0, sources={"test": 6}, index_bytes=1)


@stage("match", version=1, modules=())
def fake_matches(*, work: Workspace) -> MatchStats:
    write_table(work.output / "matches-00000.parquet", match_table())
    return MatchStats(rows=40, matched=36, matches=60)


@stage("balance", version=1, modules=())
def fake_balanced(config: RakeConfig, secret: str, *, work: Workspace) -> BalanceStats:
    LAW.write(work.output)
    history = {
        "step": pa.array([0, 1, 2, 3], pa.int32()),
        "side": ["start", "y", "x", "y"],
        "row_l1": [0.0, 0.4, 1e-17, 0.2],
        "column_l1": [0.6, 1e-16, 0.3, 0.0],
    }
    write_table(work.output / "history.parquet", pa.table(history))
    infeasible = ("no caption holds “<script>alert(7)</script>”, but the target gives it 0.1",)
    blocking = "captions that hold only keywords among “<script>alert(8)</script>” carry 20 %"
    return balance_stats(
        margin_deficit=0.07,
        blocking=blocking,
        reason="stopped after the 3 half steps asked for",
        iterations=3,
        infeasible=infeasible,
    )


@stage("scale", version=1, modules=())
def fake_scaled(*, work: Workspace) -> ScaleStats:
    figures = {"scale": 1.0, "limit": None, "mean": 1.0, "wanted": 46, "expected_size": 46.0}
    return ScaleStats(method="residual", own_inclusion=False, **figures)


@stage("select", version=1, modules=())
def fake_selection(*, work: Workspace) -> SelectStats:
    write_table(work.output / "selection-00000.parquet", selection_table())
    return SelectStats(size=46, distinct=30, squares=94, largest_multiplicity=3)


@stage("realise", version=1, modules=())
def fake_realised(*, work: Workspace) -> RealiseStats:
    write_table(work.output / "entries.parquet", entries_table())
    return realise_stats()


@stage("gather", version=1, modules=())
def fake_curated(*, work: Workspace) -> GatherStats:
    write_table(work.output / "curated-00000.parquet", CURATED.empty_table())
    return GatherStats(rows=30, shards=1, bytes=1, repeated_ids=0, split_ids=None)


@stage("thin", version=1, modules=())
def fake_random(*, work: Workspace) -> ThinStats:
    write_table(work.output / "selection-00000.parquet", selection_table().slice(0, 25))
    return ThinStats(size=25)


@stage("geometry", version=1, modules=())
def fake_geometry(config: GeometryConfig, length: float, *, work: Workspace) -> GeometryStats:
    ids = pairs_table()["id"]
    write_table(work.output / "edges.parquet", pa.table({"length": np.linspace(0, length / 20, 39)}))
    write_table(work.output / "duplicates.parquet", pa.table({"id": ids[:3], "group": [ids[0]] * 3}))
    return geometry_stats(
        points=40,
        mst_length=length,
        mean_edge=length / 39,
        excess=ExcessStats(relative_bound=2e-4, relative_standard_error=1e-5, assessed=3, unassessed=0),
        diversity=diversity_stats((0.5, 0.01), (length / 40, 0.01), repeated=0.05),
    )


@stage("concepts", version=1, modules=())
def fake_concepts(*, work: Workspace) -> ConceptsStats:
    table = pa.table({
        "entry": pa.array([0, 1, 2], pa.uint32()), "rows": pa.array([9, 8, 7], pa.uint64()),
        "median_radius": [0.5, 0.2, 0.0], "relative_log_density": pa.array([0.0, 2.0, None], pa.float64()),
    })  # fmt: skip
    write_table(work.output / "concepts.parquet", table)
    return ConceptsStats(concepts=3, dimension=3.2)


@stage("deduplicate", version=1, modules=())
def fake_duplicates(config: DeduplicateConfig, *, work: Workspace) -> DeduplicateStats:
    """Pairs 1 and 4 repeat pair 0, pair 7 repeats pair 6."""
    ids = pairs_table()["id"].to_pylist()
    rows = [(ids[1], ids[0], "near-duplicate"), (ids[4], ids[0], "equal pair"), (ids[7], ids[6], "equal pair")]
    write_table(work.output / "dropped.parquet", pa.table(list(zip(*rows)), schema=DROPPED))
    reasons = {"equal pair": 2, "near-duplicate": 1}
    return DeduplicateStats(rows=40, dropped=3, groups=2, reasons=reasons)


@stage("leakage", version=1, modules=())
def fake_leaks(config: LeakageConfig, *, work: Workspace) -> LeakageStats:
    """Pair 2 is evaluation image 20 and pair 3 far from image 21; the captions of 5 and 8 repeat a hostile prompt."""
    ids = pairs_table()["id"].to_pylist()
    leaks = [[ids[2], ids[3]], [ids[20], ids[21]], [0.01, 0.5], [True, False]]
    write_table(work.output / "leaks.parquet", pa.table(leaks, schema=LEAKS))
    captions = [[ids[5], ids[8]], ["5", "8"], ["a photo of a <b>dog</b>."] * 2]
    write_table(work.output / "captions.parquet", pa.table(captions, schema=CAPTIONS))
    return LeakageStats(
        benchmark="<q>shape</q>",
        rows=40,
        evaluation_rows=30,
        distance=0.1,
        leaks=1,
        leaked_evaluation_rows=1,
        nearest=0.01,
        captions=2,
        dropped=1,
    )


@stage("drop", version=1, modules=())
def fake_dropped(*, work: Workspace) -> DropStats:
    gone = pairs_table().select(["id"]).take(pa.array([1, 2, 4, 7]))
    write_table(work.output / "gone.parquet", gone.cast(GONE))
    reasons = {"equal pair": 2, "near-duplicate": 1, "near an evaluation image": 1}
    return DropStats(rows=36, rejected=4, reasons=reasons)


@stage("train", version=1, modules=())
def fake_model(seed: int, *, work: Workspace) -> ClipStats:
    steps = np.arange(1, 51)
    loss = 3 - steps / 50 + np.random.default_rng(seed).normal(0, 0.1, 50)
    table = {"step": steps, "loss": loss, "gradient_norm": np.exp(loss), "image_tree": pa.nulls(50, pa.float64())}
    write_table(work.output / "metrics.parquet", pa.table(table))
    return clip_stats(final_loss=float(loss[-20:].mean()))


@stage("evaluate", version=1, modules=())
def fake_scores(seed: int, right: float, *, work: Workspace) -> BenchmarkStats:
    label = np.arange(60) % 3
    hit = np.random.default_rng(seed).uniform(size=60) < right
    prediction = np.where(hit, label, (label + 1) % 3)
    table = {"index": np.arange(60), "label": label.astype(np.int32), "prediction": prediction.astype(np.int32)}
    write_table(work.output / "predictions.parquet", pa.table(table))
    recalls = [float(hit[label == index].mean()) for index in range(3)]
    names = ("<em>dog</em>", "cat", "bird")
    scores = {
        "task": "zeroshot_classification",
        "primary": "mean_per_class_recall",
        "metrics": {"acc1": float(hit.mean()), "acc5": None, "mean_per_class_recall": float(np.mean(recalls))},
        "images": 60,
        "choices": 3,
        "classes": [{"name": name, "images": 20, "recall": recall} for name, recall in zip(names, recalls)],
    }
    (work.output / "scores.json").write_text(json.dumps(scores))
    mean = float(np.mean(recalls))
    return BenchmarkStats(
        benchmark="shape", task="zeroshot_classification", primary="mean_per_class_recall", value=mean,
        interval=(max(mean - 0.1, 0.0), min(mean + 0.1, 1.0)), images=60, classes=3,
    )  # fmt: skip


class Inputs:
    """All inputs of a report, made in one store."""

    def __init__(self, store: Path, *, secret: str = "<plain>") -> None:
        self.runtime = Runtime(store=store)
        run = {"runtime": self.runtime}
        self.pairs = [fake_pairs.run("<s>source</s>", **run)]
        self.entries = fake_entries.run(LISTED, **run)
        self.matches = [fake_matches.run(**run)]
        self.balanced = fake_balanced.run(RakeConfig(steps=("y", "x", "y")), secret, **run)
        self.scaled = fake_scaled.run(**run)
        self.selection = [fake_selection.run(**run)]
        self.realised = fake_realised.run(**run)
        self.curated = [fake_curated.run(**run)]
        self.random = [fake_random.run(**run)]
        self.geometry = [fake_geometry.run(GeometryConfig(), length, **run) for length in (20.0, 26.0)]
        self.density = [fake_concepts.run(**run)] * 2
        self.duplicates = fake_duplicates.run(DeduplicateConfig(), **run)
        self.leaks = [fake_leaks.run(LeakageConfig(), **run)]
        self.dropped = [fake_dropped.run(**run)]
        self.models = [fake_model.run(seed, **run) for seed in range(4)]
        shares = (0.5, 0.9, 0.52, 0.88)
        self.scores = [fake_scores.run(seed, right, **run) for seed, right in enumerate(shares)]

    def workspace(self, output: Path) -> Workspace:
        """What a running report sees."""
        return Workspace("report", "key", output, self.runtime)

    @property
    def training(self) -> Training:
        """Four models of two variants, and how both lie."""
        variants = ("original", "balanced")
        return Training(
            [Trained(run, model) for run, model in zip(RUNS, self.models, strict=True)],
            dict(zip(variants, self.geometry, strict=True)),
            dict(zip(variants, self.density, strict=True)),
            "<u>a CLIP</u>",
        )

    @property
    def scored(self) -> list[Scored]:
        """Every model on one benchmark."""
        return [
            Scored(Cell(variant=run.variant, seed=run.seed, benchmark="<q>shape</q>"), scores)
            for run, scores in zip(RUNS, self.scores, strict=True)
        ]

    @property
    def curation(self) -> Curation:
        """What every report has."""
        return Curation(
            self.entries,
            self.matches,
            self.balanced,
            self.scaled,
            self.selection,
            self.realised,
            self.curated,
            self.random,
        )

    @property
    def screening(self) -> Screening:
        """What screening found."""
        return Screening(
            ingested=self.pairs,
            dropped=self.dropped,
            tree=self.geometry[0],
            duplicates=self.duplicates,
            leaks={"<q>shape</q>": Leaks(self.leaks[0], self.pairs[0])},
            encoder="<u>thumbnails</u>",
        )


@pytest.fixture(scope="session")
def inputs(tmp_path_factory: pytest.TempPathFactory) -> Inputs:
    return Inputs(tmp_path_factory.mktemp("inputs") / "store")
