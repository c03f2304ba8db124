"""`equipoise plan`: what a curation would cost, before anything runs."""

from pathlib import Path
from typing import Annotated

import typer
from rich.table import Table

from flows.commands.console import AsJson, console, plain, say_json
from flows.narration import duration
from storage.errors import InputError


def plan(
    config: Annotated[Path, typer.Argument(metavar="CONFIG", help="a YAML file such as configs/demo.yaml")],
    rows: Annotated[
        int | None, typer.Option(min=1, help="captions; without, as many as the store's last run had")
    ] = None,
    images_bytes: Annotated[float, typer.Option(min=0, help="bytes of a picture, mean")] = 0.0,
    workers: Annotated[
        int | None, typer.Option(min=1, help="threads of one stage, in place of the configuration's")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Reckon passes, bytes, memory and time of every stage of curation; runs nothing."""
    from flows.config.pipeline import load_config
    from flows.planning.plan import passes_of, plan_curation
    from flows.planning.rates import measured_rates, reference_rates
    from storage.store.store import Store

    settings = load_config(config)
    if workers is not None:
        settings = settings.model_copy(update={"workers": workers})
    manifests = list(Store(settings.runtime.store).manifests())
    measured = measured_rates(manifests, passes_of(settings))
    number = rows or sum(each.rows for each in manifests if each.stage == "ingest")
    if not number:
        raise InputError("nothing has run yet that says how many rows there are; give --rows")
    costs = plan_curation(settings, reference_rates() | measured, rows=number, image_bytes=images_bytes)
    if as_json:
        say_json({"rows": number, "stages": plain(costs)})
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
    for where in dict.fromkeys(each.rate.where for each in costs):
        stages = [each for each in costs if each.rate.where == where]
        factor = max(each.extrapolated for each in stages)
        names = ", ".join(each.stage for each in stages) if len(stages) < len(costs) else "all stages"
        console.print(
            f"rates of {names}: measured on {stages[0].rate.rows:,} rows ({where})"
            + (f", extrapolated {factor:,.0f}-fold in proportion to the rows" if factor > 1 else ""),
            highlight=False,
        )


def size(bytes_: float) -> str:
    """Bytes as a person reads them."""
    for unit in ("B", "kB", "MB", "GB"):
        if bytes_ < 1000:
            return f"{bytes_:.3g} {unit}"
        bytes_ /= 1000
    return f"{bytes_:,.3g} TB" if bytes_ < 1000 else f"{bytes_:,.0f} TB"
