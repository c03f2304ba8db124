"""What readers of a report are told of its experiment."""

from flows.graph.words import headed
from tasks.reporting.config import ReportConfig, SelfSupervisedReportConfig


def test_a_report_without_a_heading_has_the_experiments_name() -> None:
    assert headed(ReportConfig(), "mine").title == "mine"
    assert headed(SelfSupervisedReportConfig(seed=3), "mine") == SelfSupervisedReportConfig(seed=3, title="mine")
    assert headed(ReportConfig(title="Birds"), "mine").title == "Birds"
