"""The adapter gives clip-benchmark's own figures, and tells the data's faults in one sentence."""

import io
import math
import tarfile
from pathlib import Path

import pytest
import torch
from clip_benchmark.metrics import zeroshot_classification, zeroshot_retrieval
from PIL import Image
from torchvision.transforms import CenterCrop, Compose, Resize

from storage.errors import InputError
from tasks.embedding.benchmarks.layout import inspect_layout
from tasks.embedding.benchmarks.pairs import benchmark_pairs
from tasks.evaluation.config import EvaluationConfig
from tasks.evaluation.scoring.intervals import Bootstrap
from tasks.evaluation.scoring.results import answer_table
from tasks.evaluation.scoring.scores import classification_scores, retrieval_scores, scores_of
from tasks.evaluation.zeroshot.clip_benchmark import Batches, zero_shot
from tests.paths import CASES
from tests.tasks.evaluation.conftest import (
    COLOURS,
    SmallEncoder,
    as_clip,
    classified,
    picture,
    retrieved,
    their_loader,
    to_tensor,
    tokenize,
    write_classification,
    write_multilabel,
    write_retrieval,
    write_tar,
)


def test_samples_are_those_of_clip_benchmark(colours: Path, captions: Path) -> None:
    for root in (colours, captions):
        layout = inspect_layout(root, name=root.name)
        for _ in range(2):  # as often as they are asked for
            ours, theirs = list(Batches(layout, to_tensor, 7)), list(their_loader(layout, to_tensor, 7))
            assert len(ours) == len(theirs) == len(Batches(layout, to_tensor, 7))
            for (pixels, labels), (their_pixels, their_labels) in zip(ours, theirs, strict=True):
                assert torch.equal(pixels, their_pixels)
                assert list(labels) == list(their_labels)


@pytest.mark.parametrize("split", ["test", "val"])
def test_transparent_drawings_are_told_apart(tmp_path: Path, encoder: SmallEncoder, split: str) -> None:
    """All were black: chance where every answer is right."""
    root, names = tmp_path / "set", ["red", "green", "blue"]
    members: list[tuple[str, bytes]] = []
    for index, name in enumerate(names * 4):
        drawing = Image.new("RGBA", (16, 16), (0, 0, 0, 0))
        drawing.paste(COLOURS[name], (0, 0, 16, 4))
        drawing.putpixel((15, 15), (0, 0, 0, index + 1))
        buffer = io.BytesIO()
        drawing.save(buffer, "PNG")
        members += [(f"{index}.png", buffer.getvalue()), (f"{index}.cls", str(names.index(name)).encode())]
    write_classification(root, names, images=3, shards=1)
    write_tar(root / "test" / "0.tar", members)
    (root / "test").rename(root / split)
    (means,) = [
        pixels.mean(dim=(2, 3)) for pixels, _ in Batches(inspect_layout(root, name="s", split=split), to_tensor, 12)
    ]
    white = torch.tensor([[int(channel) for channel in COLOURS[name]] for name in names]) / 127.5 - 1
    expected = (white / 4 + 3 / 4)[torch.arange(12) % 3]
    assert torch.allclose(means, expected, atol=0.02)


def test_a_strip_is_one_sentence(tmp_path: Path, encoder: SmallEncoder) -> None:
    root = write_classification(tmp_path / "set", ["red", "green"], images=4, shards=1)
    write_tar(root / "test" / "0.tar", [("a.png", (CASES / "strip_1x10000.png").read_bytes()), ("a.cls", b"0")])
    transform = Compose([Resize(224), CenterCrop(224), to_tensor])
    with pytest.raises(InputError, match=r"'a.png' .too many pixels: 1 × 10000 becomes 224 × 2240000"):
        list(Batches(inspect_layout(root, name="set"), transform, 8))


