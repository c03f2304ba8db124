"""The page is of what the models' embeddings hold."""

import json

import pyarrow as pa

from storage.store.workspace import Runtime
from tasks.studies.selfsupervised.config import ArmLabel
from tasks.studies.stats import StudyStats
from tasks.studies.tregs_retrieval.config import RetrievalConfig
from tasks.studies.tregs_retrieval.runs import BEFORE, RetrievalRun
from tasks.studies.tregs_retrieval.task import tregs_retrieval
from tests.tasks.training.conftest import embeddings_table, publish


def test_every_model_is_measured_on_its_own_embeddings(runtime: Runtime) -> None:
    vectors = embeddings_table(60, dimension=8)
    captions = pa.table({"id": vectors["id"], "caption": [f"caption {row}" for row in range(60)]})
    pairs = [publish(runtime, "ingest", "captions", {"pairs-00000.parquet": captions})]
    runs = []
    for name, turn in ((BEFORE, 1), ("fine-tuned", 0)):  # the first one's captions belong to other images
        texts = vectors["text"].combine_chunks()
        turned = vectors.set_column(2, "text", pa.concat_arrays([texts[turn:], texts[:turn]]))
        for seed in (0, 1):
            key = f"{name.replace(' ', '-')}-{seed}"
            found = publish(runtime, "embed", key, {"embeddings-00000.parquet": turned})
            runs.append(RetrievalRun(ArmLabel(group="CLIP", name=name, seed=seed), [found], pairs))
    page = tregs_retrieval.run(RetrievalConfig(), runs, runtime=runtime)
    assert StudyStats.of(page).answer
    numbers = json.loads((runtime.store / "tregs_retrieval" / page.key / "numbers.json").read_bytes())["numbers"]
    recalls = [each["recall"] for each in numbers["outcomes"]]
    assert recalls[0] == recalls[1] < 0.5 < recalls[2] == recalls[3]
