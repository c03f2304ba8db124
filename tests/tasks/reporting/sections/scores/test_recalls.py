"""Recall class by class: paired differences, sorted, in thirds by how frequent a class is."""

from collections.abc import Sequence

import numpy as np
import pytest

from tasks.evaluation.scoring.crossed import crossed_estimate
from tasks.evaluation.scoring.intervals import Bootstrap
from tasks.reporting.inputs.measurements import Answers, Measurement
from tasks.reporting.page.svg import drawing
from tasks.reporting.sections.scores.recall_charts import NAMED, recall_figure
from tasks.reporting.sections.scores.recalls import BANDS, SHOWN, RecallChange, bands, recall_changes
from tasks.reporting.sections.scores.scores import compare

BOOTSTRAP = Bootstrap(resamples=100)
NAMES = tuple(f"Class {number}" for number in range(9))
FREQUENCIES = {f"class {number}": 1000 // (number + 1) for number in range(9)}


def answered(variant: str, seed: int, chances: Sequence[float], *, images: int = 20) -> Measurement:
    """A model that knows each class as well as it is said."""
    classes = len(chances)
    label = np.arange(classes * images) % classes
    right = np.random.default_rng([seed, len(variant)]).uniform(size=len(label)) < np.array(chances)[label]
    recalls = tuple(float(right[label == number].mean()) for number in range(classes))
    names = NAMES if classes == len(NAMES) else tuple(f"c{number}" for number in range(classes))
    return Measurement(
        variant, seed, "shape", "acc1", {"acc1": float(right.mean())}, len(label), classes, names, recalls,
        answers=Answers(label, right),
    )  # fmt: skip


def changes(ours: Sequence[Measurement], theirs: Sequence[Measurement], **frequencies: int) -> tuple[RecallChange, ...]:
    both = [*ours, *theirs]
    differences = compare(both, [("balanced", "original")], BOOTSTRAP)
    return recall_changes(both, differences, frequencies or FREQUENCIES, 0.95)


def pair() -> tuple[list[Measurement], list[Measurement]]:
    """The three rarest classes gain much, the three commonest lose a little; balanced, then original."""
    better, worse = [0.8] * 3 + [0.5] * 3 + [0.8] * 3, [0.9] * 3 + [0.5] * 3 + [0.2] * 3
    return [answered("balanced", seed, better) for seed in range(4)], [
        answered("original", seed, worse) for seed in range(4)
    ]


@pytest.fixture(scope="module")
def change() -> RecallChange:
    """What became of them."""
    (found,) = changes(*pair())
    return found


def test_classes_are_sorted_by_their_difference_and_paired(change: RecallChange) -> None:
    means = [each.mean for each in change.classes]
    assert means == sorted(means, reverse=True) and {each.name for each in change.classes} == set(NAMES)
    for each in change.classes:
        assert each.mean == pytest.approx(each.after - each.before)
        assert each.interval is not None and each.interval.low <= each.mean <= each.interval.high
        assert each.images == 20 and each.interval.over == "seeds and images"
    assert {each.band for each in change.classes[:3]} == {"tail"}


def test_thirds_go_by_frequency_and_their_means_are_those_of_their_classes(change: RecallChange) -> None:
    assert [each.band for each in change.bands] == list(BANDS)
    assert [(each.commonest, each.rarest, each.classes) for each in change.bands] == [
        (1000, 333, 3), (250, 166, 3), (142, 111, 3),
    ]  # fmt: skip
    for band in change.bands:
        members = [each.mean for each in change.classes if each.band == band.band]
        assert band.mean == pytest.approx(np.mean(members))
    assert change.bands[2].interval is not None and change.bands[2].interval.low > 0.4
    assert change.bands[0].mean < 0


def test_one_class_is_its_own_estimate(change: RecallChange) -> None:
    ours, theirs = (np.array([each.answers.correct for each in group if each.answers], float) for group in pair())
    values = ours - theirs
    expected = crossed_estimate(values[:, 4::9])
    (found,) = [each for each in change.classes if each.name == "Class 4"]
    assert expected is not None and found.interval == expected.interval(0.95).within(-1, 1)


def test_without_frequencies_there_are_no_thirds() -> None:
    ours, theirs = ([answered(name, seed, [0.5] * 9) for seed in range(2)] for name in ("balanced", "original"))
    (found,) = changes(ours, theirs, other=3)
    assert found.bands == () and {each.band for each in found.classes} == {""}


def test_bands_of_few_equal_or_unknown_classes() -> None:
    assert bands([1, 2, 3, 4, 5]) == [""] * 5
    assert bands([7] * 9) == [""] * 9
    assert bands([1, None, 2, 3, 4, 5, 6]) == ["tail", "", "tail", "middle", "middle", "head", "head"]
    assert bands([0, 0, 0, 1, 2, 3]) == ["middle", "tail", "tail", "middle", "head", "head"]


def test_where_answers_or_classes_differ_nothing_is_said() -> None:
    ours, theirs = [answered("balanced", 0, [0.5] * 9)], [answered("original", 0, [0.5] * 8)]
    assert changes(ours, theirs) == ()
    assert changes(ours, []) == () and recall_changes([], (), {}, 0.95) == ()


def test_of_many_classes_both_ends_are_listed() -> None:
    many = 2 * SHOWN + 1
    ours, theirs = ([answered(name, 0, [0.5] * many, images=3) for _ in range(1)] for name in ("balanced", "original"))
    (found,) = changes(ours, theirs)
    assert len(found.listed) == SHOWN
    assert found.listed == (*found.classes[: SHOWN // 2], *found.classes[-SHOWN // 2 :])
    assert found.by_luck == pytest.approx(0.05 * many)


def test_every_class_has_a_row_in_the_figure_and_a_mark_of_its_third(change: RecallChange) -> None:
    with drawing():
        figure = recall_figure(change)
    (axis,) = figure.axes
    assert [text.get_text() for text in axis.get_yticklabels()] == [each.name for each in change.classes]
    marks = {line.get_label(): len(np.atleast_1d(line.get_xdata())) for line in axis.lines}
    assert {name: marks[name] for name in BANDS} == dict.fromkeys(BANDS, 3)


def test_a_thousand_classes_are_an_area_not_a_thousand_lines() -> None:
    many = 12 * NAMED
    ours, theirs = ([answered(name, 0, [0.5] * many, images=2)] for name in ("balanced", "original"))
    (found,) = changes(ours, theirs)
    with drawing():
        figure = recall_figure(found)
    assert len(figure.axes[0].lines) <= 3 and len(figure.axes[0].collections) == 1
