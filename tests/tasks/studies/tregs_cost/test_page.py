"""What the page says of times that are known."""

from pathlib import Path

from tasks.reporting.page.svg import NARROW, drawing
from tasks.studies.page.write import write_study
from tasks.studies.tregs_cost.config import CostConfig
from tasks.studies.tregs_cost.measure import CostNumbers, StepTimes
from tasks.studies.tregs_cost.page import cost_page, draw_ratios

CONFIG = CostConfig(batches=(8, 16), rounds=3)
NUMBERS = CostNumbers(
    device="cpu",
    side=16,
    times=tuple(
        StepTimes(name=name, batch=batch, seconds=(s, 2 * s, 3 * s), ratios=(ratio,) * 3)
        for batch in (8, 16)
        for name, s, ratio in (("MSE", 0.1, 1.0), ("<T-REGS>", 0.125, 1.25))
    ),
)


def test_the_page_says_ratios_and_seconds(tmp_path: Path) -> None:
    page = cost_page(CONFIG, NUMBERS)
    assert page.answer[0] == "At batch 8 a step takes, relative to MSE: <T-REGS> 1.25; the slowest is <T-REGS>."
    assert page.tables[0].rows[0][:3] == ["MSE", "8", "0.2000"]
    write_study(page, CONFIG, tmp_path, software={})
    assert "<T-REGS>" not in (tmp_path / "index.html").read_text(encoding="utf-8")
    with drawing():
        panel = draw_ratios(CONFIG, NUMBERS, NARROW).axes[0]
    assert len(panel.get_yticks()) == 2 and panel.get_xlim()[0] == 0
