"""A verb's whole graph: what it submits, in order."""

from collections.abc import Mapping

from flows.config.pipeline import PipelineConfig
from flows.config.selfsupervised import SelfSupervisedExperiment
from flows.config.studies.study import StudyExperiment
from flows.engine.engine import Engine, Ref
from flows.graph.after import After
from flows.graph.benchmarks import Dataset, datasets
from flows.graph.curate import curate_graph, keyword_list
from flows.graph.evaluate import evaluate_graph
from flows.graph.ingest import ingest_graph
from flows.graph.report import report_graph
from flows.graph.screen import screen_graph
from flows.graph.selfsupervise import selfsupervise_graph
from flows.graph.train import train_graph
from flows.verbs import Verb
from storage.errors import InputError
from tasks.ingest.task import survey
from tasks.reporting.inputs.stage_outputs import Curation, Screening, Training

AnyExperiment = PipelineConfig | SelfSupervisedExperiment | StudyExperiment


def build(engine: Engine, config: AnyExperiment, verb: Verb) -> Ref:
    """Submit the stages of a verb to an engine; the report's place.

    Raises `InputError` for a verb of another kind of experiment.
    """
    alone = ("selfsupervise", "study")
    if verb != config.whole and (verb in alone or config.whole in alone):
        raise InputError(f"the experiment {config.name!r} has no verb {verb}: it is run whole, by {config.whole}")
    if isinstance(config, StudyExperiment):
        from flows.graph.studies.study import study_graph  # a third of all stages, which nothing else needs

        return study_graph(engine, config)
    if isinstance(config, SelfSupervisedExperiment):
        return selfsupervise_graph(engine, config)
    places = datasets(engine, config) if config.compared or _scores(config, verb) else {}
    screening, curation = curate(engine, config, places)
    training = Training() if verb == "curate" else train_graph(engine, config, screening, curation)
    scores = evaluate_graph(engine, config, training, places) if _scores(config, verb) else []
    return report_graph(engine, config, screening, curation, training, scores)


def curate(
    engine: Engine, config: PipelineConfig, places: Mapping[str, Dataset] | None = None
) -> tuple[Screening, Curation]:
    """Sources → pairs → screened pairs → curation; `places` are the benchmarks', asked for here where not given."""
    if places is None:
        places = datasets(engine, config) if config.compared else {}
    ingested = ingest_graph(engine, config.sources, config.runtime.store)
    surveyed = engine.submit(survey, label="survey", pairs=ingested)
    engine = After(engine, ingested, [surveyed])
    deduplicates = config.screening is not None and config.screening.deduplicate is not None
    # A list that reads the corpus waits for the screened pairs, so it cannot help to screen them.
    early = keyword_list(engine, config, ingested) if deduplicates and not config.metadata.reads_corpus else None
    screening = screen_graph(engine, config, ingested, places, early, surveyed)
    entries = early or keyword_list(engine, config, ingested, screening.dropped)
    return screening, curate_graph(engine, config, screening, entries)


def _scores(config: PipelineConfig, verb: Verb) -> bool:
    return verb in ("evaluate", "pipeline") and config.evaluation is not None
