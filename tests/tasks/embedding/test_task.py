"""A process that is killed in the middle of a group goes on where it was, to the same bytes."""

import hashlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

from storage.store.workspace import Runtime
from storage.tables.shards import read_table
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.record import EncoderRecord
from tasks.embedding.task import embed
from tests.paths import ROOT
from tests.tasks.embedding.conftest import png, write_pairs

PROGRAM = """
import sys, time
from pathlib import Path
import tasks.embedding.run as run
from storage.record.external import external
from storage.store.workspace import Runtime
from tasks.embedding.config import EmbeddingConfig
from tasks.embedding.record import EncoderRecord
from tasks.embedding.task import embed

pairs, store, reached = map(Path, sys.argv[1:])
encode, shards = run.encode_shard, []

def encode_and_stop(path, *rest, **options):
    shards.append(path)
    if len(shards) == 2:
        reached.touch()
        time.sleep(600)  # until it is killed
    return encode(path, *rest, **options)

run.encode_shard = encode_and_stop
pairs = external(pairs, store)
embed.run(EncoderRecord(EmbeddingConfig(batch_size=2)), pairs, runtime=Runtime(store=store))
"""


def digests(folder: Path) -> dict[str, str]:
    return {file.name: hashlib.sha256(file.read_bytes()).hexdigest() for file in folder.glob("*.parquet")}


def test_a_killed_process_is_resumed_to_the_same_bytes(tmp_path: Path) -> None:
    pairs = write_pairs(tmp_path / "pairs", [png(0), png(1), None], [png(2), b"broken", png(3)], [png(4)])
    reached, store = tmp_path / "reached", tmp_path / "killed"
    arguments = [sys.executable, "-c", PROGRAM, str(pairs.path), str(store), str(reached)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen(arguments, env=environment) as process:
        for _ in range(1_200):
            if reached.exists() or process.poll() is not None:
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL and reached.exists()
    left = [path for path in store.rglob("embeddings-*.parquet") if path.is_file()]
    assert [path.name for path in left] == ["embeddings-00000.parquet"]
    node = left[0].stat().st_ino
    config = EmbeddingConfig(batch_size=2)
    resumed = embed.run(EncoderRecord(config), pairs, runtime=Runtime(store=store))
    whole = embed.run(EncoderRecord(config), pairs, runtime=Runtime(store=tmp_path / "whole"))
    assert digests(store / resumed.name) == digests(tmp_path / "whole" / whole.name) and resumed.digest == whole.digest
    assert (store / resumed.name / "embeddings-00000.parquet").stat().st_ino == node  # not encoded again
    assert len(read_table(store / resumed.name / "rejected.parquet")) == 2


def test_declaring_the_stages_loads_nothing_large() -> None:
    heavy = "{'numba', 'scipy', 'torch', 'prefect', 'matplotlib', 'sklearn', 'transformers', 'open_clip', 'faiss'}"
    script = f"import sys, tasks.embedding.task, tasks.embedding.config; print(sorted({heavy} & set(sys.modules)))"
    found = subprocess.run([sys.executable, "-c", script], cwd=ROOT, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
