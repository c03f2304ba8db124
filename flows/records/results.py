"""What a run leaves in its folder, and how it keeps out of the way of what lies there already.

runs/NAME/report.html, summary.json, figures/, lineage.json    of a whole run
runs/NAME/curate/…, runs/NAME/train/…                          the same of a run that stopped there
runs/NAME/curated/, validation/                                links to the curated Parquet in the store
runs/NAME/scores/                                              as clip-benchmark and DataComp write them
runs/NAME/experiment.yaml                                      the configuration, defaults written out; it runs
runs/NAME/experiment.json                                      whose results these are, of which code, from when
runs/NAME/before/                                              lineage and numbers of the last run that brought others
runs/NAME/earlier/TIME/…                                       the same of another configuration, before it
"""

import json
import os
import shutil
import uuid
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path

from pydantic import JsonValue, ValidationError

from flows.config.experiment import Experiment
from flows.config.pipeline import load_experiment
from flows.config.resolved import RESOLVED, resolved_yaml
from flows.engine.engine import Node
from flows.records.before import BEFORE, EARLIER
from flows.records.reproduction import again, command, facts, package_version, this_run
from flows.records.scores import write_scores
from flows.verbs import Verb
from storage.atomic import write_changed, write_whole
from storage.errors import InputError
from storage.record.manifest import Manifest
from storage.store.staleness import Made, key_differences
from storage.store.store import Store
from tasks.checks import Verdict
from tasks.reporting.page.this_run import with_checks, with_this_run

RECORD = "experiment.json"
PAGE, STUDY = "report.html", "index.html"
SCORES = "scores"
LINKS = {"curated": "curated-", "validation": "validation-"}
"""Folders of links, and how the names of the shards in them begin."""
_LEFT = (RECORD, RESOLVED, PAGE, "summary.json", STUDY, "numbers.json", "lineage.json", "openlineage.ndjson",
         "figures", "tensorboard", SCORES, BEFORE, "curate", "train")  # fmt: skip


def differences(config: Experiment) -> tuple[str, ...]:
    """Where the configuration whose results lie in the run's folder is another, a phrase each; empty if it is this one.

    A folder that does not say which configuration its report is of holds another's.
    """
    before = read_record(config.folder)
    if before is None:
        told = any((config.folder / page).is_file() for page in (PAGE, STUDY))
        return ("they do not say of which",) if told else ()
    found = key_differences(Made(1, "", _completed(before, type(config))), Made(1, "", config.computes()))
    return tuple(each.removeprefix("parameter ") for each in _with_defaults(found, before, config))


def _with_defaults(found: Sequence[str], before: Mapping[str, JsonValue], config: Experiment) -> Sequence[str]:
    """The same differences with the values that were defaults, which records leave out."""
    try:
        earlier = type(config).model_validate(before)
    except ValidationError:
        return found
    whole = [Made(1, "", each.model_dump(mode="json")) for each in (earlier, config)]
    named = {each.split()[1] for each in found}
    return [each for each in key_differences(*whole) if each.split()[1] in named] or found


def _completed(before: Mapping[str, JsonValue], kind: type[Experiment]) -> Mapping[str, JsonValue]:
    """An earlier record as it would be written now, whatever defaults it spelled out; another kind's as it is."""
    try:
        return kind.model_validate(before).computes()
    except ValidationError:
        return before