@pytest.mark.parametrize("classes", [3, 6])
@pytest.mark.parametrize("batch_size", [7, 256])
def test_classification_agrees_with_clip_benchmark(
    tmp_path: Path, encoder: SmallEncoder, classes: int, batch_size: int
) -> None:
    root = write_classification(tmp_path / "set", list(COLOURS)[:classes])
    layout = inspect_layout(root, name="set")
    answers = classified(layout, as_clip(encoder), batch_size=batch_size)
    theirs = zeroshot_classification.evaluate(
        encoder,
        their_loader(layout, to_tensor, batch_size),
        tokenize,
        list(layout.classes),
        list(layout.templates),
        device="cpu",
        amp=False,
    )
    scores = classification_scores(answers, layout.classes, Bootstrap(resamples=200))
    assert answers.acc1 == theirs["acc1"]
    assert scores.metrics["mean_per_class_recall"] == theirs["mean_per_class_recall"]
    if classes < 5:
        assert math.isnan(theirs["acc5"])
        assert answers.acc5 is None and scores.metrics["acc5"] is None
    else:
        assert answers.acc5 == theirs["acc5"]
    assert scores.images == layout.images == 40
    assert sum(score.images for score in scores.classes) == 40
    mean = sum(score.recall for score in scores.classes) / len(scores.classes)
    assert mean == pytest.approx(scores.metrics["mean_per_class_recall"])
    assert (answers.prediction == answers.label).mean() == pytest.approx(answers.acc1)


def test_retrieval_agrees_with_clip_benchmark(captions: Path, encoder: SmallEncoder) -> None:
    layout = inspect_layout(captions, name="captions")
    found = retrieved(layout, as_clip(encoder), recall_k=(1, 5, 10), batch_size=5)
    scores = retrieval_scores(found, Bootstrap(resamples=200))
    theirs = zeroshot_retrieval.evaluate(
        encoder, their_loader(layout, to_tensor, 5), tokenize, device="cpu", amp=False, recall_k_list=[1, 5, 10]
    )
    assert scores.metrics == pytest.approx(theirs)
    for name, interval in scores.intervals.items():
        value = scores.metrics[name]
        assert value is not None and interval.low <= value <= interval.high


def test_a_blank_line_is_a_query_unless_it_is_left_out(tmp_path: Path, encoder: SmallEncoder) -> None:
    root = write_retrieval(tmp_path / "set", images=3)
    members = []
    for index, colour in enumerate(("red", "green", "blue")):
        members += [(f"s{index}.png", picture(colour, index)), (f"s{index}.txt", f"{colour} thing\n \n".encode())]
    write_tar(root / "test" / "0.tar", members)
    layout, model = inspect_layout(root, name="set"), as_clip(encoder)
    kept, dropped = (retrieved(layout, model, recall_k=(1,), drop_blank=drop) for drop in (False, True))
    assert (len(kept.image_of_text), kept.blank) == (6, 3) and (len(dropped.image_of_text), dropped.blank) == (3, 0)
    theirs = zeroshot_retrieval.evaluate(
        encoder, their_loader(layout, to_tensor, 5), tokenize, device="cpu", amp=False, recall_k_list=[1]
    )
    scores = retrieval_scores(kept, Bootstrap(resamples=200))
    assert scores.metrics == pytest.approx(theirs) and "3 of the captions are blank lines" in scores.findings[0]
    assert kept.found_image[1][::2].tolist() == dropped.found_image[1].tolist()
    members[1:4:2] = [("s0.txt", b" \n"), ("s1.txt", b"green thing\ngreen again\n")]
    write_tar(root / "test" / "0.tar", members)
    some = retrieved(inspect_layout(root, name="set"), model, recall_k=(1,), drop_blank=True)
    assert some.image_of_text.tolist() == [1, 1, 2] and len(some.found_text[1]) == 2  # the first is not asked for
    assert retrieval_scores(some, Bootstrap(resamples=200)).images == 2
    write_tar(root / "test" / "0.tar", [("a.png", picture("red", 1)), ("a.txt", b" \n")])
    with pytest.raises(InputError, match="every caption of the benchmark set is blank"):
        retrieved(inspect_layout(root, name="set"), model, recall_k=(1,), drop_blank=True)


