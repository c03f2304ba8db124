"""The curated set in the forms that others train from."""

import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from threading import Lock
from typing import Annotated, Literal

import typer
from rich.console import Console
from rich.filesize import decimal
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn, TimeRemainingColumn

from flows.commands.console import AsJson, many, say, say_json
from flows.commands.store.store_commands import ConfigFile
from flows.config.pipeline import PipelineConfig
from flows.engine.judgement import Judgement
from flows.graph.stored import StoredCuration, stored_curation, stored_embeddings
from storage.errors import CheckError, InputError
from storage.export.parts import Job
from storage.export.record import Export
from storage.export.upload import deliver
from storage.hashing import hash_json
from storage.places.place import place

Format = Literal[
    "webdataset",
    "open_clip_csv",
    "imagefolder",
    "huggingface",
    "datacomp",
    "weights",
    "weight_buckets",
    "embeddings",
    "clip_benchmark",
]


def export(
    config: ConfigFile,
    to: Annotated[str, typer.Argument(metavar="OUT", help="a new folder or URL, or one that holds this very export")],
    format: Annotated[Format, typer.Option(help="what to write")] = "webdataset",
    as_json: AsJson = False,
) -> None:
    """Write the curated set for other trainers, from the store: whole or not at all; a killed export goes on.

    webdataset: tars and sizes.json, and beside each tar a table and figures as img2dataset has them. open_clip_csv,
    imagefolder: images as files. huggingface: Parquet in data/, a card and a Croissant file. datacomp: subset.npy and
    weights.parquet. weights: the latter for keys of any kind; equipoise.select draws by it from tars that exist
    already. weight_buckets: tars by weight, with open_clip's options. embeddings:
    .npy files and the rows' data, under clip-retrieval's names. clip_benchmark: what was held out, for retrieval.

    What a check refuses is not exported.
    """
    from flows.config.pipeline import load_config

    settings, target = load_config(config), place(to)
    stored = stored_curation(settings)
    require_passed(settings, stored)
    folder = target if isinstance(target, Path) else _staging(settings, format, str(target))
    with _shown(format) as (expect, tell):
        job = Job(stored.origin, settings.runtime.workers, tell, expect, str(target) if folder != target else None)
        written, *lines = WRITERS[format](settings, stored, folder, job)
    assert isinstance(written, Export)
    if not isinstance(target, Path):
        with _shown(f"to {target.protocol}") as (expect, tell):
            sent = deliver(folder, target, tell)
        shutil.rmtree(folder)
        lines.append(f"sent: {many(sent, 'file')}, {written.bytes:,} bytes of data")
    if as_json:
        say_json({"format": format, "to": str(target), "notes": lines, **_counts(written)})
        return
    for line in (*lines, *_said(written, str(target))):
        say(str(line))


def require_passed(settings: PipelineConfig, stored: StoredCuration) -> None:
    """Raise `CheckError` where a check refuses something that the curated set was made of."""
    judgement = Judgement(settings.checks, settings.runtime.store)
    if refused := judgement.refusal("export", [stored.screening, stored.curation]):
        raise CheckError(f"the curated set of {settings.name!r} is {refused}; mend its cause, or change the limit")


def _counts(written: Export) -> dict[str, object]:
    return {
        "rows": written.rows,
        "files": [str(each) for each in written.files],
        "bytes": written.bytes,
        "was_there": written.was_there,
        "rejected": written.rejected,
        "rewritten": written.rewritten,
    }


def _staging(settings: PipelineConfig, format: Format, url: str) -> Path:
    """Where an export for a URL is made: below the run's folder, the same for the same URL, so that it goes on."""
    if format == "open_clip_csv":
        raise InputError(
            "open_clip opens the images of a CSV as local files, so a URL is of no use to it; "
            "export webdataset or weight_buckets there"
        )
    return settings.folder / "exports" / f"{format}-{hash_json(url)[:12]}"


def _webdataset(settings: PipelineConfig, stored: StoredCuration, to: Path, job: Job) -> tuple[Export]:
    from storage.export.forms.webdataset import write_webdataset

    return (write_webdataset(stored.shards(), to, job),)


def _open_clip_csv(settings: PipelineConfig, stored: StoredCuration, to: Path, job: Job) -> tuple[Export]:
    from storage.export.forms.open_clip_csv import write_open_clip_csv

    return (write_open_clip_csv(stored.shards(), to, job),)


def _imagefolder(settings: PipelineConfig, stored: StoredCuration, to: Path, job: Job) -> tuple[Export]:
    from storage.export.forms.imagefolder import write_imagefolder

    return (write_imagefolder(stored.shards(), to, job),)


