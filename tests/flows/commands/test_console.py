"""Numbers as the commands print them."""

import io
import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer
import yaml
from rich.text import Text
from typer.testing import CliRunner

from flows.command import app
from flows.commands.console import Terminal, percent, plain, plain_table, whisper
from storage.tables.shards import read_table


def test_nobodys_text_reaches_the_terminal_as_a_command(capsys: pytest.CaptureFixture[str]) -> None:
    hostile = "a\x1b[2Jb\u202ec\ud800"
    terminal = Terminal(file=io.StringIO(), force_terminal=True, width=200, color_system="truecolor")
    table = plain_table("name")
    table.add_row(Text(hostile, "red"))
    terminal.print(table)
    terminal.print(hostile, markup=False, highlight=False, style="bold")
    shown = terminal.file.getvalue()
    assert "\x1b[1ma⟨U+001B⟩[2Jb⟨U+202E⟩c⟨U+D800⟩\x1b[0m" in shown
    assert not {"\x1b[2J", "\u202e", "\ud800"} & {shown[at : at + size] for at in range(len(shown)) for size in (1, 4)}
    assert "\x1b[31m" in shown and "\x1b[1m" in shown  # colours are ours
    whisper(hostile)
    assert capsys.readouterr().err == "a⟨U+001B⟩[2Jb⟨U+202E⟩c⟨U+D800⟩\n"


def test_lines_of_tables_end_with_their_text_where_no_terminal_shows_them() -> None:
    def shown(*, terminal: bool) -> list[str]:
        to = Terminal(file=io.StringIO(), force_terminal=terminal, width=100, color_system=None)
        table = plain_table("name", "why")
        for row in (("a", "because of the whole"), ("longer", ""), ("", "b\nc")):
            table.add_row(*map(Text, row))
        to.print(table)
        to.print("spaces of a text  ", highlight=False)
        return to.file.getvalue().split("\n")

    bare = ["name    why", "a       because of the whole", "longer", "        b", "        c", "spaces of a text  ", ""]
    assert shown(terminal=False) == bare
    padded = shown(terminal=True)
    assert [line.rstrip() for line in padded] == [line.rstrip() for line in bare] and padded[2] != bare[2]


@pytest.mark.parametrize(
    ("share", "digits", "printed"),
    [(0.5, ".1f", "50.0"), (None, ".1f", "–"), (0.12345, ".3g", "12.3"), (0, ".1f", "0.0")],
)
def test_a_share_is_hundredths_or_a_dash(share: float | None, digits: str, printed: str) -> None:
    assert percent(share, digits) == printed


def test_everything_has_a_json_form() -> None:
    @dataclass
    class Thing:
        path: Path
        value: object

    assert plain(Thing(Path("a/b"), (np.float64(0.5), np.int32(3), float("nan"), True, {1: None}))) == {
        "path": "a/b", "value": [0.5, 3, None, True, {"1": None}]
    }  # fmt: skip


OTHERS = {"clip-benchmark"}
"""Commands that are another program's, with its own options and its own output."""


def leaves(command: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    """Every command that does something, by what is typed."""
    if inner := getattr(command, "commands", None):
        for part, each in inner.items():
            yield from leaves(each, f"{name} {part}".strip())
    else:
        yield name, command


COMMANDS = dict(leaves(typer.main.get_command(app)))


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_takes_json(name: str) -> None:
    options = {option for parameter in COMMANDS[name].params for option in parameter.opts}
    assert ("--json" in options) == (name not in OTHERS)


@pytest.mark.parametrize(
    "arguments",
    [
        "status {config}", "verify {config}", "gc {config}", "plan {config}", "fields balancing", "fields --schema",
        "where-used {config} {row}", "explain {config} {row}", "diff {run} {run}",
        "export {config} {to}/a --format weights",
        "export {config} {to}/b --format weight_buckets", "card {config} {to}", "init {data} --out {to}/new.yaml",
        "study illustration --config {study} --no-server --to {to}/study", "server status",
        "run {config} --no-server",
    ],
)  # fmt: skip
def test_standard_output_is_one_json_document(arguments: str, experiment: Path, tmp_path: Path) -> None:
    data = tmp_path / "captions.jsonl"
    data.write_text("".join(json.dumps({"caption": f"a red ring {row}"}) + "\n" for row in range(9)))
    written = yaml.safe_load(experiment.read_text())
    row = read_table(next(Path(written["store"]).glob("ingest/*/pairs-*.parquet")), ["id"])["id"][0]
    study = tmp_path / "study.yaml"
    study.write_text(yaml.safe_dump({"name": "small", "output": str(tmp_path / "studied"),
                                     "store": str(tmp_path / "store"), "study": {"kind": "illustration"}}))  # fmt: skip
    places = {"config": experiment, "study": study, "run": written["output"], "to": tmp_path, "data": data, "row": row}
    words = shlex.split(arguments.format(**places))
    done = CliRunner().invoke(app, [*words, "--json"], catch_exceptions=False)
    assert done.exit_code == 0, done.stderr
    json.loads(done.stdout)


def test_help_states_the_exit_status_and_shells_can_complete() -> None:
    told = " ".join(CliRunner().invoke(app, ["--help"]).stdout.replace("│", " ").split())
    for words in ("0 done", "1 an error", "2 a wrong call", "3 a check stopped", "70 a fault", "130 interrupted"):
        assert words in told
    program = "import sys; sys.argv = ['equipoise']; from flows.command import main; main()"
    asked = {"_EQUIPOISE_COMPLETE": "complete_bash", "COMP_WORDS": "equipoise st", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", program], env=os.environ | asked, capture_output=True, text=True,
                          timeout=120, check=True)  # fmt: skip
    assert done.stdout.split() == ["status", "study"]
