"""From what the stages left to the content of the report."""

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial

from storage.record.manifest import Manifest
from storage.store.workspace import Workspace
from tasks.checks import Checks
from tasks.evaluation.scoring.intervals import Bootstrap
from tasks.reporting.config import ReportConfig
from tasks.reporting.inputs.frequencies import read_frequencies
from tasks.reporting.inputs.measurements import read_measurement
from tasks.reporting.inputs.stage_outputs import Curation, Scored, Screening, Training
from tasks.reporting.inputs.tables import read_document, read_frame
from tasks.reporting.inputs.untrusted import displayed
from tasks.reporting.page.svg import draw, drawing
from tasks.reporting.report import Report
from tasks.reporting.sections.audit import read_audit
from tasks.reporting.sections.balancing.convergence import convergence_figure, read_convergence, target_sentence
from tasks.reporting.sections.balancing.marginal_charts import marginals_caption, marginals_figure
from tasks.reporting.sections.balancing.marginals import keyword_marginals
from tasks.reporting.sections.balancing.unmatched import read_folded_case
from tasks.reporting.sections.checks import read_checks
from tasks.reporting.sections.examples import read_examples
from tasks.reporting.sections.geometry.concept_density import density_figure
from tasks.reporting.sections.geometry.geometry import read_geometry
from tasks.reporting.sections.geometry.geometry_charts import diversity_figure, edges_figure
from tasks.reporting.sections.provenance import read_provenance
from tasks.reporting.sections.row_counts import read_row_counts
from tasks.reporting.sections.scores.recall_charts import recall_figure
from tasks.reporting.sections.scores.recalls import recall_changes
from tasks.reporting.sections.scores.score_charts import differences_figure, scores_figure
from tasks.reporting.sections.scores.scores import Scores, compare, summarise
from tasks.reporting.sections.scores.sentences import caution, facts, headline
from tasks.reporting.sections.screening.screening import read_screening, screening_figure
from tasks.reporting.sections.training_curves import read_trainings, training_figure


def compose(
    config: ReportConfig,
    screening: Screening,
    curation: Curation,
    training: Training,
    scored: Sequence[Scored],
    checks: Checks,
    work: Workspace,
) -> Report:
    """The report, from the outputs of the stages before it.

    Args:
        config: what is shown.
        screening: what came in, and what of it went on.
        curation: what balancing made of the pairs.
        training: the models, and how the embedded pairs lie.
        scored: every model's scores.
        checks: limits that all of these are held against.
        work: where the outputs lie.
    """
    outputs = _manifests(screening, curation, training, scored)
    bootstrap = Bootstrap(resamples=config.resamples, confidence=config.confidence, seed=config.seed)
    measurements = [read_measurement(each.cell, each.scores, work) for each in scored]
    asked = [(each.variant, each.reference) for each in config.comparisons]
    scores = Scores(summarise(measurements, bootstrap), compare(measurements, asked, bootstrap))
    keywords = read_frame([work.path(curation.realised, "entries.parquet")])
    frequencies = read_frequencies(
        {name for each in measurements for name in each.classes}, screening.ingested, keywords
    )
    recalls = recall_changes(measurements, scores.differences, frequencies, config.confidence)
    marginals = keyword_marginals(keywords, curation.balanced, curation.realised)
    screened = read_screening(config, screening, work)
    rows = read_row_counts(screening.ingested, curation, screened)
    geometry = read_geometry(config, training, screening.ingested, curation.realised, work)
    trainings = read_trainings(training.models, work)
    history = read_frame([work.path(curation.balanced, "history.parquet")])
    convergence = read_convergence(curation.balanced, curation.realised)
    with ThreadPoolExecutor(1, "beside the drawing") as beside, drawing():
        folded_case = beside.submit(read_folded_case, curation.entries, screening.ingested, curation.matches, work)
        examples = beside.submit(read_examples, config, screening.ingested, curation, work)
        drawings = draw({
            "scores": (partial(scores_figure, scores.summaries), "Scores of every variant on every benchmark"),
            "differences": (partial(differences_figure, scores.differences),
                            "Differences between variants with their intervals"),
            **{f"recalls-{place}": (partial(recall_figure, change),
                                    f"Difference in recall of every class of {displayed(change.benchmark)}")
               for place, change in enumerate(recalls)},
            "marginals": (partial(marginals_figure, marginals.shares, config.keywords),
                          "Keyword shares before balancing, the target, and realised"),
            "convergence": (partial(convergence_figure, history),
                            "Distance of the margins from their targets by half step"),
            "edges": (partial(edges_figure, geometry.edges, None), "Lengths of the spanning trees' edges, by variant"),
            "diversity": (partial(diversity_figure, geometry.rows), "Diversity before and after, at equal size"),
            "density": (partial(density_figure, geometry.density), "How densely the pairs of each keyword lie"),
            "screening": (partial(screening_figure, screened),
                          "Edges of the tree that near-duplicates are cut from"),
            **{f"training-{stage}": (partial(training_figure, runs), "Training measurements by step")
               for stage, runs in trainings.curves.items()},
        })  # fmt: skip
    return Report(
        title=config.title,
        headline=" ".join(filter(None, [headline(scores, trained=len(trainings.rows)), target_sentence(convergence)])),
        caution=caution(scores.differences, config.confidence),
        facts=facts(rows, screened, marginals, scores),
        scores=scores,
        recalls=recalls,
        rows=rows,
        screening=screened,
        marginals=marginals,
        marginals_caption=marginals_caption(len(marginals.shares.text), config.keywords),
        convergence=convergence,
        folded_case=folded_case.result(),
        training=trainings,
        geometry=geometry,
        examples=examples.result(),
        audit=read_audit(keywords, read_document(work.path(curation.entries, "audit.json"))),
        checks=read_checks(checks, outputs, work),
        provenance=read_provenance(outputs),
        drawings=drawings,
    )


def _manifests(
    screening: Screening, curation: Curation, training: Training, scored: Sequence[Scored]
) -> list[Manifest]:
    """All inputs, in the order of the pipeline, each once."""
    found = [
        *screening.ingested, screening.survey, *screening.embedded, screening.tree,
        *(each for leaks in screening.leaks.values() for each in (leaks.embedded, leaks.found)),
        screening.duplicates, *screening.dropped, curation.entries, *curation.matches, curation.balanced,
        curation.scaled, *curation.selection, curation.realised, *curation.curated,
        *training.embedded, *training.geometry.values(), *training.density.values(),
        *(each.model for each in training.models), *(each.scores for each in scored),
    ]  # fmt: skip
    return list({each.key: each for each in found if each is not None}.values())
