"""Pairs on disk and small text models, made on the spot."""

import io
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from PIL import Image

from storage.record.external import external
from storage.record.manifest import External
from storage.tables.ids import row_ids
from storage.tables.schemas import PAIRS
from storage.tables.shards import write_table
from tests.tasks.embedding.model_folders import write_bert

CAPTIONS = ("a red circle", "a blue ring on green", "two dogs", "IMG_0042.JPG", "a red circle")


def png(seed: int, size: tuple[int, int] = (40, 32), mode: str = "RGB", kind: str = "PNG") -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 255, (size[1], size[0], 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).convert(mode).save(buffer, kind)
    return buffer.getvalue()


def pairs_table(images: Sequence[bytes | None], first: int = 0) -> pa.Table:
    keys = [f"row-{first + k}" for k in range(len(images))]
    captions = [CAPTIONS[k % len(CAPTIONS)] for k in range(len(images))]
    image = [None if content is None else {"bytes": content, "path": None} for content in images]
    columns = [row_ids("test", keys), keys, captions, image, [None] * len(keys), ["test"] * len(keys)]
    return pa.table([pa.array(column, field.type) for column, field in zip(columns, PAIRS, strict=True)], schema=PAIRS)


def write_pairs(folder: Path, *shards: Sequence[bytes | None]) -> External:
    """A folder as an ingest stage writes it."""
    folder.mkdir(parents=True, exist_ok=True)
    first = 0
    for index, images in enumerate(shards):
        write_table(folder / f"pairs-{index:05d}.parquet", pairs_table(images, first))
        first += len(images)
    return external(folder, folder.parent)


@pytest.fixture
def pairs(tmp_path: Path) -> External:
    """Two shards, 9 rows; two of them without a usable image."""
    good = [png(k) for k in range(5)]
    return write_pairs(tmp_path / "pairs", good, [png(5, mode="L"), png(6)[:80], None, png(7, mode="P", kind="GIF")])


@pytest.fixture(scope="session")
def bert_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_bert(tmp_path_factory.mktemp("bert"))


@pytest.fixture(scope="session")
def gpt_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from tokenizers import ByteLevelBPETokenizer
    from transformers import GPT2Config, GPT2Model, PreTrainedTokenizerFast

    folder = tmp_path_factory.mktemp("gpt")
    trained = ByteLevelBPETokenizer()
    trained.train_from_iterator(CAPTIONS * 3, vocab_size=300, special_tokens=["<|endoftext|>"])
    PreTrainedTokenizerFast(tokenizer_object=trained._tokenizer, eos_token="<|endoftext|>").save_pretrained(folder)
    config = GPT2Config(vocab_size=300, n_positions=40, n_embd=24, n_layer=2, n_head=2, bos_token_id=0, eos_token_id=0)
    GPT2Model(config).save_pretrained(folder)
    return folder
