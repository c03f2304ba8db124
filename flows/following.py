"""What follows a finished verb: training follows a curation that brought something new, evaluation a training.

A flow run ends with an event that carries its whole configuration. The deployment of the next verb waits for that event
(`prefect.yaml`, `equipoise deploy`) and runs with *that* configuration. What was brought is known by its digests:
a run whose every output equals the last announced one starts nothing.
"""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from pydantic import JsonValue
from pydantic_core import to_jsonable_python

from flows.config.experiment import Experiment
from flows.config.pipeline import PipelineConfig
from flows.engine.engine import Node
from flows.verbs import Verb
from storage.atomic import replacing, write_whole
from storage.hashing import hash_json
from storage.places.place import Place, is_url, whole_address

NEXT: Mapping[Verb, Verb] = {"curate": "train", "train": "evaluate"}
EVENTS: Mapping[Verb, str] = {"curate": "equipoise.curated", "train": "equipoise.trained"}
ANNOUNCED = "announced.json"
FOLLOWED = "followed.json"
_JUDGEMENTS = ("report", "survey")  # made of what the others made


def next_verb(config: Experiment, verb: Verb) -> Verb | None:
    """The verb that follows, or None where the experiment has none or it has nothing to do."""
    if not isinstance(config, PipelineConfig) or verb not in NEXT:
        return None
    needed = config.training if verb == "curate" else config.evaluation
    return NEXT[verb] if needed else None


def brought(nodes: Sequence[Node]) -> str:
    """A digest over everything that a run made or found."""
    made = sorted((node.label, node.manifest.digest) for node in nodes
                  if node.manifest and node.stage not in _JUDGEMENTS)  # fmt: skip
    return hash_json([list(pair) for pair in made])


def is_new(folder: Path, verb: Verb, digest: str) -> bool:
    """Whether this is not what was announced last for this verb."""
    return _announced(folder).get(verb) != digest


def remember(folder: Path, verb: Verb, digest: str) -> None:
    """Note what was announced, beside the run's lineage."""
    write_whole(folder / ANNOUNCED, json.dumps(_announced(folder) | {verb: digest}, indent=1))


def announcement(config: Experiment, verb: Verb, digest: str, *, deployment: str | None) -> dict[str, Any]:
    """The event's parts, as `prefect.events.emit_event` takes them.

    Its resource is named by the deployment that the run came from, or by the experiment where it came from none: who
    starts `curate/demo` with another configuration has it trained by `train/demo`.
    """
    return {
        "event": EVENTS[verb],
        "resource": {
            "prefect.resource.id": f"equipoise.experiment.{deployment or config.name}",
            "prefect.resource.name": config.name,
        },
        "payload": {"experiment": config.name, "digest": digest, "config": carried(config)},
    }


def carried(config: Experiment) -> dict[str, JsonValue] | str:
    """The configuration as an event carries it: its values, or a file of this user's alone where it holds secrets.

    Events, and the parameters of the runs that they start, are shown to everybody who can open the Prefect UI.
    """
    whole = portable(config)
    if whole == portable(config, spelt=_shown):
        return whole
    file = config.folder.absolute() / FOLLOWED
    with replacing(file) as temporary:
        temporary.touch(mode=0o600)
        temporary.write_text(json.dumps(whole), encoding="utf-8")
    return str(file)


def portable(config: Experiment, *, spelt: Callable[[Place], str] = whole_address) -> dict[str, JsonValue]:
    """A configuration as JSON that means the same in every folder of this machine: its paths are absolute."""
    values = config.model_dump(mode="python", exclude_unset=True)
    values |= {"name": config.name, "output": config.folder, "store": config.runtime.store}
    found: dict[str, JsonValue] = to_jsonable_python(_anchored(values, spelt), by_alias=True)
    return found


def _shown(value: Place) -> str:
    return str(value.absolute()) if isinstance(value, Path) else str(value)


def _anchored(value: object, spelt: Callable[[Place], str] = whole_address) -> object:
    if is_url(value) or isinstance(value, Path):
        return spelt(value)
    if isinstance(value, Mapping):
        return {name: _anchored(each, spelt) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_anchored(each, spelt) for each in value]
    return value


def _announced(folder: Path) -> dict[str, str]:
    try:
        known = json.loads((folder / ANNOUNCED).read_text(encoding="utf-8"))
    except (FileNotFoundError, ValueError):
        return {}
    return known if isinstance(known, dict) else {}
