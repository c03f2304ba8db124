"""What is measured goes to the page through a file."""

from storage.store.workspace import Runtime
from tasks.studies.balance_k.measure import BalanceKNumbers
from tasks.studies.balance_k.task import balance_k, balance_k_page
from tasks.studies.outputs import NUMBERS
from tasks.studies.stats import MeasuredStats, StudyStats
from tasks.training.task import train_heads
from tests.tasks.studies.balance_k.test_page import SMALL
from tests.tasks.training.conftest import HEADS, embeddings_table, publish


def test_balance_k_is_measured_and_told(runtime: Runtime) -> None:
    embeddings = publish(runtime, "embed", "vectors", {"embeddings-00000.parquet": embeddings_table(60, dimension=8)})
    heads = train_heads.run(HEADS.model_copy(update={"steps": 2}), 0, [embeddings], runtime=runtime)
    measured = balance_k.run(SMALL, heads, [embeddings], runtime=runtime)
    assert MeasuredStats.of(measured).measured == 60
    page = balance_k_page.run(SMALL, measured, runtime=runtime)
    assert StudyStats.of(page).figures == 4 and StudyStats.of(page).edition == "own"
    folder = runtime.store / "balance_k_page" / page.key
    assert {file.path for file in page.files} >= {"index.html", "numbers.json", "figures/in-batch.svg"}
    numbers = BalanceKNumbers.model_validate_json((runtime.store / "balance_k" / measured.key / NUMBERS).read_bytes())
    assert f"{numbers.predicted['loss'][1]:.3f}" in (folder / "index.html").read_text(encoding="utf-8")
