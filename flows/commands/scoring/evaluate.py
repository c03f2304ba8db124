"""`equipoise evaluate`: any number of models or heads on any number of benchmarks, each encoded once an encoder."""

from pathlib import Path
from typing import Annotated

import typer

from flows.commands.console import AsJson, console, many, percent, plain_table, say, say_json

STORE = Path("runs") / "store"
SCORES = Path("runs") / "scores"


def evaluate(  # noqa: PLR0913  the options of a command
    models: Annotated[
        list[Path] | None, typer.Argument(metavar="[MODEL]...", help="CLIP models to score: folders, or safetensors")
    ] = None,
    heads: Annotated[
        list[Path] | None, typer.Option(help="heads to score, on --model or on --image-model and --text-model: repeat")
    ] = None,
    model: Annotated[Path | None, typer.Option(help="the CLIP model below the heads")] = None,
    image_model: Annotated[Path | None, typer.Option(help="the image model below the heads")] = None,
    text_model: Annotated[Path | None, typer.Option(help="the text model below the heads")] = None,
    root: Annotated[Path | None, typer.Option(help="folder of data sets in wds/ layout")] = None,
    benchmark: Annotated[
        list[str] | None,
        typer.Option(help="cifar10, vtab/cifar100, …; datacomp, paper, retrieval; or a folder: repeat"),
    ] = None,
    one_caption: Annotated[bool, typer.Option(help="retrieval with one caption an image, too")] = False,
    probe: Annotated[bool, typer.Option(help="a linear probe and nearest neighbours, from the sets' train/")] = False,
    to: Annotated[Path, typer.Option(help="folder of the results")] = SCORES,
    store: Annotated[Path, typer.Option(help="where what is encoded is kept")] = STORE,
    device: Annotated[str, typer.Option(help="torch device; auto: the best there is")] = "cpu",
    as_json: AsJson = False,
) -> None:
    """Score models, or heads on an encoder, by clip-benchmark's measures; results as its JSON and DataComp's jsonl.

    --heads takes the authors' released FILE.pt too: it is read with weights only, and kept as safetensors in the
    results' folder. A benchmark is encoded once for all the heads on an encoder, and kept in the store.
    """
    from flows.commands.scoring.candidates import candidates
    from flows.commands.scoring.score import named_benchmarks, scores
    from storage.store.workspace import Runtime
    from tasks.evaluation.config import EvaluationConfig
    from tasks.evaluation.exchange.folder import write_folder

    runtime = Runtime(store=store, device=device)
    plan = named_benchmarks(root, benchmark or [], EvaluationConfig(one_caption=one_caption), probe=probe)
    found = list(candidates(models or [], heads or [], (model, image_model, text_model), runtime, to))
    results = [scored for each in found for item in plan.benchmarks for scored in scores(each, item, plan, runtime)]
    written = write_folder(to, results)
    if as_json:
        say_json([{"model": each.model, "benchmark": each.benchmark, **each.document} for each in results])
        return
    table = plain_table("model", "benchmark", "metric", ">%", ">interval")
    for each in results:
        document = each.document
        interval = document["intervals"][document["primary"]]
        table.add_row(
            each.model,
            f"{each.benchmark}{' (linear probe)' if document['task'] == 'linear_probe' else ''}",
            document["primary"].replace("_", " "),
            percent(document["metrics"][document["primary"]]),
            f"{percent(interval['low'])} to {percent(interval['high'])}",
        )
    console.print(table)
    say(f"{many(len(written), 'file')} in {to}")