def _huggingface(settings: PipelineConfig, stored: StoredCuration, to: Path, job: Job) -> tuple[Export]:
    from flows.commands.delivery.card import about, facts_of
    from storage.export.forms.huggingface import write_huggingface
    from tasks.reporting.card.markdown_page import card_markdown

    facts = facts_of(settings, stored)
    splits = {"train": stored.shards(), "validation": stored.shards("validation")}
    return (write_huggingface(splits, to, job, about=about(facts), card=card_markdown(facts)),)


def _datacomp(settings: PipelineConfig, stored: StoredCuration, to: Path, job: Job) -> tuple[Export]:
    from storage.export.forms.datacomp import write_datacomp

    return (write_datacomp(stored.shards(), to, job, seed=settings.resampling.seed),)


def _weights(settings: PipelineConfig, stored: StoredCuration, to: Path, job: Job) -> tuple[Export]:
    from storage.export.forms.datacomp import write_weights

    return (write_weights(stored.shards(), to, job, seed=settings.resampling.seed),)


def _weight_buckets(settings: PipelineConfig, stored: StoredCuration, to: Path, job: Job) -> tuple[Export, str]:
    from storage.export.forms.buckets import write_weight_buckets

    done = write_weight_buckets(stored.shards(), to, job, address=job.address)
    return done.export, done.arguments


def _embeddings(settings: PipelineConfig, stored: StoredCuration, to: Path, job: Job) -> tuple[Export]:
    from storage.export.forms.embeddings import EmbeddedShard, write_embeddings

    embedded = stored_embeddings(settings)
    groups = zip(stored.screening.ingested, stored.curation.selection, embedded, strict=True)
    shards = [
        EmbeddedShard(*files)
        for group in groups
        for files in zip(
            *(
                stored.files(each, f"{name}-*.parquet")
                for each, name in zip(group, ("pairs", "selection", "embeddings"))
            ),
            strict=True,
        )
    ]
    origin = hash_json([job.origin, *(each.digest for each in embedded)])
    return (write_embeddings(shards, to, replace(job, origin=origin)),)


def _clip_benchmark(settings: PipelineConfig, stored: StoredCuration, to: Path, job: Job) -> tuple[Export]:
    from storage.export.forms.clip_benchmark import write_clip_benchmark

    held = stored.shards("validation")
    if not held:
        raise InputError(
            f"the curation of {settings.name!r} held no pairs out that could be a benchmark; set curated.validation"
        )
    return (write_clip_benchmark(held, to, job),)


WRITERS: dict[str, Callable[[PipelineConfig, StoredCuration, Path, Job], tuple[Export | str, ...]]] = {
    "webdataset": _webdataset,
    "open_clip_csv": _open_clip_csv,
    "imagefolder": _imagefolder,
    "huggingface": _huggingface,
    "datacomp": _datacomp,
    "weights": _weights,
    "weight_buckets": _weight_buckets,
    "embeddings": _embeddings,
    "clip_benchmark": _clip_benchmark,
}


def _said(written: Export, to: str) -> Iterator[str]:
    """What is there now, a sentence each."""
    done = "was there already, whole" if written.was_there else "written"
    held = f"{many(written.rows, 'row')} in {many(len(written.files), 'file')}"
    yield f"{held}, {decimal(written.bytes)}, in {to}: {done}"
    if written.rejected:
        yield f"{written.rejected:,} rows are left out; {to}/rejected.parquet says why"
    if written.rewritten:
        yield f"{written.rewritten:,} captions are rewritten; {to}/rewritten.parquet has them as they were"


@contextmanager
def _shown(name: str) -> Iterator[tuple[Callable[[int], None], Callable[[int, int], None]]]:
    """A bar of rows with the bytes that were written; silent unless standard error is a terminal."""
    terminal, lock, size = Console(stderr=True), Lock(), 0
    columns = [
        TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TextColumn("rows"),
        TextColumn("{task.fields[size]}"), TimeElapsedColumn(), TimeRemainingColumn(),
    ]  # fmt: skip
    with Progress(*columns, console=terminal, transient=True, disable=not terminal.is_terminal) as bar:
        task = bar.add_task(name, total=None, size="0 bytes")

        def tell(rows: int, more: int) -> None:
            nonlocal size
            with lock:
                size += more
                bar.update(task, advance=rows, size=decimal(size))

        yield lambda rows: bar.update(task, total=rows), tell
