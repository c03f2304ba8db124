"""`equipoise plan`: what a curation would cost, before anything runs."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.table import Table

from flows.commands.console import AsJson, console, plain, say, say_json
from flows.narration import duration
from storage.errors import InputError

if TYPE_CHECKING:
    from flows.config.pipeline import PipelineConfig


def plan(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="a YAML file such as configs/demo.yaml")],
    rows: Annotated[
        int | None, typer.Option(min=1, help="captions; without, as many as the store's last run had")
    ] = None,
    images_bytes: Annotated[
        float | None, typer.Option(min=0, help="bytes of a picture, mean; without, as the store's pictures have")
    ] = None,
    workers: Annotated[
        int | None, typer.Option(min=1, help="threads of one stage, in place of the configuration's")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Reckon passes, bytes, memory and time of every stage of curation; runs nothing."""
    from flows.config.pipeline import load_config
    from flows.planning.plan import passes_of, plan_curation
    from flows.planning.rates import measured_rates, picture_bytes, reference_rates
    from storage.store.store import Store

    settings = load_config(config)
    if workers is not None:
        settings = settings.model_copy(update={"workers": workers})
    manifests = list(Store(settings.runtime.store).manifests())
    measured = measured_rates(manifests, passes_of(settings))
    number = rows or sum(each.rows for each in manifests if each.stage == "ingest")
    if not number:
        raise InputError("nothing has run yet that says how many rows there are; give --rows")
    held = picture_bytes(manifests, {each.name for each in settings.sources})
    pictures = _copied(settings, images_bytes, held)
    costs = plan_curation(settings, reference_rates() | measured, rows=number, image_bytes=pictures or 0.0)
    if as_json:
        say_json({"rows": number, "picture_bytes": pictures, "stages": plain(costs)})
        return
    table = Table("stage", box=None, header_style="bold", pad_edge=False)
    for name in ("passes", "read", "written", "memory", "time", "share"):
        table.add_column(name, justify="right")
    total = sum(each.seconds for each in costs)
    for each in costs:
        table.add_row(
            each.stage, str(each.passes), size(each.read), size(each.written), size(each.memory),
            duration(each.seconds), f"{each.seconds / total:.0%}" if total else "–",
        )  # fmt: skip
    console.print(table)
    longest = max(costs, key=lambda each: each.seconds)
    console.print(
        f"{number:,} rows: {duration(total)} in all, most of it {longest.stage}; "
        f"{size(sum(each.written for each in costs))} to disk, {size(max(each.memory for each in costs))} of memory",
        highlight=False,
    )
    if pictures:
        console.print(f"pictures of {size(pictures)} each are copied by ingest, scatter and gather", highlight=False)
    elif pictures is None:
        say("pictures are not counted, and take most of the time and the disk: give their mean size by --images-bytes")
    for where in dict.fromkeys(each.rate.where for each in costs):
        stages = [each for each in costs if each.rate.where == where]
        factor = max(each.extrapolated for each in stages)
        names = ", ".join(each.stage for each in stages) if len(stages) < len(costs) else "all stages"
        console.print(
            f"rates of {names}: measured on {stages[0].rate.rows:,} rows ({where})"
            + (f", extrapolated {factor:,.0f}-fold in proportion to the rows" if factor > 1 else ""),
            highlight=False,
        )


def _copied(settings: "PipelineConfig", given: float | None, held: float | None) -> float | None:
    """Bytes of a picture that stages copy: 0 where none does, None where there are some of unknown size."""
    embedded = any(each.pictured and getattr(each, "image_content", "embed") == "embed" for each in settings.sources)
    known = held if given is None else given
    return known if embedded else 0.0


def size(bytes_: float) -> str:
    """Bytes as a person reads them."""
    for unit in ("B", "kB", "MB", "GB"):
        if bytes_ < 1000:
            return f"{bytes_:.3g} {unit}"
        bytes_ /= 1000
    return f"{bytes_:,.3g} TB" if bytes_ < 1000 else f"{bytes_:,.0f} TB"
