"""What runs, deployments and artifacts are called in the Prefect UI: words of the experiment, never ids."""

import re
from pathlib import Path

from flows.config.experiment import Experiment
from flows.config.strict_yaml import read_yaml
from flows.verbs import Verb
from storage.errors import InputError

PROJECT = "equipoise"
"""The tag of everything that this project starts."""


def artifact_key(*words: str) -> str:
    """A key that speaks, of the letters, digits and dashes that Prefect allows: `demo-train-balanced-0`.

    Example:
        >>> artifact_key("demo", "train balanced, seed 0")
        'demo-train-balanced-0'
    """
    joined = re.sub(r"\bseed (?=\d)", "", " ".join(words).lower())
    return re.sub(r"[^a-z0-9]+", "-", joined).strip("-") or PROJECT


def run_name(config: object, verb: Verb) -> str:
    """What a flow run of this verb is called, `demo curate`, from the parameter `config` as a flow run has it."""
    return f"{experiment_name(config)} {verb}"


def experiment_name(config: object) -> str:
    """The experiment's name: of a configuration, of its values, or of the file that holds it, readable or not."""
    if isinstance(config, Experiment):
        return config.name
    if isinstance(config, dict):
        return str(config.get("name") or PROJECT)
    path = Path(str(config))
    try:
        values = read_yaml(path).values
    except InputError:
        return path.stem
    return str(values.get("name") or path.stem)


def run_tags(name: str, verb: Verb) -> list[str]:
    """The tags of a flow run: the project, the experiment and the verb."""
    return [PROJECT, name, verb]
