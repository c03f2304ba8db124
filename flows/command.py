"""The command line. Errors that a user can mend are printed as sentences, without a traceback."""

import flows.patient  # noqa: F401  first, since it makes the imports below faster

# isort: split
import gc as collector
import json
import sys
import traceback
from pathlib import Path
from typing import Annotated, Never

import typer

from flows.commands.console import AsJson, Terminal, console, plain, say, say_json
from flows.commands.delivery.card import card
from flows.commands.delivery.export import export
from flows.commands.reading.difference import diff
from flows.commands.reading.where_used import where_used
from flows.commands.scoring.evaluate import evaluate
from flows.commands.serving.carry_out import carry_out
from flows.commands.serving.deploy import deploy
from flows.commands.serving.server import ensure_server, is_healthy, local_server, stop_server
from flows.commands.store.store_commands import ConfigFile, gc, verify
from flows.commands.studies.study import studies
from flows.commands.writing.fields import fields
from flows.commands.writing.init import init
from flows.commands.writing.plan import plan
from flows.verbs import Verb, verbs_in_words
from storage.errors import CheckError, EquipoiseError, disk_fault
from storage.extras import explanation

MENDABLE, REFUSED, FAULT, INTERRUPTED = 1, 3, 70, 130

app = typer.Typer(
    no_args_is_help=True, pretty_exceptions_enable=False,
    help="Curate image-text data by balancing, train CLIP on it, and measure what each step bought.",
    epilog="Exit status: 0 done; 1 an error that you can mend, told on standard error; 2 a wrong call; 3 a check "
    "stopped the run; 70 a fault of the program, with a traceback; 130 interrupted (run again to go on). Results go to "
    "standard output, everything else to standard error. --install-completion completes commands in your shell.",
)  # fmt: skip
server_commands = typer.Typer(no_args_is_help=True, help="The local Prefect server.")
app.add_typer(server_commands, name="server")
app.add_typer(studies, name="study")


@app.command()
def run(
    config: ConfigFile,
    verb: Annotated[Verb | None, typer.Option(help=f"how far to go; all of it if not said. {verbs_in_words()}")] = None,
    no_server: Annotated[bool, typer.Option("--no-server", help="run in this process, without Prefect's UI")] = False,
    as_json: AsJson = False,
) -> None:
    """Run an experiment; stages whose inputs and code are unchanged come from the cache."""
    from flows.config.pipeline import load_experiment

    settings = load_experiment(config)
    carry_out(settings, verb or settings.whole, no_server=no_server, as_json=as_json)


@app.command()
def status(
    config: ConfigFile,
    verb: Annotated[Verb | None, typer.Option(help="of this verb alone; all of it if not said")] = None,
    as_json: AsJson = False,
) -> None:
    """Say which stages would run, and why, and what is missing for it; runs nothing and needs no server."""
    from flows.commands.reading.status import show_status

    show_status(config, verb, as_json=as_json)


@app.command()
def explain(
    config: ConfigFile,
    row: Annotated[str, typer.Argument(metavar="ID", help="a row's id, the source's own key, or its picture's name")],
    as_json: AsJson = False,
) -> None:
    """Tell one row's whole story: caption, keywords, weight after every step, draw, copies, shard, or why dropped."""
    from flows.commands.reading.explain import explain as tell
    from flows.commands.reading.show_story import show
    from flows.config.pipeline import load_config

    story = tell(load_config(config), row)
    say_json(plain(story)) if as_json else show(story, console)


@app.command(
    "clip-benchmark",
    add_help_option=False,
    context_settings={"allow_extra_args": True, "ignore_unknown_options": True},
)
def clip_benchmark(context: typer.Context) -> None:
    """Run clip-benchmark's own program on a trained model: eval --pretrained STORE/train/KEY --dataset wds/NAME."""
    from tasks.evaluation.zeroshot.program import main as program

    program(context.args)


app.command()(evaluate)
app.command()(init)
app.command()(fields)
app.command()(plan)
app.command()(deploy)
app.command("where-used")(where_used)
app.command()(diff)
app.command()(verify)
app.command()(gc)
app.command()(export)
app.command()(card)


@server_commands.command("start")
def server_start(as_json: AsJson = False) -> None:
    """Start it on loopback, unless it runs."""
    server = ensure_server()
    say_json({"url": server.url, "running": True}) if as_json else say(f"Prefect UI: {server.url}")


@server_commands.command("stop")
def server_stop(as_json: AsJson = False) -> None:
    """Stop the server that this project started."""
    stopped = stop_server()
    words = "stopped" if stopped else "no server of this project was running"
    say_json({"stopped": stopped}) if as_json else say(words)


@server_commands.command("status")
def server_status(as_json: AsJson = False) -> None:
    """Say whether it answers."""
    server = local_server()
    running = is_healthy(server)
    words = f"{server.url}: {'running' if running else 'not running'}"
    say_json({"url": server.url, "running": running}) if as_json else say(words)


def main() -> None:
    """Entry point; the exit status is 0, 1, 2, 3, 70 or 130, as the help says."""
    collector.freeze()  # what is imported stays
    try:
        app()
    except EquipoiseError as error:
        _tell(error)
        sys.exit(REFUSED if isinstance(error, CheckError) else MENDABLE)
    except KeyboardInterrupt:
        _interrupted()
    except SystemExit as ended:  # what typer makes of Ctrl-C; to leave by it would wait for stages in other threads
        if ended.code != INTERRUPTED:
            raise
        _interrupted()
    except ImportError as error:
        if (told := explanation(error)) is None:
            _fault()
        _tell(EquipoiseError(told))
        sys.exit(MENDABLE)
    except OSError as error:
        if (fault := disk_fault(error, Path.cwd())) is None:
            _fault()
        _tell(fault)
        sys.exit(MENDABLE)
    except Exception:
        _fault()


def _interrupted() -> None:
    """Leave at once, after Ctrl-C."""
    from flows.commands.serving.watch import end_process

    end_process(INTERRUPTED, "interrupted; run the same command again to go on from what is in the store\n")


def _fault() -> Never:
    """A fault of the program: its traceback, and the exit status that says so."""
    traceback.print_exc()
    sys.stderr.write("this is a fault of the program, not of yours; please report the lines above\n")
    sys.exit(FAULT)


def _tell(error: EquipoiseError) -> None:
    """An error on standard error: sentences, or JSON where JSON was asked for."""
    notes = list(getattr(error, "__notes__", ()))
    if "--json" in sys.argv:
        sys.stderr.write(json.dumps({"error": str(error), "where": notes}, ensure_ascii=False) + "\n")
        return
    where = "".join(f" ({note})" for note in notes)
    Terminal(stderr=True, soft_wrap=True).print(
        f"error: {error}{where}", style="bold red", markup=False, highlight=False
    )


if __name__ == "__main__":
    main()
