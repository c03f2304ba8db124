"""Small studies apart from any pipeline: of T-REGS itself, and of a data set's leakage, as figures and numbers."""

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, cast

import numpy as np
import typer
from pydantic import JsonValue

from flows.commands.console import AsJson, console, plain, say, say_json
from flows.commands.studies.study_flows import add_study_flows
from storage.tree import map_tree

if TYPE_CHECKING:
    from matplotlib.figure import Figure

studies = typer.Typer(
    no_args_is_help=True,
    help="Studies of the papers, as a page, figures and numbers; and small ones apart from any pipeline.",
)
add_study_flows(studies)
Folder = Annotated[Path, typer.Option(help="where the figure and the numbers go")]
STUDIES = Path("runs") / "studies"
CIFAR10 = Path("..") / "shared" / "data" / "cifar10"


@studies.command("tregs-collapse")
def tregs_collapse(
    data: Annotated[Path, typer.Option(help="folder of CIFAR-10's train.parquet and test.parquet")] = CIFAR10,
    to: Folder = STUDIES,
    seeds: Annotated[int, typer.Option(min=1, help="runs of every setting")] = 3,
    steps: Annotated[int, typer.Option(min=1, help="optimiser steps of a run")] = 300,
    pictures: Annotated[int, typer.Option(min=256, help="training pictures; two fifths as many are tested on")] = 5000,
    as_json: AsJson = False,
) -> None:
    """The weights of the T-REGS paper's Table 4 in small self-supervised runs: which of them collapse."""
    from storage.hashing import canonical_json
    from tasks.evaluation.collapse.figure import draw_collapse
    from tasks.evaluation.collapse.study import BASE, read_labelled, study_collapse

    train = read_labelled(data / "train.parquet", pictures, BASE.side)
    test = read_labelled(data / "test.parquet", pictures * 2 // 5, BASE.side)
    base = BASE.model_copy(update={"steps": steps})
    study = study_collapse(train, test, seeds=range(seeds), base=base)
    agreement: dict[str, JsonValue] = {name: study.agreement(name) for name in ("mean", "sum")}
    numbers: JsonValue = {"agreement": agreement, **{name: _plain(value) for name, value in asdict(study).items()}}
    _write(to, "tregs-collapse", draw_collapse(study), canonical_json(numbers), as_json=as_json)
    if as_json:
        return
    console.print(f"untrained: k-NN accuracy {np.mean(study.untrained):.3f}", highlight=False)
    for setting in dict.fromkeys(outcome.setting for outcome in study.outcomes):
        means = ", ".join(
            f"{name} {study.mean(setting, name, 'accuracy'):.3f} (spread {study.mean(setting, name, 'spread'):.2f})"
            for name in ("mean", "sum")
        )
        paper = f"{setting.paper:g} %" if setting.paper else "collapse"
        weights = f"β {setting.beta:g}, γ {setting.gamma:g}, λ {setting.lambda_:g}"
        console.print(f"{weights}: {means}; paper: {paper}", highlight=False)
    for name, value in agreement.items():
        console.print(f"rank correlation with the paper's table, {name} over coordinates: {value:.2f}", highlight=False)


@studies.command()
def leakage(
    train: Annotated[list[Path], typer.Option(help="Parquet with image: struct<bytes, path>; repeat for more files")],
    evaluation: Annotated[list[Path], typer.Option(help="the same, of the evaluation pictures")],
    to: Folder = STUDIES,
    distance: Annotated[
        float, typer.Option(min=0, max=2, help="the same picture up to here: √(2 − 2 · best correlation of detail)")
    ] = 0.55,
    pictures: Annotated[int, typer.Option(min=2, max=400, help="pairs on a sheet")] = 80,
    workers: Annotated[int, typer.Option(min=1, help="threads")] = 2,
    as_json: AsJson = False,
) -> None:
    """Evaluation pictures that are copies of training pictures: cropped, shifted, mirrored or recoloured ones too."""
    from flows.commands.studies.leakage_study import show_leakage
    from tasks.screening.pictures.study import FILES, study_leakage

    numbers = study_leakage(train, evaluation, to, distance=distance, pictures=pictures, workers=workers)
    if as_json:
        say_json({"files": [str(to / name) for name in FILES], "numbers": plain(numbers)})
        return
    show_leakage(numbers, to, FILES, console)


def _write(to: Path, name: str, figure: "Figure", numbers: str, *, as_json: bool) -> None:
    """Write the figure and the numbers, and say where they are; as JSON with the numbers themselves."""
    to.mkdir(parents=True, exist_ok=True)
    figure.savefig(to / f"{name}.png", dpi=150, bbox_inches="tight")
    (to / f"{name}.json").write_text(numbers, encoding="utf-8")
    if as_json:
        say_json({"files": [str(to / f"{name}.png"), str(to / f"{name}.json")], "numbers": json.loads(numbers)})
        return
    say(f"{to / name}.png and .json")


def _plain(value: object) -> JsonValue:
    """Arrays as lists, also inside mappings and sequences."""
    return cast(JsonValue, map_tree(value, lambda leaf: leaf.tolist() if isinstance(leaf, np.ndarray) else leaf))
