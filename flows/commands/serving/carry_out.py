"""Running an experiment from the command line, under Prefect's server or without one, and printing its answer."""

from typing import TYPE_CHECKING

from flows.commands.console import say_json, whisper
from flows.commands.serving.deadline import Deadline
from flows.commands.serving.server import ensure_server
from flows.verbs import Verb

if TYPE_CHECKING:
    from flows.graph.build import AnyExperiment


def carry_out(settings: "AnyExperiment", verb: Verb, *, no_server: bool, as_json: bool) -> None:
    """Run a verb of an experiment, and print what came out.

    Args:
        settings: the experiment.
        verb: how far to go.
        no_server: in this process, without Prefect.
        as_json: print JSON for programs.

    Raises:
        EquipoiseError: something is missing for it, or a stage failed.
    """
    from flows.preflight.check import require

    require(settings, verb)
    with Deadline():
        _run(settings, verb, no_server=no_server)
    from flows.commands.reading.summary import answer, show_answer

    say_json(answer(settings, verb)) if as_json else show_answer(settings, verb)


def _run(settings: "AnyExperiment", verb: Verb, *, no_server: bool) -> None:
    if no_server:
        from flows.run import run_here

        run_here(settings, verb, announce=whisper)
    else:
        whisper(f"{settings.name}: Prefect's server comes first, which takes about 20 s where none runs yet")
        from flows.commands.serving.watch import ServerWatch
        from flows.logs import quiet_console, quiet_user_errors

        quiet_console()
        server = ensure_server()
        whisper(f"Prefect UI: {server.url}")
        from flows.narration import TELL
        from flows.pipeline import on_its_runner

        quiet_user_errors()
        TELL.set(whisper)
        with ServerWatch(server, whisper):
            on_its_runner(verb, settings)(settings)