def read_record(folder: Path) -> Mapping[str, JsonValue] | None:
    """The configuration whose results lie in a folder; None where it does not say."""
    try:
        record = json.loads((folder / RECORD).read_text(encoding="utf-8"))["configuration"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return record if isinstance(record, dict) else None


def make_room(config: Experiment, verb: Verb) -> Path | None:
    """Set another configuration's results aside, and say whose results lie here from now on; where they are now."""
    aside = None
    if differences(config) and any((config.folder / name).exists() for name in _LEFT):
        aside = _unused(config.folder / EARLIER / _ended(config.folder).strftime("%Y-%m-%dT%H-%M-%S"))
        aside.mkdir(parents=True)
        if not _is_of(config.folder / RESOLVED, read_record(config.folder)):
            (config.folder / RESOLVED).unlink(missing_ok=True)  # it was edited, and tells of the run that begins
        for name in _LEFT:
            if (config.folder / name).exists():
                os.replace(config.folder / name, aside / name)
    record = {
        "name": config.name,
        "verb": verb,
        "ended": datetime.now(UTC).isoformat(timespec="seconds"),
        "equipoise": package_version("equipoise"),
        "command": command(),
        "code": facts(),
        "store": str(config.runtime.store),
        "configuration": config.computes(),
    }
    write_whole(config.folder / RECORD, json.dumps(record, indent=1, ensure_ascii=False) + "\n")
    write_changed(config.folder / RESOLVED, resolved_yaml(config, again(config, verb)))
    return aside


def _is_of(written: Path, record: Mapping[str, JsonValue] | None) -> bool:
    """Whether a configuration is the one that a record tells of."""
    try:
        config = load_experiment(written)
    except InputError:
        return False
    return record is not None and _completed(record, type(config)) == config.computes()


def deliver(
    config: Experiment, verb: Verb, nodes: Sequence[Node], report: Manifest | None, checked: Sequence[Verdict]
) -> None:
    """Bring report and scores out of the store, and link the curated shards, to where a person looks for them.

    Args:
        config: the experiment.
        verb: how far it was run.
        nodes: its stage runs; none where its checks refuse what they made.
        report: the page.
        checked: all checks of the run, for a page that has a place for them.
    """
    store = Store(config.runtime.store)
    if report is not None:
        source, folder = store.directory(report.stage, report.key), config.results(verb)
        for file in report.files:
            content = (source / file.path).read_bytes()
            if file.path in (PAGE, STUDY):
                page = with_checks(content.decode("utf-8"), checked)
                content = with_this_run(page, this_run(config, verb, nodes)).encode("utf-8")
            write_changed(folder / file.path, content)
    write_scores(config.folder / SCORES, config.name, store, nodes)
    gathered = [node.manifest for node in nodes if node.stage == "gather" and node.manifest]
    shards = [
        store.directory(each.stage, each.key) / file.path for each in gathered for file in each.files
    ]  # fmt: skip
    if gathered:
        for name, beginning in LINKS.items():
            _link(config.folder / name, [shard for shard in shards if shard.name.startswith(beginning)])


def _link(folder: Path, shards: Sequence[Path]) -> None:
    """A folder of links to the shards, in place of the one before, in one step; a list where there can be no links."""
    if folder.exists() and not all(entry.is_symlink() for entry in folder.iterdir()):
        return  # somebody else's files
    made = folder.with_name(f".{folder.name}.{uuid.uuid4().hex}.tmp")
    made.mkdir(parents=True)
    try:
        for shard in shards:
            (made / shard.name).symlink_to(os.path.relpath(shard, folder))
    except OSError:  # a file system without symbolic links
        shutil.rmtree(made)
        write_whole(folder.with_suffix(".txt"), "".join(f"{shard.resolve()}\n" for shard in shards))
        return
    aside = made.with_name(f"{made.name}.old")
    if folder.exists():
        os.replace(folder, aside)
    if shards:
        os.replace(made, folder)
    for leftover in (made, aside):
        shutil.rmtree(leftover, ignore_errors=True)


def _ended(folder: Path) -> datetime:
    """When the results in a folder were made."""
    try:
        return datetime.fromisoformat(json.loads((folder / RECORD).read_text(encoding="utf-8"))["ended"])
    except (OSError, ValueError, KeyError, TypeError):
        left = [folder / name for name in _LEFT if (folder / name).exists()]
        return datetime.fromtimestamp(max(path.stat().st_mtime for path in left), UTC)


def _unused(path: Path) -> Path:
    number = 2
    found = path
    while found.exists():
        found, number = path.with_name(f"{path.name}-{number}"), number + 1
    return found
