"""A configuration written out: every field, defaults too, as YAML that runs as it stands."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from pydantic import JsonValue

from flows.config.experiment import Experiment
from flows.config.strict_yaml import PLAIN_VALUES

RESOLVED = "experiment.yaml"
WIDTH = 110  # characters of a line, where a value may be folded


def resolved_yaml(config: Experiment, command: str) -> str:
    """The configuration as YAML, with the command that runs it in its head.

    Reading it gives an equal configuration.
    """
    head = (
        f"# Everything that was asked for, defaults written out. To run it again: {' '.join(command.split())}\n"
        "# Relative paths are relative to the folder in which that is run.\n"
    )
    return head + as_yaml(config.model_dump(mode="json"))


def as_yaml(values: Mapping[str, JsonValue]) -> str:
    """Values as YAML that reads as equal ones, by YAML 1.1 and 1.2: `1e-3` and `no` are quoted where they are text."""
    return yaml.dump(values, Dumper=_Dumper, sort_keys=False, allow_unicode=True, width=WIDTH)


def resolved_path(config: Experiment) -> Path:
    """Where it lies: beside the report."""
    return config.folder / RESOLVED


class _Dumper(yaml.SafeDumper):
    """Quotes what either version of YAML would take for something else than text, and writes everything out."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ANN401  as PyYAML has it
        return True


for _name, _pattern, _first in PLAIN_VALUES:
    _Dumper.add_implicit_resolver(_name, _pattern, _first)
