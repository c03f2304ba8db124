"""Everything that the page shows, gathered and computed, before a word of HTML."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tasks.reporting.page.render import Section
from tasks.reporting.page.svg import Drawing
from tasks.reporting.sections.audit import Audit
from tasks.reporting.sections.balancing.convergence import Convergence
from tasks.reporting.sections.balancing.marginals import KeywordMarginals
from tasks.reporting.sections.balancing.unmatched import FoldedCase
from tasks.reporting.sections.checks import Checked
from tasks.reporting.sections.examples import ExampleGroup
from tasks.reporting.sections.geometry.geometry import Geometry
from tasks.reporting.sections.provenance import Provenance
from tasks.reporting.sections.row_counts import RowCounts
from tasks.reporting.sections.scores.recalls import RecallChange
from tasks.reporting.sections.scores.scores import Scores
from tasks.reporting.sections.screening.screening import Screened
from tasks.reporting.sections.training_curves import Trainings

TITLES = {
    "scores": "Scores",
    "recalls": "Recall by class",
    "rows": "Rows in and out",
    "screening": "Repeats and leaks",
    "marginals": "Keyword marginals",
    "convergence": "Convergence",
    "training": "Training",
    "geometry": "Geometry",
    "examples": "Examples",
    "audit": "Matcher audit",
    "checks": "Checks",
    "reproduce": "How to reproduce",
}
"""Section → heading, in the order of reading. Its template is `page/sections/<section>.html.j2`."""


@dataclass(frozen=True, kw_only=True)
class Findings:
    """What the report of any experiment holds: its head, what was scored, how to reproduce it, its figures.

    Attributes:
        title: heading of the page.
        headline: the result in a sentence.
        caution: what the intervals are, and what they are not.
        facts: figures in large type, and what they say.
        scores: what the models reach, and differences between variants.
        provenance: what would have to be the same for the same bytes to come out.
        drawings: figures, by the name that the templates ask for.
    """

    title: str
    headline: str
    caution: str
    facts: tuple[tuple[str, str], ...]
    scores: Scores
    provenance: Provenance
    drawings: Mapping[str, Drawing]

    @property
    def variants(self) -> Sequence[str]:
        """Everything that was scored."""
        return [each.variant for each in self.scores.summaries]


@dataclass(frozen=True, kw_only=True)
class Report(Findings):
    """The content of a pipeline's `report.html`: a field a section, beside what every report holds.

    Attributes:
        recalls: the main comparison class by class, on each benchmark.
        rows: where every row went.
        screening: repetitions, and leaks of the evaluation sets.
        marginals: how often each keyword occurs, before and after.
        marginals_caption: what their figure shows.
        convergence: how balancing approached its target.
        training: budgets and ends.
        geometry: how the embedded pairs lie.
        examples: pairs of every fate.
        audit: faults of the metadata list.
        checks: what the outputs were held against.
        folded_case: what ignoring case would win back; None where it is ignored.
    """

    recalls: tuple[RecallChange, ...]
    rows: RowCounts
    screening: Screened
    marginals: KeywordMarginals
    marginals_caption: str
    convergence: Convergence
    training: Trainings
    geometry: Geometry
    examples: tuple[ExampleGroup, ...]
    audit: Audit
    checks: Checked
    folded_case: FoldedCase | None

    @property
    def sections(self) -> list[Section]:
        """The sections that this report has: those about models, and examples, are left out where there are none."""
        absent = {
            "scores": not self.scores.summaries,
            "recalls": not self.recalls,
            "training": not self.training.rows,
            "examples": not self.examples,
        }
        return [
            Section(name, title, f"page/sections/{name}.html.j2")
            for name, title in TITLES.items()
            if not absent.get(name, False)
        ]

    @property
    def variants(self) -> Sequence[str]:
        """Everything that was trained or scored."""
        return [*super().variants, *(each.variant for each in self.training.rows)]
