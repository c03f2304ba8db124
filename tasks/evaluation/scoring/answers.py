"""What a model answered on a benchmark, image by image."""

from dataclasses import dataclass

from tasks.arrays import Bools, Float32s, Int64s


@dataclass(frozen=True)
class Classification:
    """Zero-shot answers, one row an image in the order of the shards.

    Attributes:
        label: [n] the true class.
        ranking: [n, min(5, c)] the best classes, best first.
        acc1: clip-benchmark's own top-1 accuracy of the same logits.
        acc5: its top-5 accuracy, None below five classes.
    """

    label: Int64s
    ranking: Int64s
    acc1: float
    acc5: float | None

    @property
    def prediction(self) -> Int64s:
        """[n] the best class of each image."""
        return self.ranking[:, 0]


@dataclass(frozen=True)
class Tagging:
    """Zero-shot answers on images that show several classes, one row an image in the order of the shards.

    Attributes:
        scores: [n, c] the logits.
        truth: [n, c] whether an image shows a class.
        precision: [c] clip-benchmark's average precision of each class; 0 for a class that no image shows.
    """

    scores: Float32s
    truth: Bools
    precision: Float32s


@dataclass(frozen=True)
class Found:
    """Whether each query found its counterpart among the first k, under one protocol.

    Attributes:
        image_of_text: [t] the image that each caption belongs to.
        found_image: by k, [t] whether a caption's image is among its k nearest images.
        found_text: by k, [n] whether one of an image's captions is among its k nearest captions.
    """

    image_of_text: Int64s
    found_image: dict[int, Bools]
    found_text: dict[int, Bools]


@dataclass(frozen=True)
class Retrieval(Found):
    """The answers to every caption that is asked for, as clip-benchmark asks.

    Attributes:
        blank: captions of white space alone among those asked for.
        one_caption: the answers to the first caption of every image, among the first captions; None where it was not
            asked for.
    """

    blank: int = 0
    one_caption: Found | None = None


Answers = Classification | Tagging | Retrieval
