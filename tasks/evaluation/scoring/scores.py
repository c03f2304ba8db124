"""From answers to scores: clip-benchmark's result JSON, with intervals and per-class recalls beside its metrics."""

from collections.abc import Sequence
from dataclasses import asdict, dataclass, field

import numpy as np

from tasks.arrays import Int64s
from tasks.evaluation.scoring.answers import Answers, Classification, Found, Retrieval, Tagging
from tasks.evaluation.scoring.findings import caption_findings, class_findings, missing_findings
from tasks.evaluation.scoring.intervals import Bootstrap, Interval, mean_recall_interval, ratio_interval, share_interval
from tasks.evaluation.scoring.precision import mean_precision_interval

ONE_CAPTION = "one_caption_"
"""Before the names of retrieval's metrics where one caption an image is asked for, not all of them."""

PROTOCOLS = {
    "": "every caption of an image is a query, and any of them answers it: clip-benchmark's, and the usual one of "
    "Flickr30k and COCO with five captions an image",
    ONE_CAPTION: "the first caption of every image alone, among the first captions: that of T-REGS, Table 3",
}
"""How retrieval is counted, by what stands before the names of the metrics."""


@dataclass(frozen=True)
class ClassScore:
    """One class: how many test images it has and the share of them that was recognised."""

    name: str
    images: int
    recall: float


@dataclass(frozen=True)
class Scores:
    """The scores of one model on one benchmark.

    Attributes:
        task: in clip-benchmark's words.
        primary: the metric to look at first.
        metrics: by clip-benchmark's names, None where the metric does not exist (acc5 below five classes).
        intervals: over test images, by metric.
        images: how many were scored.
        choices: how many classes an image could be given, 0 for retrieval.
        classes: those that have images.
        findings: what a reader must know of the benchmark itself, in sentences.
        precision: average precision by class, where images show several.
        protocols: how retrieval is counted, by what stands before the metrics' names.
    """

    task: str
    primary: str
    metrics: dict[str, float | None]
    intervals: dict[str, Interval]
    images: int
    choices: int = 0
    classes: tuple[ClassScore, ...] = ()
    findings: tuple[str, ...] = ()
    precision: dict[str, float] = field(default_factory=dict)
    protocols: dict[str, str] = field(default_factory=dict)

    def to_json(self, *, dataset: str, model: str, pretrained: str) -> dict[str, object]:
        """The result file: clip-benchmark's keys first, ours after; strict JSON, null for a missing metric."""
        return {
            "dataset": dataset,
            "model": model,
            "pretrained": pretrained,
            "task": self.task,
            "metrics": self.metrics,
            "language": "en",
            "primary": self.primary,
            "intervals": {name: asdict(interval) for name, interval in self.intervals.items()},
            "images": self.images,
            "choices": self.choices,
            "classes": [asdict(score) for score in self.classes],
            "findings": list(self.findings),
            **({"average_precision": self.precision} if self.precision else {}),
            **({"protocols": self.protocols} if self.protocols else {}),
        }


def classification_scores(answers: Classification, names: Sequence[str], bootstrap: Bootstrap) -> Scores:
    """Scores of zero-shot classification; the primary metric is mean per-class recall, the paper's.

    Classes without a test image have no recall: they are left out of the mean (as in clip-benchmark) and of `classes`.
    """
    images = len(answers.label)
    present, correct, total = class_counts(answers.label, answers.prediction)
    metrics: dict[str, float | None] = {
        "acc1": answers.acc1,
        "acc5": answers.acc5,
        "mean_per_class_recall": float((correct / total).mean()),
    }
    intervals = {
        "acc1": share_interval(round(answers.acc1 * images), images, bootstrap),
        "mean_per_class_recall": mean_recall_interval(correct, total, bootstrap),
    }
    if answers.acc5 is not None:
        intervals["acc5"] = share_interval(round(answers.acc5 * images), images, bootstrap)
    classes = tuple(
        ClassScore(name=names[index], images=int(count), recall=float(right / count))
        for index, right, count in zip(present, correct, total, strict=True)
    )
    return Scores(
        task="zeroshot_classification",
        primary="mean_per_class_recall",
        metrics=metrics,
        intervals=intervals,
        images=images,
        choices=len(names),
        classes=classes,
        findings=class_findings(names, answers.label),
    )


