"""Running an experiment, and asking what would run, from Python: what `equipoise run` and `equipoise status` do."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from flows.config.pipeline import PipelineConfig, load_experiment
from flows.engine.engine import Node
from flows.engine.judgement import Judgement
from flows.engine.status import Plan, StatusEngine
from flows.graph.build import AnyExperiment, build
from flows.graph.stored import stored_curation
from flows.run import run_here
from flows.verbs import Verb
from storage.errors import InputError

if TYPE_CHECKING:
    from tasks.training.loaders.curated_set import CuratedSet


@dataclass(frozen=True)
class Outcome:
    """What a run left.

    Attributes:
        folder: where the report, the summary and the lineage lie; of a part of the experiment, a folder in the run's.
        nodes: every stage run with its state ("ran" or "cached") and its manifest, in the order of submission.
        experiment: what was run.
    """

    folder: Path
    nodes: tuple[Node, ...]
    experiment: AnyExperiment

    @property
    def summary(self) -> dict[str, Any]:
        """The numbers of `summary.json`."""
        path = self.folder / "summary.json"
        numbers: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
        return numbers


def run(
    config: Path | str | AnyExperiment, verb: Verb | None = None, *, announce: Callable[[str], None] = lambda line: None
) -> Outcome:
    r"""Run an experiment in this process, without a server; what is in its store already comes from there.

    Args:
        config: a YAML file, or the experiment that was read from one.
        verb: how far to go: "curate", "train", "evaluate", "pipeline", "selfsupervise" or "study"; None: all.
        announce: called with a line for every stage that starts or ends, such as `print`.

    Returns:
        Where the results lie, and every stage run.

    Raises:
        EquipoiseError: a wrong configuration, the first stage that failed, or (`CheckError`) what a check refused.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from equipoise import run
        >>> folder = Path(tempfile.mkdtemp())
        >>> titles = ["title\tfilepath", "a red star\ta/1", "a red ring\ta/2", "a blue ring\tb/3"]
        >>> _ = (folder / "titles.tsv").write_text("\n".join(titles))
        >>> _ = (folder / "tiny.yaml").write_text(f'''
        ... name: tiny
        ... output: {folder}/run
        ... sources: [{{kind: balance_csv, name: titles, path: {folder}/titles.tsv, images: none}}]
        ... metadata: {{sources: [{{kind: entries, entries: [red, blue, star, ring]}}]}}
        ... balancing: {{method: threshold, t: 1}}
        ... ''')
        >>> outcome = run(folder / "tiny.yaml", "curate")
        >>> {node.stage: node.state for node in outcome.nodes}["balance"]
        'ran'
    """
    settings = _loaded(config)
    chosen = verb or settings.whole
    return Outcome(settings.results(chosen), tuple(run_here(settings, chosen, announce)), settings)


def load(
    run: Path | str | AnyExperiment | Outcome, split: Literal["curated", "validation"] = "curated"
) -> "CuratedSet":
    r"""The curated set of a run, as a pyarrow dataset and as a torch dataset; computes nothing.

    Args:
        run: a YAML file, the experiment that was read from one, or what `run` returned.
        split: the curated rows, or those that the curation held out.

    Returns:
        `.arrow()`: every row once, with `weight` and `multiplicity`. `.torch()`: (picture, caption), as often as drawn.

    Raises:
        InputError: the curation has not run as it is configured now, or it held nothing out.

    Example:
        >>> import tempfile
        >>> from pathlib import Path
        >>> from equipoise import load, run
        >>> folder = Path(tempfile.mkdtemp())
        >>> titles = ["title\tfilepath", "a red star\ta/1", "a red ring\ta/2", "a blue ring\tb/3"]
        >>> _ = (folder / "titles.tsv").write_text("\n".join(titles))
        >>> _ = (folder / "tiny.yaml").write_text(f'''
        ... name: tiny
        ... output: {folder}/run
        ... sources: [{{kind: balance_csv, name: titles, path: {folder}/titles.tsv, images: none}}]
        ... metadata: {{sources: [{{kind: entries, entries: [red, blue, star, ring]}}]}}
        ... balancing: {{method: threshold, t: 9}}
        ... ''')
        >>> curated = load(run(folder / "tiny.yaml", "curate"))
        >>> sorted(curated.arrow().to_table(columns=["caption"])["caption"].to_pylist())
        ['a blue ring', 'a red ring', 'a red star']
    """
    from tasks.training.loaders.curated_set import CuratedSet

    settings = run.experiment if isinstance(run, Outcome) else _loaded(run)
    if not isinstance(settings, PipelineConfig):
        raise InputError(f"{settings.name!r} is {settings.kind_in_words}, which curates nothing")
    paths = stored_curation(settings).shards(split)
    if not paths:
        raise InputError(f"the curation of {settings.name!r} held nothing out; set curated.validation")
    return CuratedSet(tuple(paths))


def status(config: Path | str | AnyExperiment, verb: Verb | None = None) -> list[Plan]:
    """What a run would do, stage run by stage run, and why; runs nothing.

    Args:
        config: a YAML file, or the experiment that was read from one.
        verb: how far the run would go; None for all of it.

    Returns:
        A plan for every stage run: its label, its stage, "cached", "run" or "wait", and the reasons, in order.

    Example:
        >>> from equipoise import status
        >>> plans = status("configs/demo.yaml")
        >>> plans[-1].stage
        'report'
    """
    return walked(_loaded(config), verb).plans


def walked(settings: AnyExperiment, verb: Verb | None = None) -> StatusEngine:
    """The walk over an experiment's graph that runs nothing: plans, and what the checks say of what is in the store."""
    engine = StatusEngine(settings.runtime, Judgement(settings.checks, settings.runtime.store))
    build(engine, settings, verb or settings.whole)
    return engine


def _loaded(config: Path | str | AnyExperiment) -> AnyExperiment:
    return load_experiment(Path(config)) if isinstance(config, Path | str) else config
