"""What no source can give is asked for in vain, and that is known when the configuration is read."""

from pathlib import Path

import pytest
import yaml

from flows.config.pipeline import load_experiment
from storage.errors import InputError

TEXTS = {
    "a table": {"kind": "table", "name": "t", "path": "a.csv", "image_column": None},
    "Parquet": {"kind": "huggingface_parquet", "name": "t", "path": "a.parquet", "image_column": None},
    "JSON lines": {"kind": "jsonl", "name": "t", "path": "a.jsonl", "image_column": None},
    "tars": {"kind": "webdataset", "name": "t", "path": "a.tar", "image": None},
    "DataComp": {"kind": "datacomp", "name": "t", "path": "a.parquet"},
    "titles": {"kind": "balance_csv", "name": "t", "path": "a.csv", "images": "none"},
    "ImageNet-Captions": {"kind": "imagenet_captions", "name": "t", "path": "a.json"},
}
IMAGES = {
    "a table": {"kind": "table", "name": "t", "path": "a.csv", "caption_column": None},
    "tars": {"kind": "webdataset", "name": "t", "path": "a.tar", "caption": None},
    "an image folder": {"kind": "imagefolder", "name": "t", "path": "a", "caption_column": None},
}
SCENES = {"kind": "scenes"}
KEYWORDS = {"metadata": {"sources": [{"kind": "entries", "entries": ["red"]}]}}


def refusal(folder: Path, *sources: object, **sections: object) -> str:
    """What is said of a configuration; empty where nothing is."""
    path = folder / "a.yaml"
    path.write_text(yaml.safe_dump({"sources": list(sources), **sections}), encoding="utf-8")
    try:
        load_experiment(path)
    except InputError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("kind", TEXTS)
@pytest.mark.parametrize(
    ("field", "section"),
    (
        ("screening.deduplicate.near", {"screening": {"deduplicate": {}}}),
        ("screening.deduplicate.perceptual", {"screening": {"deduplicate": {"near": None, "perceptual": 24}}}),
        ("training", {"training": {}}),
        ("encoder", {"encoder": {"model": None}}),
    ),
)
def test_captions_alone_have_no_images(tmp_path: Path, kind: str, field: str, section: dict[str, object]) -> None:
    said = refusal(tmp_path, TEXTS[kind], **KEYWORDS, **section)
    assert f"{field} needs images, and the source 't' brings captions alone" in said
    assert not refusal(tmp_path, TEXTS[kind], SCENES, **KEYWORDS, **section)  # another source has some


def test_captions_alone_can_be_curated_screened_and_encoded_as_texts(tmp_path: Path) -> None:
    alike = {"deduplicate": {"content": "caption", "near": None}}
    near = {
        "encoder": {"settings": {"encoder": "model", "modality": "text"}},
        "geometry": {"modality": "text"},
        "deduplicate": {"content": "caption"},
    }
    for screening in (alike, near):
        assert not refusal(tmp_path, TEXTS["a table"], **KEYWORDS, screening=screening)


@pytest.mark.parametrize("kind", IMAGES)
def test_images_alone_hold_no_keywords(tmp_path: Path, kind: str) -> None:
    said = refusal(tmp_path, IMAGES[kind], IMAGES[kind] | {"name": "u"}, **KEYWORDS)
    assert "keywords are looked for in captions, and all 2 sources bring images alone" in said
    assert not refusal(tmp_path, IMAGES[kind], SCENES, **KEYWORDS)


def test_pictures_are_learnt_from_pictures(tmp_path: Path) -> None:
    learnt = {"selfsupervised": {}, "probe": {"test": [SCENES]}}
    assert "selfsupervised needs images" in refusal(tmp_path, TEXTS["tars"], **learnt)
    assert "probe needs images" in refusal(tmp_path, SCENES, selfsupervised={}, probe={"test": [TEXTS["tars"]]})
    assert not refusal(tmp_path, IMAGES["tars"], **learnt)
