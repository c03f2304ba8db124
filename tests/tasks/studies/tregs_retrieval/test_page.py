"""What the page says of models whose numbers are known."""

from pathlib import Path

from tasks.studies.page.write import write_study
from tasks.studies.selfsupervised.config import ArmLabel
from tasks.studies.tregs_retrieval.config import RetrievalConfig
from tasks.studies.tregs_retrieval.measured import RetrievalOutcome
from tasks.studies.tregs_retrieval.page import retrieval_page
from tasks.studies.tregs_retrieval.runs import BEFORE


def outcome(name: str, seed: int, recall: float, gap: float) -> RetrievalOutcome:
    return RetrievalOutcome(
        label=ArmLabel(group="CLIP", name=name, seed=seed), pairs=100, image_recall=(recall,) * 3,
        text_recall=(recall,) * 3, recall=recall, image_first=recall, text_first=recall, gap=gap,
        image_uniformity=-2.0, text_uniformity=-1.5, image_tree=0.5, text_tree=0.4, alignment=0.3,
    )  # fmt: skip


def test_the_page_says_recalls_gaps_and_what_can_be_told(tmp_path: Path) -> None:
    outcomes = []
    for seed, noise in enumerate((0.0, 0.01, -0.01)):
        outcomes += [
            outcome(BEFORE, seed, 0.2 + noise, 0.8),
            outcome("fine-tuned", seed, 0.4 + noise, 0.7),
            outcome("+ <T-REGS>", seed, 0.4 - noise, 0.5),
        ]
    page = retrieval_page(RetrievalConfig(edition="small"), outcomes)
    assert page.answer[1] == "Gap between the branches: 0 steps 0.800, fine-tuned 0.700, + <T-REGS> 0.500."
    assert page.answer[-1].startswith("1 of 2 differences from fine-tuned can be told")
    stats = write_study(page, RetrievalConfig(edition="small"), tmp_path, software={})
    assert stats.figures == 1 and [row[0] for row in page.tables[0].rows] == [BEFORE, "fine-tuned", "+ <T-REGS>"]
    assert "<T-REGS>" not in (tmp_path / "index.html").read_text(encoding="utf-8")