def tagging_scores(answers: Tagging, names: Sequence[str], bootstrap: Bootstrap) -> Scores:
    """Scores of zero-shot classification of images that show several classes: mean average precision."""
    shown = answers.truth.sum(axis=0)
    return Scores(
        task="zeroshot_classification",
        primary="mean_average_precision",
        # in float32, as clip-benchmark takes the mean
        metrics={"mean_average_precision": float(answers.precision.mean(dtype=np.float32))},
        intervals={"mean_average_precision": mean_precision_interval(answers.scores, answers.truth, bootstrap)},
        images=len(answers.truth),
        findings=missing_findings(names, shown, "count as an average precision of 0, as in clip-benchmark"),
        precision={name: float(value) for name, value in zip(names, answers.precision, strict=True)},
    )


def retrieval_scores(answers: Retrieval, bootstrap: Bootstrap) -> Scores:
    """Scores of zero-shot retrieval: recall@k of images by caption and of captions by image, under both protocols."""
    metrics, intervals = _recalls(answers, bootstrap)
    primary = next(iter(metrics))
    protocols = {"": PROTOCOLS[""]}
    if answers.one_caption is not None:
        protocols[ONE_CAPTION] = PROTOCOLS[ONE_CAPTION]
        more, their = _recalls(answers.one_caption, bootstrap)
        metrics |= {f"{ONE_CAPTION}{name}": value for name, value in more.items()}
        intervals |= {f"{ONE_CAPTION}{name}": interval for name, interval in their.items()}
    return Scores(
        task="zeroshot_retrieval",
        primary=primary,
        metrics=metrics,
        intervals=intervals,
        images=len(np.unique(answers.image_of_text)),
        findings=caption_findings(answers.blank),
        protocols=protocols,
    )


def _recalls(answers: Found, bootstrap: Bootstrap) -> tuple[dict[str, float | None], dict[str, Interval]]:
    """recall@k both ways, with intervals.

    The captions of one image are resampled together: they are not independent queries. Images without a caption are
    never asked for.
    """
    asked, image = np.unique(answers.image_of_text, return_inverse=True)
    images = len(asked)
    captions = np.bincount(image).astype(np.float64)
    metrics: dict[str, float | None] = {}
    intervals: dict[str, Interval] = {}
    for k, hits in answers.found_image.items():
        name = f"image_retrieval_recall@{k}"
        per_image = np.bincount(image, hits.astype(np.float64), images).astype(np.float64)
        metrics[name] = float(hits.mean())
        intervals[name] = ratio_interval(per_image, captions, bootstrap)
    for k, hits in answers.found_text.items():
        name = f"text_retrieval_recall@{k}"
        metrics[name] = float(hits.mean())
        intervals[name] = share_interval(int(hits.sum()), images, bootstrap)
    return metrics, intervals


def scores_of(answers: Answers, names: Sequence[str], bootstrap: Bootstrap) -> Scores:
    """The scores of whatever was answered. names: of the classes; empty for retrieval."""
    if isinstance(answers, Classification):
        return classification_scores(answers, names, bootstrap)
    if isinstance(answers, Tagging):
        return tagging_scores(answers, names, bootstrap)
    return retrieval_scores(answers, bootstrap)


def class_counts(label: Int64s, prediction: Int64s) -> tuple[Int64s, Int64s, Int64s]:
    """The classes present among the labels, and for each how many images are right and how many there are."""
    total = np.bincount(label)
    correct = np.bincount(label[label == prediction], minlength=len(total))
    present = np.flatnonzero(total)
    return present, correct[present], total[present]
