"""The study `tregs-retrieval` as a graph of stages."""

from pathlib import Path

from flows.config.studies.tregs_retrieval import RetrievalPlan
from flows.engine.engine import Engine, Ref
from flows.graph.ingest import ingest_graph
from storage.record.external import external
from tasks.embedding.record import EncoderRecord
from tasks.embedding.task import embed
from tasks.ingest.task import survey
from tasks.studies.selfsupervised.config import ArmLabel
from tasks.studies.tregs_retrieval.runs import BEFORE, RetrievalRun
from tasks.studies.tregs_retrieval.task import tregs_retrieval
from tasks.training.task import finetune, train


def retrieval_graph(engine: Engine, plan: RetrievalPlan, store: Path) -> Ref:
    """Pairs → a CLIP model → every arm over every seed → embeddings of the test pairs → the page."""
    known = list(ingest_graph(engine, plan.sources, store))
    asked = list(ingest_graph(engine, plan.test, store))
    engine.submit(survey, label="survey", pairs=[*known, *asked])
    given = external(plan.model, store) if plan.model is not None else None
    runs: list[RetrievalRun] = []

    def measure(name: str, seed: int, model: object) -> None:
        encoder = EncoderRecord(plan.embedding, model)  # type: ignore[arg-type]  # a place, as the engine gives it
        vectors = [
            engine.submit(embed, label=f"embed {name}, seed {seed}, {place}", encoder=encoder, pairs=pairs, gone=None)
            for place, pairs in enumerate(asked)
        ]
        runs.append(RetrievalRun(ArmLabel(group="CLIP", name=name, seed=seed), vectors, asked))

    for seed in plan.seeds:
        begun: object = given
        if plan.training is not None:
            begun = engine.submit(train, label=f"train, seed {seed}", config=plan.training, seed=seed, pairs=known)
        measure(BEFORE, seed, begun)
        for arm in plan.regularisers:
            tuned = engine.submit(
                finetune,
                label=f"fine-tune {arm.name}, seed {seed}",
                config=plan.finetune.model_copy(update={"regulariser": arm.regulariser}),
                seed=seed,
                model=begun,
                pairs=known,
            )
            measure(arm.name, seed, tuned)
    return engine.submit(tregs_retrieval, label="report", config=plan.settings, runs=runs)
