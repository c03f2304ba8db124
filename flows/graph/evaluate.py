"""Evaluation: every model on every benchmark, and what its features are worth to a linear classifier."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from flows.config.pipeline import PipelineConfig
from flows.config.plans.evaluation import Benchmark, EvaluationPlan
from flows.engine.engine import Engine, Ref
from flows.graph.benchmarks import Dataset
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.record import EncoderRecord
from tasks.evaluation.task import encode_benchmark, evaluate, evaluate_encoded, evaluate_heads, probe_encoded
from tasks.reporting.config import Cell
from tasks.reporting.inputs.stage_outputs import Scored, Trained, Training

PROBED = "{} (linear probe)"
"""What a benchmark is called where features are probed on it."""


def evaluate_graph(
    engine: Engine, config: PipelineConfig, training: Training, places: Mapping[str, Dataset]
) -> list[Scored]:
    """Every model on every benchmark; a benchmark is encoded once for all the heads on one encoder."""
    plan = config.evaluation
    if not plan:
        return []
    work = _Evaluation(engine, plan, places)
    return [scored for trained in training.models for item in plan.benchmarks for scored in work.scored(trained, item)]


@dataclass
class _Evaluation:
    """What is submitted for one plan, and what was encoded for it already."""

    engine: Engine
    plan: EvaluationPlan
    places: Mapping[str, Dataset]
    encoded: dict[tuple[str, str, str], Ref] = field(default_factory=dict)

    def scored(self, trained: Trained, item: Benchmark) -> list[Scored]:
        run, plan = trained.run, self.plan
        probed = item in plan.probed
        label = f"evaluate {run.variant}, seed {run.seed}, {item.name}"
        if trained.base is None and not probed:
            place = self.places[item.name]
            scores = self.engine.submit(
                evaluate,
                label=label,
                config=plan.settings,
                benchmark=place.folder,
                model=trained.model,
                dataset=place.root,
            )
        else:
            scorer = evaluate_encoded if trained.base is None else evaluate_heads
            scores = self.engine.submit(
                scorer, label=label, config=plan.settings, model=trained.model, encoded=self._encode(trained, item)
            )
        found = [Scored(Cell(variant=run.variant, seed=run.seed, benchmark=item.name), scores)]
        if probed and plan.probe:
            probe = self.engine.submit(
                probe_encoded,
                label=f"probe {run.variant}, seed {run.seed}, {item.name}",
                config=plan.probe.settings,
                model=trained.model,
                train=self._encode(trained, item, plan.probe.train),
                test=self._encode(trained, item),
            )
            cell = Cell(variant=run.variant, seed=run.seed, benchmark=PROBED.format(item.name))
            found.append(Scored(cell, probe))
        return found

    def _encode(self, trained: Trained, item: Benchmark, split: str | None = None) -> Ref:
        """A benchmark's split, encoded by what a model stands on: once for all heads, for a CLIP model by itself."""
        settings = self.plan.settings.model_copy(update={"split": split}) if split else self.plan.settings
        of = "" if trained.base else f" by {trained.run.variant}, seed {trained.run.seed}"
        known = (item.name, of, settings.split)
        if known not in self.encoded:
            what = f"{item.name}{f' ({split})' if split else ''}"
            self.encoded[known] = self.engine.submit(
                encode_benchmark,
                label=f"encode {what}{of}",
                config=settings,
                benchmark=self.places[item.name].folder,
                encoder=trained.base or EncoderRecord(EmbeddingConfig(), trained.model),
                dataset=self.places[item.name].root,
            )
        return self.encoded[known]
