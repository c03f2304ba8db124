"""The figures that studies leave in their manifests."""

from storage.record.stats import Stats


class StudyStats(Stats):
    """Of a study's page."""

    title: str
    edition: str
    answer: tuple[str, ...]
    figures: int


class MeasuredStats(Stats):
    """Of a stage that measured something for a study's page."""

    measured: int
