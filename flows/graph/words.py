"""What a stage's settings are, as readers of the report are told."""

from pathlib import Path
from typing import TypeVar

from flows.config.plans.screening import ScreeningEncoder
from flows.config.plans.training import EncoderPlan
from tasks.reporting.config import ReportConfig, SelfSupervisedReportConfig

Report = TypeVar("Report", ReportConfig, SelfSupervisedReportConfig)


def headed(report: Report, name: str) -> Report:
    """A report's settings, its heading the experiment's name where none is given."""
    return report if report.title else report.model_copy(update={"title": name})


def encoder_in_words(plan: EncoderPlan | ScreeningEncoder) -> str:
    """What an encoder is; of a path only the last name."""
    if plan.settings.encoder == "pixels":
        return f"thumbnails of {plan.settings.pixel_side} × {plan.settings.pixel_side} pixels"
    parts = []
    if not isinstance(plan, EncoderPlan) or plan.uses_model:
        parts.append(_model_in_words(plan.model))
    if isinstance(plan, EncoderPlan):
        named = (("images", plan.image_model), ("captions", plan.text_model))
        parts += [f"the model {path.name} for {what}" for what, path in named if path]
    return ", ".join(parts)


def _model_in_words(model: str | Path | None) -> str:
    if model == "trained":
        return "the CLIP that this run trained on the original data"
    return f"the model {Path(model).name}" if model else "a CLIP with random weights"
