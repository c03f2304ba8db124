"""Small models of other libraries, written to folders as those libraries write them."""

import json
from pathlib import Path

import timm
import torch
from safetensors.torch import save_file

PREPROCESSING = {"input_size": [3, 64, 64], "mean": [0.2, 0.3, 0.4], "std": [0.5, 0.6, 0.7], "crop_pct": 0.9,
                 "interpolation": "bilinear"}  # fmt: skip


def write_timm(folder: Path, *, flat: bool = False) -> torch.nn.Module:
    folder.mkdir(exist_ok=True)
    torch.manual_seed(0)
    network = timm.create_model("test_efficientnet", num_classes=7).eval()
    save_file(network.state_dict(), folder / "model.safetensors")
    own = PREPROCESSING if flat else {"pretrained_cfg": PREPROCESSING}
    (folder / "config.json").write_text(json.dumps({"architecture": "test_efficientnet", "num_classes": 7, **own}))
    return network


def write_bert(folder: Path) -> Path:
    """A BERT of two layers and 24 features over a dozen words."""
    from transformers import BertConfig, BertModel, BertTokenizerFast

    folder.mkdir(exist_ok=True)
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "a", "red", "blue", "circle", "ring", "on", "green", "dogs"]
    (folder / "vocab.txt").write_text("\n".join(words))
    BertTokenizerFast(str(folder / "vocab.txt")).save_pretrained(folder)
    config = BertConfig(vocab_size=len(words), hidden_size=24, num_hidden_layers=2, num_attention_heads=2,
                        intermediate_size=32, max_position_embeddings=40)  # fmt: skip
    BertModel(config).save_pretrained(folder)
    return folder
