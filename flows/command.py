"""The command line. Errors that a user can mend are printed as one sentence, without a traceback."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from flows.commands.card import card
from flows.commands.console import console
from flows.commands.deploy import deploy
from flows.commands.difference import diff
from flows.commands.export import export
from flows.commands.init import init
from flows.commands.plan import plan
from flows.commands.server import ensure_server, is_healthy, local_server, stop_server
from flows.commands.store_commands import ConfigFile, gc, verify
from flows.commands.study import studies
from flows.commands.where_used import where_used
from flows.verbs import Verb
from storage.errors import EquipoiseError

app = typer.Typer(
    add_completion=False, no_args_is_help=True, pretty_exceptions_enable=False,
    help="Curate image-text data by balancing, train CLIP on it, and measure what each step bought.",
)  # fmt: skip
server_commands = typer.Typer(no_args_is_help=True, help="The local Prefect server.")
app.add_typer(server_commands, name="server")
app.add_typer(studies, name="study")


@app.command()
def run(
    config: ConfigFile,
    verb: Annotated[Verb | None, typer.Option(help="how far to go; all of it if not said")] = None,
    no_server: Annotated[bool, typer.Option("--no-server", help="run in this process, without Prefect's UI")] = False,
) -> None:
    """Run an experiment; stages whose inputs and code are unchanged come from the cache."""
    from flows.config.pipeline import load_experiment

    settings = load_experiment(config)
    chosen = verb or settings.whole
    if no_server:
        from flows.run import run_here

        run_here(settings, chosen, announce=lambda line: console.print(line, markup=False, highlight=False))
    else:
        server = ensure_server()
        from flows.logs import quiet_user_errors
        from flows.pipeline import FLOWS, task_runner

        quiet_user_errors()
        FLOWS[chosen].with_options(task_runner=task_runner(settings))(settings)
        console.print(f"Prefect UI: {server.url}", highlight=False)
    from flows.commands.summary import show_summary

    show_summary(settings.folder, console)


@app.command()
def status(config: ConfigFile) -> None:
    """Say which stages would run, and why; runs nothing and needs no server."""
    from flows.api import status as plans_of

    plans = plans_of(config)
    table = Table("stage run", "would", "because", box=None, header_style="bold", pad_edge=False)
    for each in plans:
        colour = {"cached": "green", "run": "yellow", "wait": "dim"}[each.action]
        table.add_row(each.label, f"[{colour}]{each.action}[/]", "; ".join(each.reasons), style=None)
    console.print(table, markup=True)
    counts = {action: sum(each.action == action for each in plans) for action in ("cached", "run", "wait")}
    console.print(f"{counts['cached']} cached, {counts['run']} would run, {counts['wait']} wait for those")


@app.command()
def explain(
    config: ConfigFile,
    row: Annotated[str, typer.Argument(metavar="ID", help="a row's id, or the source's own key")],
) -> None:
    """Tell one row's whole story: caption, keywords, weight after every step, draw, copies, shard, or why dropped."""
    from flows.commands.explain import explain as tell
    from flows.commands.show_story import show
    from flows.config.pipeline import load_config

    show(tell(load_config(config), row), console)


@app.command(
    "clip-benchmark",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def clip_benchmark(context: typer.Context) -> None:
    """Run clip-benchmark's own program on a trained model: eval --pretrained STORE/train/KEY --dataset wds/NAME."""
    from tasks.evaluation.zeroshot.program import main as program

    program(context.args)


app.command()(init)
app.command()(plan)
app.command()(deploy)
app.command("where-used")(where_used)
app.command()(diff)
app.command()(verify)
app.command()(gc)
app.command()(export)
app.command()(card)


@server_commands.command("start")
def server_start() -> None:
    """Start it on loopback, unless it runs."""
    console.print(f"Prefect UI: {ensure_server().url}", highlight=False)


@server_commands.command("stop")
def server_stop() -> None:
    """Stop the server that this project started."""
    console.print("stopped" if stop_server() else "no server of this project was running")


@server_commands.command("status")
def server_status() -> None:
    """Say whether it answers."""
    server = local_server()
    console.print(f"{server.url}: {'running' if is_healthy(server) else 'not running'}", highlight=False)


def main() -> None:
    """Entry point: exit status 0 when done, 1 for an error that the user can mend, 2 for a wrong call."""
    try:
        app()
    except EquipoiseError as error:
        where = "".join(f" ({note})" for note in getattr(error, "__notes__", ()))
        Console(stderr=True).print(f"error: {error}{where}", style="bold red", markup=False, highlight=False)
        sys.exit(1)


if __name__ == "__main__":
    main()
