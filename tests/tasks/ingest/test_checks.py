"""Checks of ingested pairs."""

from pathlib import Path

from storage.tables.schemas import PAIRS, Carried, with_carried
from storage.tables.shards import write_table
from tasks.checks import Checks
from tasks.ingest.checks import judge_pairs
from tasks.ingest.stats import IngestStats, SurveyStats
from tests.tasks.judged import output, verdict

GROUP = IngestStats(source="s", kind="jsonl", images="none", class_names=(), group="0", rows=1, rejected=0, reasons={},
                    rows_with_image=0, mean_caption_characters=None, labels={}, bytes=0)  # fmt: skip


def test_rows_and_what_each_source_lost() -> None:
    lost = SurveyStats(rows=90, sources={"good": 60, "bad {x}": 30}, rejected={"good": 0, "bad {x}": 70})
    assert verdict(output("survey", lost)) == {"ingest.rows": True, "ingest.rejected": False}
    assert verdict(output("survey", lost), limits={"ingest": {"rejected": {"most": 0.7}, "rows": {"least": 91}}}) == {
        "ingest.rows": False, "ingest.rejected": True,
    }  # fmt: skip


def test_columns_of_pairs_with_scores_of_their_own(tmp_path: Path) -> None:
    write_table(
        tmp_path / "pairs-0.parquet", with_carried(PAIRS, Carried(scores=frozenset({"aesthetic"}))).empty_table()
    )
    group = output("ingest", GROUP, ("pairs-0.parquet", "rejected.parquet"))
    assert verdict(group, tmp_path) == {"ingest.columns": True}
    write_table(tmp_path / "pairs-0.parquet", PAIRS.empty_table().drop_columns("label"))
    (found,) = judge_pairs(group, tmp_path, Checks().ingest)
    assert found.refuses and "label is missing" in found.said
