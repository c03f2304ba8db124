"""The scenes' uniform test set as three zero-shot tasks in clip-benchmark's local `wds/` layout."""

import io
import tarfile
from collections.abc import Iterable
from pathlib import Path

from tasks.ingest.sources.scenes.config import ScenesConfig
from tasks.ingest.sources.scenes.drawing import render_png
from tasks.ingest.sources.scenes.sampling import uniform_scenes
from tasks.ingest.sources.scenes.vocabulary import (
    COLOUR_NAMES,
    COLOUR_TEMPLATES,
    CONCEPT_NAMES,
    SHAPE_TEMPLATES,
    SHAPES,
)
from tasks.ingest.stats import BenchmarkStats


def write_benchmark(config: ScenesConfig, folder: Path) -> BenchmarkStats:
    """Write `folder/shape/`, `folder/colour/` and `folder/object/`: the same pictures under three kinds of name.

    An object is a colour and a shape together, `red circle`: 64 classes, of which a model must get both words right.
    Every one occurs equally often (the last round may be cut short), alone in its picture, from draws apart from the
    training rows'. Equal configurations give equal bytes.
    """
    scenes = list(uniform_scenes(config, range(config.test_images)))
    pictures = [render_png(scene, config.image_size) for scene in scenes]
    labels = [scene.label for scene in scenes]
    tasks = {
        "shape": ([label // len(COLOUR_NAMES) for label in labels], SHAPES, SHAPE_TEMPLATES),
        "colour": ([label % len(COLOUR_NAMES) for label in labels], COLOUR_NAMES, COLOUR_TEMPLATES),
        "object": (labels, CONCEPT_NAMES, SHAPE_TEMPLATES),
    }
    for name, (named, classes, templates) in tasks.items():
        write_classification(folder / name, zip(pictures, named, strict=True), classes, templates)
    return BenchmarkStats(
        images=len(scenes),
        classes={name: len(classes) for name, (_, classes, _) in tasks.items()},
        tasks=list(tasks),
    )


def write_classification(
    folder: Path, samples: Iterable[tuple[bytes, int]], classes: tuple[str, ...], templates: tuple[str, ...]
) -> None:
    """Write one zero-shot classification task of (PNG, label) samples: one tar shard, class names, templates.

    Layout: `classnames.txt`, `zeroshot_classification_templates.txt` (`{c}` is the class name), `test/nshards.txt`,
    `test/0.tar` with members `s0000000.png`, `s0000000.cls`, …; times and owners in the tar are zero.
    """
    test = folder / "test"
    test.mkdir(parents=True, exist_ok=True)
    (folder / "classnames.txt").write_text("\n".join(classes), encoding="utf-8")
    (folder / "zeroshot_classification_templates.txt").write_text("\n".join(templates), encoding="utf-8")
    (test / "nshards.txt").write_text("1", encoding="utf-8")
    with tarfile.open(test / "0.tar", "w", format=tarfile.USTAR_FORMAT) as tar:
        for number, (picture, label) in enumerate(samples):
            _add(tar, f"s{number:07d}.png", picture)
            _add(tar, f"s{number:07d}.cls", str(label).encode())


def _add(tar: tarfile.TarFile, name: str, content: bytes) -> None:
    """Append a member that says nothing of when and by whom it was written."""
    member = tarfile.TarInfo(name)  # time, user and group are 0 and nameless by default
    member.size, member.mode = len(content), 0o644
    tar.addfile(member, io.BytesIO(content))
