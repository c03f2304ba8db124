"""The figures of the stages `report` and `selfsupervised_report`, as their manifests hold them."""

from pydantic import Field, JsonValue

from storage.record.stats import Stats


class ReportStats(Stats):
    """The report in short; `summary.json` holds the rest."""

    headline: str = Field(description="the result in a sentence")
    variants: dict[str, JsonValue] = Field(description="every variant's scores, by benchmark")
    deltas: dict[str, JsonValue] = Field(description="differences between variants, by benchmark")
