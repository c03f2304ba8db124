"""The collapse study's figure, from figures given by hand."""

from tasks.evaluation.collapse.figure import PANELS, draw_collapse
from tasks.evaluation.collapse.study import TABLE_4, CollapseStudy, Outcome


def test_a_dot_a_run_in_the_row_of_its_setting() -> None:
    best, worst = TABLE_4[6], TABLE_4[0]
    outcomes = (
        Outcome(worst, "mean", 0, 1.0, 0.1, 0.5, 0.2),
        Outcome(best, "mean", 0, 9.0, 1.0, 1.5, 0.6),
        Outcome(best, "sum", 0, 2.0, 0.3, 2.5, 0.3),
    )
    figure = draw_collapse(CollapseStudy(outcomes, (0.3, 0.5)))
    accuracy, *others = figure.axes
    assert [axes.get_title() for axes in figure.axes] == [title for _, title, _ in PANELS]
    means, sums, untrained = accuracy.get_lines()
    assert list(means.get_xdata()) == [0.2, 0.6] and list(sums.get_xdata()) == [0.3]
    assert [round(place) for place in means.get_ydata()] == [0, 1]
    assert list(untrained.get_xdata()) == [0.4, 0.4]
    assert [list(axes.get_lines()[0].get_xdata()) for axes in others] == [[0.1, 1.0], [1.0, 9.0], [0.5, 1.5]]
    labels = [label.get_text() for label in accuracy.get_yticklabels()]
    assert labels[0].endswith("(paper: collapse)") and labels[1].endswith("(paper: 66.1 %)")
