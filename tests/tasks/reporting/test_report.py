"""Which sections a report has, and in which order."""

from tasks.reporting.report import TITLES, Report
from tasks.reporting.sections.scores.scores import Scores, summarise
from tasks.reporting.sections.training_curves import TrainingRow, Trainings
from tests.tasks.reporting.sections.measured import BOOTSTRAP, measured


def bare(**sections: object) -> Report:
    """A report whose sections are empty but for those given."""
    empty = dict.fromkeys(Report.__dataclass_fields__)
    found = {"scores": Scores(), "recalls": (), "training": Trainings(), "examples": ()} | sections
    return Report(**(empty | found))  # type: ignore[arg-type]


def test_sections_without_content_are_left_out() -> None:
    assert [section.id for section in bare().sections] == [
        name for name in TITLES if name not in ("scores", "recalls", "training", "examples")
    ]


def test_sections_stand_in_the_order_of_reading() -> None:
    row = TrainingRow("balanced", 0, "train", 1, 1, 1, 0.5, None, None, None)
    scores = Scores(summarise([measured("original", 0, 0.5)], BOOTSTRAP))
    full = bare(training=Trainings((row,)), scores=scores, examples=("one",), recalls=("one",))
    assert [(section.id, section.title) for section in full.sections] == list(TITLES.items())
    assert list(full.variants) == ["original", "balanced"]