def test_recall_beyond_the_gallery_is_left_out(captions: Path, encoder: SmallEncoder) -> None:
    layout = inspect_layout(captions, name="captions")
    found = retrieved(layout, as_clip(encoder), recall_k=(1, 13))
    assert list(found.found_image) == [1]
    assert list(found.found_text) == [1, 13]
    with pytest.raises(InputError, match="only 12 images"):
        retrieved(layout, as_clip(encoder), recall_k=(13,))


def test_undecodable_image_is_one_sentence(tmp_path: Path, encoder: SmallEncoder) -> None:
    root = write_classification(tmp_path / "set", ["red", "green"], images=4, shards=1)
    write_tar(root / "test" / "0.tar", [("a.png", picture("red", 1)[:60]), ("a.cls", b"0")])
    layout = inspect_layout(root, name="set")
    with pytest.raises(InputError, match="an image of the benchmark set cannot be read"):
        classified(layout, as_clip(encoder))


def test_diverged_model_is_refused(colours: Path, encoder: SmallEncoder) -> None:
    encoder.pixels.data.fill_(float("nan"))
    with pytest.raises(InputError, match="training diverged"):
        classified(inspect_layout(colours, name="colours"), as_clip(encoder))


def test_agrees_on_the_real_cifar10_test_set(shared_data: Path, tmp_path: Path, encoder: SmallEncoder) -> None:
    """On the first 300 real images, in the layout as it was published."""
    source = shared_data / "wds_cifar10"
    root = tmp_path / "cifar10"
    (root / "test").mkdir(parents=True)
    for name in ("classnames.txt", "zeroshot_classification_templates.txt"):
        (root / name).write_bytes((source / name).read_bytes())
    (root / "test" / "nshards.txt").write_text("1")
    members: list[tuple[str, bytes]] = []
    with tarfile.open(source / "test" / "0.tar") as archive:
        for member in archive:
            stream = archive.extractfile(member)
            assert stream is not None
            members.append((member.name, stream.read()))
            if len(members) == 600:
                break
    write_tar(root / "test" / "0.tar", members)
    layout = inspect_layout(root, name="cifar10")
    answers = classified(layout, as_clip(encoder))
    theirs = zeroshot_classification.evaluate(
        encoder,
        their_loader(layout, to_tensor, 64),
        tokenize,
        list(layout.classes),
        list(layout.templates),
        device="cpu",
        amp=False,
    )
    assert classification_scores(answers, layout.classes, Bootstrap(resamples=200)).metrics == theirs


def test_several_classes_an_image_have_clip_benchmarks_average_precision(tmp_path: Path, encoder: SmallEncoder) -> None:
    layout = inspect_layout(write_multilabel(tmp_path / "set"), name="set")
    clip = as_clip(encoder)
    answers = zero_shot(
        layout, encoder, tokenize, Batches(layout, clip.transform, 7), EvaluationConfig(resamples=100), device="cpu"
    )
    theirs = zeroshot_classification.evaluate(
        encoder, their_loader(layout, to_tensor, 7), tokenize, list(layout.classes), list(layout.templates),
        device="cpu", amp=False,
    )  # fmt: skip
    scores = scores_of(answers, layout.classes, Bootstrap(resamples=100))
    assert scores.metrics == pytest.approx(theirs, abs=1e-6) and scores.primary == "mean_average_precision"
    interval = scores.intervals["mean_average_precision"]
    assert interval.low <= theirs["mean_average_precision"] <= interval.high
    assert scores.findings == (
        "1 of 6 classes have no image ('yellow'): they count as an average precision of 0, as in clip-benchmark",
    )
    assert scores.precision["yellow"] == 0 and len(scores.precision) == 6
    table = answer_table(answers)
    assert table["labels"].to_pylist()[2] == [2, 4] and len(table["scores"][0]) == 6
    captions = [row for part in benchmark_pairs(layout) for row in part["caption"].to_pylist()]
    assert captions[2] == "a photo of a blue."
